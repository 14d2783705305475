"""A broker in memory: keeps the same contract as the real ones, without a socket or time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, NamedTuple

from paho.mqtt.client import topic_matches_sub

from casita import CommandFailed, NotReady, Plugin, State
from casita.testing import House
from casita_mqtt import make_plugin
from casita_mqtt._broker import Broker
from casita_mqtt._message import Message
from casita_mqtt._options import Settings
from casita_mqtt._transport import Deliver, NoAnswer, Transport


class Said(NamedTuple):
    """A message that a client has published."""

    topic: str
    payload: str
    qos: int
    retain: bool


class FakeBroker:
    """Keeps what is to be kept, and hands messages to whoever subscribed."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.said: list[Said] = []
        """What clients have published, without what the test itself says."""
        self.raw: list[bytes] = []
        """The payloads of those, as bytes."""
        self.clients: list[_Client] = []
        self.down: Exception | None = None
        """What connecting raises at present."""
        self.answers = True
        """Whether a message with qos 1 or 2 is acknowledged."""
        self.refuses: set[str] = set()
        """Filters that nobody may subscribe to."""

    def plugin(self) -> Plugin:
        """Return the plugin, connected to this broker."""
        broker = self

        class Connected(Broker):
            def open_transport(
                self, settings: Settings, deliver: Deliver
            ) -> AbstractAsyncContextManager[Transport]:
                return broker.open(settings, deliver)

        return make_plugin(Connected)

    @asynccontextmanager
    async def open(self, settings: Settings, deliver: Deliver) -> AsyncIterator[Transport]:
        """Connect a client."""
        if self.down is not None:
            raise self.down
        client = _Client(self, settings, deliver)
        self.clients.append(client)
        try:
            yield client
        finally:
            if client in self.clients:
                self.clients.remove(client)

    def say(self, topic: str, payload: str | bytes, *, retain: bool = False, qos: int = 0) -> None:
        """Publish as a device does."""
        body = payload.encode() if isinstance(payload, str) else payload
        if retain and body:
            self.kept[topic] = body
        elif retain:
            self.kept.pop(topic, None)
        for client in list(self.clients):
            client.hand(topic, body, qos, retain=False)

    def cut(self, reason: str = "connection reset") -> None:
        """Drop all connections without a goodbye; last wills are said."""
        gone, self.clients = self.clients, []
        for client in gone:
            client.gone.set_result(reason)
            will = client.settings.will
            if will is not None:
                self.say(will.topic, will.payload, retain=will.retain)

    @property
    def listening(self) -> set[str]:
        """All filters that are subscribed to."""
        return {filter for client in self.clients for filter in client.filters}

    def payloads(self, topic: str) -> list[str]:
        """What clients have published on a topic."""
        return [one.payload for one in self.said if one.topic == topic]


class _Client:
    """One connection."""

    def __init__(self, broker: FakeBroker, settings: Settings, deliver: Deliver) -> None:
        self.settings = settings
        self.filters: dict[str, tuple[int, int]] = {}
        self.gone: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._broker = broker
        self._deliver = deliver

    async def subscribe(self, filters: Sequence[tuple[str, int]], *, identifier: int) -> list[str]:
        self._check()
        refused = [filter for filter, _ in filters if filter in self._broker.refuses]
        for filter, qos in filters:
            if filter in refused:
                continue
            self.filters[filter] = (qos, identifier)
            for topic, body in list(self._broker.kept.items()):
                if topic_matches_sub(filter, topic):
                    self._hand(topic, body, qos, retain=True, via=[identifier])
        return refused

    async def unsubscribe(self, filters: Sequence[str]) -> None:
        self._check()
        for filter in filters:
            self.filters.pop(filter, None)

    async def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> None:
        self._check()
        text = payload.decode("utf-8", "replace")
        self._broker.raw.append(payload)
        self._broker.said.append(Said(topic, text, qos, retain))
        self._broker.say(topic, payload, retain=retain, qos=qos)
        if qos and not self._broker.answers:
            raise NoAnswer("the broker did not confirm")

    async def lost(self) -> str:
        return await asyncio.shield(self.gone)

    def hand(self, topic: str, body: bytes, qos: int, *, retain: bool) -> None:
        """Deliver a message: with MQTT 5 a copy for each filter, otherwise one."""
        matching = {
            filter: wanted
            for filter, wanted in self.filters.items()
            if topic_matches_sub(filter, topic)
        }
        for wanted_qos, identifier in matching.values():
            self._hand(topic, body, min(qos, wanted_qos), retain=retain, via=[identifier])
            if self.settings.protocol != "5":
                return

    def _hand(self, topic: str, body: bytes, qos: int, *, retain: bool, via: list[int]) -> None:
        known = via if self.settings.protocol == "5" else None
        self._deliver(Message(topic, body, qos=qos, retain=retain, via=known))

    def _check(self) -> None:
        if self.gone.done():
            raise CommandFailed("not sent: the connection is gone")


def not_answering() -> NotReady:
    """Return what connecting raises when there is no broker."""
    return NotReady("mqtt://broker:1883: no connection: refused; is the broker running?")


class MqttHouse(House):
    """A house with a broker, to which devices can be announced."""

    def __init__(self, broker: FakeBroker, /, **options: Any) -> None:
        self.broker = broker
        super().__init__(
            {"plugins": {"mqtt": {"broker": "mqtt://broker", **options}}},
            plugins=[broker.plugin()],
        )

    def begin(self) -> None:
        """Start the hub, if it was not."""
        self.passes(0)

    def announce(
        self, component: str, config: dict[str, Any] | str, *, object_id: str = "one"
    ) -> None:
        """Let a device announce a component, and let it settle."""
        payload = config if isinstance(config, str) else json.dumps(config)
        self.says(f"homeassistant/{component}/{object_id}/config", payload, retain=True)
        self.passes(1)

    def says(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        """Let a device publish a message."""
        self.do(lambda: self.broker.say(topic, payload, retain=retain))

    def shown(self, entity_id: str) -> State:
        """Return the state of an entity that is there."""
        return self.kernel.states.require(entity_id)

    def only(self) -> State:
        """Return the state of the only entity that there is."""
        (state,) = self.kernel.states
        return state

    def changes(self, entity_id: str) -> list[str | None]:
        """Return the states that an entity has had, in order."""
        return [
            event.data["state"]
            for event in self.events
            if event.type == "state.changed" and event.subject == entity_id
        ]

    def outcomes(self) -> list[str]:
        """Return how the commands have ended: type and message."""
        ends = ("command.done", "command.failed", "command.uncertain", "command.refused")
        return [
            f"{event.type} {event.data.get('message', '')}".strip()
            for event in self.events
            if event.type in ends
        ]
