"""Kinds of trigger that a plugin supplies, and those that only Home Assistant has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from casita.events import Cause, Event
from casita_automations.parsing import At
from casita_automations.parts import Parts
from casita_automations.triggers.source import Arming, Cancel

ELSEWHERE: Final = frozenset(
    {
        "calendar", "conversation", "device", "geo_location", "mqtt", "persistent_notification",
        "tag", "webhook",
    }
)  # fmt: skip
"""Kinds that Home Assistant knows and that need a plugin here."""


def compiled(kind: str, config: dict[str, Any], at: At, parts: Parts) -> ForeignTrigger:
    """Compile the trigger from its keys, by the schema of the plugin that supplies the kind."""
    known = parts.kernel.vocabulary.triggers.get(kind)
    if known is not None:
        return ForeignTrigger(parts, kind, at.check(known.schema, config))
    parts.notes.append(
        at.problem(f"no plugin that runs supplies the trigger {kind!r}: it never fires")
    )
    return ForeignTrigger(parts, kind, config)


class ForeignTrigger:
    """A compiled trigger that another plugin's component arms."""

    def __init__(self, parts: Parts, kind: str, config: Mapping[str, Any]) -> None:
        self._parts = parts
        self._kind = kind
        self._config = config

    def arm(self, arming: Arming) -> Cancel:
        """Fire from now on, until the returned function is called."""

        def fire(facts: Mapping[str, Any], cause: Event | Cause | None) -> None:
            told = {"platform": self._kind, "description": self._kind, **facts}
            arming.fire({**arming.base, **told}, cause)

        return self._parts.kernel.vocabulary.arm(self._kind, self._config, fire)
