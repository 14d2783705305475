"""Kinds of trigger that a plugin supplies, and those that only Home Assistant has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from casita.errors import did_you_mean
from casita.events import Cause, Event
from casita_automations.parsing import At
from casita_automations.parts import Parts
from casita_automations.triggers.source import Arming, Cancel

ELSEWHERE: Final = frozenset(
    {"knx.telegram", "mqtt", "sentence", "zwave_js.event", "zwave_js.value_updated"}
)
"""Kinds that Home Assistant's integrations supply, and that need a plugin here."""
INSTEAD: Final[Mapping[str, str]] = {
    "hass": "write 'homeassistant'",
    "intent": "use a 'conversation' trigger",
    "litejet": "use a state trigger on the switch",
    "timer": "use a state trigger on the timer, or its events 'timer.finished'",
}
"""Kinds that Home Assistant has given up, or that only one integration of it has."""


def refused(kind: str, known: Iterable[str]) -> str:
    """Return why there is no trigger of a kind, and what to use instead."""
    if kind in INSTEAD:
        return f"there is no trigger {kind!r}; {INSTEAD[kind]}"
    domain, dot, _name = kind.partition(".")
    if dot:
        return (
            f"there is no trigger {kind!r}: triggers for a purpose are not taken; use a state, "
            f"numeric_state or event trigger on the entity of {domain!r}"
        )
    return f"there is no trigger {kind!r}.{did_you_mean(kind, known)}"


def compiled(
    kind: str, config: dict[str, Any], at: At, parts: Parts, hint: str = "name one in 'plugins:'"
) -> ForeignTrigger:
    """Compile the trigger from its keys, by the schema of the plugin that supplies the kind."""
    known = parts.kernel.vocabulary.triggers.get(kind)
    if known is not None:
        return ForeignTrigger(parts, kind, at.check(known.schema, config))
    parts.notes.append(
        at.problem(f"no plugin that runs supplies the trigger {kind!r}: it never fires; {hint}")
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
