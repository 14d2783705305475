"""Looks through automations and scripts without running them."""

from casita_automations.checking.check import check as check
from casita_automations.checking.check import faults_of as faults_of
