"""Events: things that happen and leave no state, as a button that is pressed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from casita.errors import did_you_mean
from casita_mqtt._configs import EntityConfig, Words
from casita_mqtt._entity import NONE, ConfigT, Context, MqttEntity
from casita_mqtt._message import json_of

_TICK: Final = timedelta(milliseconds=1)


class Happening(MqttEntity[ConfigT]):
    """An entity whose state is when something last happened.

    What the broker had kept has happened before: it is no event.
    """

    def __init__(self, config: ConfigT, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        self._last: datetime | None = None
        self._details: frozenset[str] = frozenset()

    def happened(self, details: Mapping[str, Any]) -> None:
        """Take down that it happened now; the details stand in place of those before."""
        now = self._home.clock.now()
        if self._last is not None and now < self._last + _TICK:
            now = self._last + _TICK  # two in one millisecond are two
        self._last = now
        for gone in self._details - details.keys():
            self.readings.pop(gone, None)
        self._details = frozenset(details)
        self.readings.update(details)
        self.put(now.isoformat(timespec="milliseconds"))


class EventConfig(EntityConfig, frozen=True, kw_only=True):
    """What an event entity says of itself."""

    state_topic: str
    event_types: Words
    value_template: str | None = None


class EventEntity(Happening[EventConfig]):
    """Something that happens, in one of several ways."""

    config_type: ClassVar = EventConfig
    in_domain: ClassVar = "event"
    default_name: ClassVar = "MQTT Event"

    def __init__(self, config: EventConfig, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        self.declare(event_types=config.event_types)
        self.listen(config.state_topic, config.value_template, self._hear_event, kept_too=False)

    def _hear_event(self, text: str) -> None:
        if text in (NONE, "{}"):
            return
        said = json_of(text)
        if not isinstance(said, Mapping) or not isinstance(said.get("event_type"), str):
            raise ValueError(f"{text[:80]!r} is no JSON object with an event_type")
        kind = said["event_type"]
        if kind not in self.config.event_types:
            hint = did_you_mean(kind, self.config.event_types)
            raise ValueError(f"{kind!r} is none of its event_types.{hint}")
        self.happened(said)
