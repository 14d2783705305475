"""What an automation does: each kind of action in its own module."""

from casita_automations.actions.compile import compile_program as compile_program
