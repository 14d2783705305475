"""Persons, where their trackers see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import voluptuous as vol

from casita.events import Event, State
from casita.helpers._base import Helper, item_schema
from casita.helpers.zone import HOME
from casita.ids import slugify
from casita.states import UNKNOWN, has_value
from casita_config.entity_options import entities
from casita_config.schemas import ensure_list, string

_PLACE: Final = ("latitude", "longitude", "gps_accuracy")


class Person(Helper):
    """Somebody, at home or in a zone or away, as the most telling of their trackers says.

    That is one which sees them at home by other means than satellites, or else the newest
    position by satellites, or else the newest of the others.
    """

    section = "person"
    schema = item_schema(
        {
            vol.Required("name"): string,
            vol.Optional("id"): string,
            vol.Optional("user_id"): string,
            vol.Optional("picture"): string,
            vol.Optional("device_trackers", default=list): vol.All(
                ensure_list, entities("device_tracker")
            ),
        }
    )

    def __init__(self, object_id: str, config: Mapping[str, Any]) -> None:
        self._trackers: list[str] = config["device_trackers"]
        shown = {
            "id": config.get("id") or object_id,
            "user_id": config.get("user_id"),
            "entity_picture": config.get("picture"),
        }
        super().__init__(
            object_id,
            config,
            capabilities={
                **{key: value for key, value in shown.items() if value is not None},
                "device_trackers": self._trackers,
            },
        )

    def begin(self) -> None:
        """Follow the trackers; until one says something, what was last known holds."""
        for tracker in self._trackers:
            self.home.on(self._seen, type="state.changed", subject=tracker)
        if any(has_value(self.home.state(tracker)) for tracker in self._trackers):
            self._show(None)
        else:
            self.observe()

    def _seen(self, event: Event) -> None:
        self._show(event)

    def _show(self, cause: Event | None) -> None:
        best = self._best()
        shown = best.attributes if best else {}
        self.observe(
            best.state if best else UNKNOWN,
            cause=cause,
            source=best.entity_id if best else None,
            **{key: shown.get(key) for key in _PLACE},
        )

    def _best(self) -> State | None:
        seen = [self.home.state(tracker) for tracker in self._trackers]
        known = [state for state in seen if state is not None and has_value(state)]
        by_gps = [state for state in known if state.attributes.get("source_type") == "gps"]
        at_home = [state for state in known if state not in by_gps and state.state == HOME]
        candidates = at_home or by_gps or known
        return max(candidates, key=lambda state: state.last_updated, default=None)


def object_id_of(config: Mapping[str, Any]) -> str:
    """Return the object id of a person: by the name, which is what entity ids are made of."""
    return slugify(str(config["name"]))
