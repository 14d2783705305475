"""Runs all helpers: reads them from the configuration, and keeps what has lost its place there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec
import voluptuous as vol

from casita.events import Event
from casita.helpers import person, scene, zone
from casita.helpers._base import Helper
from casita.helpers.counter import Counter
from casita.helpers.group import Group, Groups
from casita.helpers.input_boolean import InputBoolean
from casita.helpers.input_button import InputButton
from casita.helpers.input_datetime import InputDatetime
from casita.helpers.input_number import InputNumber
from casita.helpers.input_select import InputSelect
from casita.helpers.input_text import InputText
from casita.helpers.notifications import Notifications
from casita.helpers.schedule import Schedule
from casita.helpers.sun import Sun
from casita.helpers.timer import Timer
from casita.helpers.trackers import Trackers
from casita.model import Target
from casita.plugin import Component
from casita.services import Command, Service
from casita.timers import Timer as PendingTimer
from casita_config import ConfigError, Problem, place_of, validate_entries, validate_items
from casita_config.schemas import slug

BY_NAME: Final[tuple[type[Helper], ...]] = (
    InputBoolean, InputNumber, InputSelect, InputText, InputDatetime, InputButton, Counter,
    Timer, Schedule, Group,
)  # fmt: skip
"""Kinds of helper whose section gives each a name: ``input_boolean: {guests: ...}``."""
LISTED: Final[tuple[tuple[type[Helper], Callable[[Mapping[str, Any]], str]], ...]] = (
    (zone.Zone, zone.object_id_of),
    (person.Person, person.object_id_of),
    (scene.Scene, scene.object_id_of),
)
"""Kinds of helper whose section is a list, and how each gets its name."""
KINDS: Final = (*BY_NAME, *(kind for kind, _ in LISTED))

_PROBLEM: Final = "config.problem"
_REFRESH: Final = "entity.refresh"
_ASIDE: Final = "aside."


class Helpers(Component):
    """The helpers of the house.

    What is wrong with one is told as a problem of the configuration, and keeps none of the
    others from running. The value of one that is no longer there is put aside until it is back.
    """

    notifications: Notifications

    async def start(self) -> None:
        """Give every helper its place, then let each go on from what was last known."""
        self._helpers: dict[str, Helper] = {}
        self._services: list[str] = []
        self._sun: Sun | None = None
        self._kept = {k: v for k, v in self.home.recall().items() if v is not None}
        self.notifications = Notifications(self.home)
        trackers = Trackers(self.home)
        groups = Groups(self.home, self._add, self._remove, self._helpers.get)
        scenes = scene.Scenes(self.home, self._add, self._remove)
        self._register(self._update_entity())
        for part in (self.notifications, trackers, groups, scenes):
            part.restore(self._kept)
            self._register(*part.services())
        for helper in self._configured():
            self._add(helper)
        self._follow_sun()
        self._put_aside()
        self.home.kernel.timers.claim(self.home.instance, self._rang)

    async def stop(self) -> None:
        """Let go of timers, alarms and services."""
        self.home.kernel.timers.release(self.home.instance)
        if self._sun is not None:
            self._sun.end()
        for helper in self._helpers.values():
            helper.end()
        for service in self._services:
            self.home.kernel.commands.unregister(service)

    # Reading the configuration

    def _configured(self) -> Iterator[Helper]:
        home_zone = zone.Zone.of_home(self.home)
        listed = list(self._listed())
        if home_zone and all(one.unique_id != home_zone.unique_id for one in listed):
            yield home_zone
        yield from listed
        for kind in BY_NAME:
            yield from self._named(kind)

    def _named(self, kind: type[Helper]) -> Iterator[Helper]:
        config, section = self.home.kernel.config, kind.section
        try:
            nodes = config.mapping(section)
        except ConfigError as err:
            self._tell(err.problems)
            return
        good, problems = validate_entries(kind.schema, nodes, section=section)
        self._tell(problems)
        for name, item in good.items():
            try:
                yield kind(slug(name), item)
            except vol.Invalid as err:
                self._tell([_misnamed(nodes, section, name, err)])

    def _listed(self) -> Iterator[Helper]:
        for kind, object_id_of in LISTED:
            nodes = self.home.kernel.config.items(kind.section)
            good, problems = validate_items(kind.schema, nodes, section=kind.section)
            self._tell(problems)
            for _, item in good:
                yield kind(object_id_of(item), item)

    def _tell(self, problems: Iterable[Problem]) -> None:
        for one in problems:
            data = {"file": one.file, "line": one.line, "key": one.key, "message": one.message}
            self.home.emit(_PROBLEM, one.file or "config", data)

    # Coming and going

    def _add(self, helper: Helper) -> None:
        if helper.unique_id in self._helpers:
            message = f"there are two of this name in {helper.section}; the second is left out"
            self._tell([Problem(message=message, key=helper.unique_id)])
            return
        self._take_up(helper)
        helper.home = self.home
        helper.first()
        self.home.add(helper)
        if not helper.entity_id:  # a person disabled it
            helper.end()
            return
        self._helpers[helper.unique_id] = helper
        helper.begin()

    def _remove(self, helper: Helper) -> None:
        helper.end()
        del self._helpers[helper.unique_id]
        self.home.remove(helper)

    def _take_up(self, helper: Helper) -> None:
        """Give a helper that is back the value that was put aside for it."""
        key = f"{_ASIDE}{helper.unique_id}"
        aside = self._kept.pop(key, None)
        if aside is not None:
            helper.state = aside["state"]
            helper.readings = {
                name: value
                for name, value in aside["attributes"].items()
                if name != "friendly_name" and name not in helper.capabilities
            }
            self.home.remember(key, None)

    def _put_aside(self) -> None:
        """Keep the values of helpers that the configuration does not have any more."""
        kernel = self.home.kernel
        present = {entity.entity_id for entity in self.home.entities()}
        for entry in kernel.registry.entities:
            state = kernel.states.get(entry.entity_id)
            if entry.source != self.home.instance or entry.entity_id in present or not state:
                continue
            aside = {"state": state.state, "attributes": dict(state.attributes)}
            self.home.remember(f"{_ASIDE}{entry.unique_id}", aside)
            kernel.timers.cancel(self.home.instance, entry.unique_id)
            kernel.states.remove(entry.entity_id, source=self.home.instance)

    # The rest

    def _follow_sun(self) -> None:
        settings = self.home.kernel.config.home
        if settings.latitude is not None and settings.longitude is not None:
            self._sun = Sun(settings, self.home.clock)
            self.home.add(self._sun)
            self._sun.follow()

    def _rang(self, timer: PendingTimer, event: Event) -> None:
        helper = self._helpers.get(timer.name)
        if isinstance(helper, Timer):
            helper.rang(timer, event)

    def _register(self, *services: Service) -> None:
        for service in services:
            self.home.kernel.commands.register(service)
            self._services.append(service.id)

    def _update_entity(self) -> Service:
        return Service(
            domain="homeassistant",
            name="update_entity",
            schema=vol.Schema({}, extra=vol.ALLOW_EXTRA),
            handler=self._refresh,
            description="Ask the plugin of an entity to look at its device now.",
        )

    def _refresh(self, command: Command) -> None:
        """Say that somebody wants to know; plugins that ask their devices listen for it."""
        kernel = self.home.kernel
        target = msgspec.convert(dict(command.data), Target)
        for entity_id in kernel.registry.resolve(target):
            kernel.states.require(entity_id)
            self.home.emit(_REFRESH, entity_id, cause=command.event)


def _misnamed(nodes: Mapping[Any, Any], section: str, name: Any, err: vol.Invalid) -> Problem:
    place = place_of(nodes, (name,))
    return Problem(
        message=str(err),
        file=place.file if place else None,
        line=place.line if place else None,
        key=f"{section}.{name}",
    )
