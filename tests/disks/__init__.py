"""Disks that fail: SQLite file systems that lose power, fill up, refuse and damage."""
