"""Turns announcements into entities, and keeps them in step with what devices announce."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from casita import Event, Home
from casita_mqtt import platforms
from casita_mqtt._announce import Announced, Announcement, Verb, parse, place_of
from casita_mqtt._configs import BadAnnouncement, EntityConfig, read
from casita_mqtt._entity import Context, MqttEntity
from casita_mqtt._message import Message
from casita_mqtt._reach import Reach

_ENTITY_LIMIT: Final = 5_000
"""More components than this at one broker is a flood, not a house."""
_COMPLAINT_LIMIT: Final = 1_000


class _Placed:
    """A component that has its place in the house."""

    __slots__ = ("announced", "entity", "topic")

    def __init__(self, topic: str, announced: Announced, entity: MqttEntity[Any] | None) -> None:
        self.topic = topic
        self.announced = announced
        self.entity = entity
        """None: it says of itself that it is not wanted unless a person asks for it."""


class Discovery:
    """The components that devices have announced."""

    def __init__(self, context: Context, prefix: str, *, on_added: Callable[[], None]) -> None:
        """``on_added`` is called when a message has brought new entities."""
        self._context = context
        self._home: Home = context.home
        self._logger: logging.Logger = context.home.logger
        self._prefix = prefix
        self._on_added = on_added
        self._placed: dict[str, _Placed] = {}
        self._keys: dict[str, str] = {}
        self._migrating: dict[str, _Placed] = {}
        self._complaints: dict[str, str] = {}
        self._full = False
        self._reach = Reach(context.home)
        self._remembered: dict[str, Any] = self._home.recall()

    @property
    def filters(self) -> tuple[str, str]:
        """What to listen to."""
        return f"{self._prefix}/+/+/config", f"{self._prefix}/+/+/+/config"

    def entities(self) -> Iterator[MqttEntity[Any]]:
        """Return the entities that there are."""
        return (one.entity for one in self._placed.values() if one.entity is not None)

    def hear(self, message: Message) -> None:
        """Take in a discovery message. What is wrong with it is told, and nothing is raised."""
        topic = message.topic
        place = place_of(topic, self._prefix)
        if place is None:
            return
        try:
            announcement = parse(place, message.payload, platforms.NAMES)
        except BadAnnouncement as err:
            self._complain(topic, str(err))
            return
        if announcement.verb is Verb.ANNOUNCE:
            self._announced(topic, announcement)
        elif announcement.verb is Verb.MIGRATE:
            self._migrate(topic)
        else:
            self._take_back(topic)

    def restore(self, event: Event) -> None:
        """Bring an entity back that a person has enabled again."""
        data = event.data
        placed = self._placed.get(self._keys.get(data.get("unique_id", ""), ""))
        if (
            placed is not None
            and data.get("source") == self._home.instance
            and not data.get("disabled")
            and self._home.state(event.subject) is None
        ):
            self._replace(placed, placed.announced)

    def reconcile(self) -> None:
        """Take what was announced before a restart, and is not any more, for out of reach.

        To be called once the broker has said all that it keeps.
        """
        for key, document in list(self._remembered.items()):
            if document is None or key in self._placed:
                continue
            try:
                announced = Announced(key, document["component"], document["config"])
                entity = self._made(announced)
            except BadAnnouncement:
                continue  # it was valid for an older version of this plugin
            if entity is not None:
                gone = Announced(key, announced.component, {"forsaken": True})
                self._put(_Placed(document["topic"], gone, entity))
                entity.forsake()

    def close(self) -> None:
        """Let all entities stop listening."""
        for entity in self.entities():
            entity.close()

    # What a message does

    def _announced(self, topic: str, announcement: Announcement) -> None:
        problems = list(announcement.problems)
        before = len(self._placed)
        for announced in announcement.components:
            try:
                self._place(topic, announced)
            except BadAnnouncement as err:
                several = len(announcement.components) > 1
                problems.append(f"{announced.key}: {err}" if several else str(err))
        if problems:
            self._complain(topic, "; ".join(problems))
        else:
            self._complaints.pop(topic, None)
        if len(self._placed) != before:
            self._on_added()

    def _place(self, topic: str, announced: Announced) -> None:
        known = self._placed.get(announced.key)
        if not announced.config:
            self._remove(announced.key)
        elif known is None:
            self._add(topic, announced)
        elif known.announced != announced:
            self._replace(known, announced)

    def _add(self, topic: str, announced: Announced) -> None:
        if len(self._placed) >= _ENTITY_LIMIT:
            if not self._full:
                self._full = True
                self._logger.warning("more than %d components: no more taken", _ENTITY_LIMIT)
            return
        entity = self._made(announced)
        placed = _Placed(topic, announced, entity)
        self._put(placed)
        self._remember(placed)

    def _replace(self, placed: _Placed, announced: Announced) -> None:
        """Put a component in the place of what it announced before."""
        entity = self._made(announced)
        before = placed.entity
        if before is not None:
            self._let_go(before)
            if entity is None or entity.unique_id != before.unique_id:
                self._home.remove(before)
        placed = _Placed(placed.topic, announced, entity)
        self._put(placed)
        self._remember(placed)

    def _put(self, placed: _Placed) -> None:
        self._placed[placed.announced.key] = placed
        entity = placed.entity
        if entity is not None:
            self._keys[entity.unique_id] = placed.announced.key
            self._migrating.pop(entity.unique_id, None)
            self._home.add(entity, entity.device)
            self._reach.add(entity)
            entity.open()

    def _remember(self, placed: _Placed) -> None:
        """Keep what a device announced, so that it is missed if it does not after a restart."""
        announced = placed.announced
        document = {
            "topic": placed.topic,
            "component": announced.component,
            "config": announced.config,
        }
        self._note(announced.key, None if placed.entity is None else document)

    def _note(self, key: str, document: Mapping[str, Any] | None) -> None:
        if self._remembered.get(key) != document:
            self._remembered[key] = document
            self._home.remember(key, document)

    def _made(self, announced: Announced) -> MqttEntity[Any] | None:
        """Return the entity of a component. Raises `BadAnnouncement`."""
        type_ = platforms.entity_type(announced.component, announced.config)
        config: EntityConfig = read(type_.config_type, announced.config)
        if not config.enabled_by_default:
            return None
        entity: MqttEntity[Any] = type_(config, self._context, announced.key)
        owner = self._keys.get(entity.unique_id)
        if owner is not None and owner != announced.key:
            raise BadAnnouncement(
                f"unique_id {config.unique_id!r} belongs to {self._placed[owner].topic} already"
            )
        return entity

    def _let_go(self, entity: MqttEntity[Any]) -> None:
        self._keys.pop(entity.unique_id, None)
        self._reach.remove(entity)
        entity.close()

    def _remove(self, key: str) -> None:
        placed = self._placed.pop(key, None)
        self._note(key, None)
        if placed is not None and placed.entity is not None:
            self._let_go(placed.entity)
            self._home.remove(placed.entity)

    def _take_back(self, topic: str) -> None:
        self._complaints.pop(topic, None)
        for placed in [one for one in self._placed.values() if one.topic == topic]:
            self._remove(placed.announced.key)
        for unique_id, placed in list(self._migrating.items()):
            if placed.topic == topic and placed.entity is not None:
                del self._migrating[unique_id]
                self._home.remove(placed.entity)

    def _migrate(self, topic: str) -> None:
        """Let go of a topic's components, and keep their entities for who announces them next."""
        for placed in [one for one in self._placed.values() if one.topic == topic]:
            del self._placed[placed.announced.key]
            self._note(placed.announced.key, None)
            if placed.entity is not None:
                self._let_go(placed.entity)
                self._migrating[placed.entity.unique_id] = placed

    def _complain(self, topic: str, what: str) -> None:
        """Tell what is wrong with a message, once as long as it is the same."""
        if self._complaints.get(topic) == what:
            return
        if len(self._complaints) >= _COMPLAINT_LIMIT:
            del self._complaints[next(iter(self._complaints))]
        self._complaints[topic] = what
        self._logger.warning("%s: not taken: %s", topic, what)
        self._home.emit("mqtt.refused", topic, {"message": what})
