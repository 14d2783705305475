"""Looks through automations and scripts without running them."""

from casita_automations.checking.check import check as check
