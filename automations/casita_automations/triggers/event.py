"""``event``: an event of a type, with certain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import voluptuous as vol

from casita.events import Event
from casita_automations.happening import OUR_NAMES, Happening, data_of, is_named
from casita_automations.parsing import At, listed, template_value, text_or_template
from casita_automations.parts import Parts
from casita_automations.templates import Value
from casita_automations.triggers.source import Arming, Cancel, all_of

_MISSING: Final = object()


def _mapping(value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise vol.Invalid(f"expected a mapping (lines of 'key: value'), got {value!r}")
    return value


_SCHEMA: Final = vol.Schema(
    {
        vol.Required("event_type"): vol.All(listed, [text_or_template], vol.Length(min=1)),
        vol.Optional("event_data"): _mapping,
        vol.Optional("context"): _mapping,
    }
)


def compiled(config: dict[str, Any], at: At, parts: Parts) -> EventTrigger:
    """Compile the trigger from its keys."""
    checked = at.check(_SCHEMA, config)
    values = {
        key: template_value(parts.templates, checked.get(key), at.below(key))
        for key in ("event_type", "event_data", "context")
    }
    return EventTrigger(parts, values["event_type"], values["event_data"], values["context"])


class EventTrigger:
    """A compiled ``event`` trigger."""

    def __init__(self, parts: Parts, types: Value, data: Value, context: Value) -> None:
        self._parts = parts
        self._types = types
        self._data = data
        self._context = context

    def arm(self, arming: Arming) -> Cancel:
        """Fire from now on, until the returned function is called."""
        wanted = self._render(self._data, arming) or {}
        context = self._render(self._context, arming) or {}
        return all_of(
            [
                self._arm_type(str(one), wanted, context, arming)
                for one in self._render(self._types, arming)
            ]
        )

    def _render(self, value: Value, arming: Arming) -> Any:
        return self._parts.templates.render_limited(value, arming.variables)

    def _arm_type(
        self, name: str, wanted: Mapping[str, Any], context: Mapping[str, Any], arming: Arming
    ) -> Cancel:
        nested = any(isinstance(value, Mapping) for value in wanted.values())
        fits = _nested_in if nested else _items_in

        def happened(event: Event) -> None:
            if name in OUR_NAMES and not is_named(event, name):
                return
            if wanted and not fits(data_of(event), wanted):
                return
            if context and not _in_context(event, context):
                return
            shown = name if name != "*" else event.type
            arming.fires(
                event, platform="event", event=Happening(event, shown),
                description=f"event '{shown}'",
            )  # fmt: skip

        return self._parts.listening.on(OUR_NAMES.get(name, name), happened)


def _items_in(data: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Say whether an event's data has all items that are wanted."""
    return all(data.get(key, _MISSING) == value for key, value in wanted.items())


def _nested_in(data: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Say the same where mappings are wanted: of these, what the data lacks does not count."""
    return all(key in data and _fits(data[key], value) for key, value in wanted.items())


def _fits(data: Any, wanted: Any) -> bool:
    """Compare as Home Assistant's schemas do: each item of a list has to be one of the wanted."""
    if isinstance(wanted, Mapping):
        return isinstance(data, Mapping) and all(
            key not in data or _fits(data[key], value) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(data, list) and all(any(_fits(one, it) for it in wanted) for one in data)
    return bool(data == wanted)


def _in_context(event: Event, wanted: Mapping[str, Any]) -> bool:
    """Say whether an event was caused by whom, or by what, is wanted; a list names several."""
    context = Happening(event).context
    return all(
        getattr(context, key, _MISSING) in (value if isinstance(value, list) else [value])
        for key, value in wanted.items()
    )
