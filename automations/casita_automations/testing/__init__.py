"""Tests of automations, written beside them: the real engine, a virtual clock, no devices."""

from casita_automations.testing._finding import has_tests

__all__ = ["has_tests"]
