"""``conversation``: somebody has said a sentence."""

from __future__ import annotations

from typing import Any, Final

import voluptuous as vol

from casita.events import Event
from casita_automations.parsing import At, listed
from casita_automations.parts import Parts
from casita_automations.sentences import Heard, Pattern
from casita_automations.triggers.source import Arming, Cancel, all_of


def _sentence(value: Any) -> Pattern:
    if not isinstance(value, str) or not value.strip():
        raise vol.Invalid("expected a sentence, as 'turn (on|off) [the] {thing}'")
    try:
        return Pattern(value)
    except ValueError as err:
        raise vol.Invalid(str(err)) from err


_SCHEMA: Final = vol.Schema(
    {vol.Required("command"): vol.All(listed, [_sentence], vol.Length(min=1))}
)


def compiled(config: dict[str, Any], at: At, parts: Parts) -> ConversationTrigger:
    """Compile the trigger from its keys."""
    return ConversationTrigger(parts, at.check(_SCHEMA, config)["command"])


class ConversationTrigger:
    """A compiled ``conversation`` trigger."""

    def __init__(self, parts: Parts, sentences: list[Pattern]) -> None:
        self._parts = parts
        self._sentences = sentences

    def arm(self, arming: Arming) -> Cancel:
        """Fire from now on, until the returned function is called."""
        conversation = self._parts.conversation

        def heard(said: str, slots: Heard, cause: Event) -> None:
            details = {
                name: {"name": name, "text": text, "value": text} for name, text in slots.items()
            }
            arming.fires(
                cause, platform="conversation", sentence=said, slots=dict(slots),
                details=details, device_id=None, description=f"sentence '{said}'",
            )  # fmt: skip

        return all_of([conversation.listen(one, heard) for one in self._sentences])
