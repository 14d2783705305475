"""Whether an automation may go on: each kind of condition in its own module."""

from casita_automations.conditions.compile import compile_condition as compile_condition
from casita_automations.conditions.compile import compile_conditions as compile_conditions
from casita_automations.conditions.compile import is_condition as is_condition
from casita_automations.conditions.condition import Condition as Condition
