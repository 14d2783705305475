"""What starts an automation: each kind of trigger in its own module."""

from casita_automations.triggers.compile import CompiledTrigger as CompiledTrigger
from casita_automations.triggers.compile import compile_triggers as compile_triggers
from casita_automations.triggers.source import Arming as Arming
