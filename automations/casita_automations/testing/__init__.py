"""Tests of automations, written beside them: the real engine, a virtual clock, no devices."""
