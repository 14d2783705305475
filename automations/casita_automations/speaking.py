"""The service to which people's sentences come, and from which the answers go."""

from __future__ import annotations

from typing import Any, Final

import voluptuous as vol

from casita.services import Command, Kind, Outcome, Service, Status
from casita_automations.parts import Parts
from casita_config.schemas import string

PROCESS: Final = "conversation.process"
_DONE: Final = "Done"
_UNKNOWN: Final = "Sorry, I did not understand that"


def service(parts: Parts) -> Service:
    """Return ``conversation.process``: hand a sentence to the automations that listen for it."""

    def process(command: Command) -> Outcome:
        heard, answer = parts.conversation.say(command.data["text"], command.event)
        return Outcome(status=Status.DONE, response=_response(heard, answer))

    return Service(
        domain="conversation", name="process",
        schema=vol.Schema(
            {
                vol.Required("text"): string,
                vol.Optional("language"): string,
                vol.Optional("agent_id"): string,
                vol.Optional("conversation_id"): string,
            }
        ),
        kind=Kind.PULSE, handler=process,
        description="Say a sentence to the house; automations listen for it.",
    )  # fmt: skip


def _response(heard: bool, answer: str | None) -> dict[str, Any]:
    """Return the answer in the form that Home Assistant gives it."""
    text = answer or (_DONE if heard else _UNKNOWN)
    return {
        "response": {
            "speech": {"plain": {"speech": text, "extra_data": None}},
            "response_type": "action_done" if heard else "error",
        },
        "conversation_id": None,
    }
