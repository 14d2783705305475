"""The plugin's running part: one broker, what its devices announce, a trigger and a service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from casita import Command, Component, Kind, Outcome, SetupFailed, Status
from casita.vocabulary import Cancel, Fire
from casita_mqtt._connection import Connection
from casita_mqtt._discovery import Discovery
from casita_mqtt._entity import Context
from casita_mqtt._options import PUBLISH, Settings
from casita_mqtt._templates import Sandbox
from casita_mqtt._transport import Deliver, NoAnswer, Transport, open_transport
from casita_mqtt._trigger import MqttTrigger


class Broker(Component):
    """One broker, or none. Without an answer it is not ready, and the host tries again."""

    triggers: ClassVar = ("mqtt",)

    async def start(self) -> None:
        if "broker" not in self.options:
            return  # it is there for the bridge alone
        settings = Settings.from_options(self.options)
        self._sandbox = Sandbox(self._words())
        self._connection = Connection(
            settings,
            self.open_transport,
            clock=self.home.clock,
            logger=self.home.logger,
            start=self.home.start,
            on_lost=self.home.lost,
            on_back=self.home.back,
        )
        self._discovery: Discovery | None = None
        self._deciding = False
        self._reconciled = False
        if settings.discovery:
            self._discover(settings.discovery_prefix)
        await self._connection.start()
        self.home.offer(
            "publish",
            self._publish,
            schema=PUBLISH,
            kind=Kind.PULSE,
            description="Publish a message.",
        )
        self._added()

    async def stop(self) -> None:
        """Say the last will, and let go of what the devices have announced."""
        if "broker" not in self.options:
            return
        await self._connection.stop()
        if self._discovery is not None:
            self._discovery.close()

    def open_transport(
        self, settings: Settings, deliver: Deliver
    ) -> AbstractAsyncContextManager[Transport]:
        """Connect; see `OpenTransport`."""
        return open_transport(settings, deliver)

    def arm(self, kind: str, config: Mapping[str, Any], fire: Fire) -> Cancel:
        if "broker" not in self.options:
            raise SetupFailed("the trigger needs a broker: name it under 'plugins: mqtt: broker:'")
        return MqttTrigger(
            config, fire, home=self.home, connection=self._connection, sandbox=self._sandbox
        ).cancel

    def _discover(self, prefix: str) -> None:
        context = Context(home=self.home, connection=self._connection, sandbox=self._sandbox)
        self._discovery = Discovery(context, prefix, on_added=self._added)
        for filter in self._discovery.filters:
            self._connection.subscribe(filter, self._discovery.hear, owner="discovery")
        self.home.on(self._discovery.restore, type="entity.updated")

    def _added(self) -> None:
        if not self._deciding:
            self._deciding = True
            self.home.start(self._decide(), "availability")

    async def _decide(self) -> None:
        """Once the broker is quiet, take the silence of devices for an answer."""
        self._deciding = True
        await self._connection.quiet()
        self._deciding = False
        if self._discovery is None:
            return
        for entity in self._discovery.entities():
            entity.decide()
        if not self._reconciled:
            self._reconciled = True
            self._discovery.reconcile()

    async def _publish(self, command: Command) -> Outcome | None:
        data = command.data
        try:
            await self._connection.publish(
                data["topic"],
                _payload(data["payload"]),
                qos=data["qos"],
                retain=data["retain"],
                cause=command.event,
            )
        except NoAnswer as err:
            return Outcome(status=Status.UNCERTAIN, message=str(err))
        return None

    def _words(self) -> Mapping[str, Callable[..., Any]]:
        """Return the functions by which templates look at the house."""

        def states(entity_id: str) -> str:
            state = self.home.state(entity_id)
            return state.state if state is not None else "unknown"

        def state_attr(entity_id: str, name: str) -> Any:
            state = self.home.state(entity_id)
            return state.attributes.get(name) if state is not None else None

        def is_state(entity_id: str, wanted: str) -> bool:
            return states(entity_id) == wanted

        def now() -> datetime:
            return self.home.clock.now().astimezone()

        return {
            "states": states,
            "state_attr": state_attr,
            "is_state": is_state,
            "now": now,
            "utcnow": self.home.clock.now,
        }


def _payload(value: Any) -> bytes:
    if value is None:
        return b""
    return value.encode() if isinstance(value, str) else msgspec.json.encode(value)
