"""Runs recorded behaviour through the real hub, on a virtual clock, and compares.

``python -m casita_automations.conformance vectors DIR``, ``replay DIR LOGS``, ``corpus DIR``.
"""
