"""One connection to a broker, for as long as it holds; all that this plugin knows of aiomqtt."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

from casita import AuthFailed, CommandFailed, NotReady, SetupFailed
from casita_mqtt._message import Message
from casita_mqtt._options import Settings

if TYPE_CHECKING:
    import aiomqtt

_ANSWER_WITHIN_S: Final = 5.0
_LEAVE_WITHIN_S: Final = 0.5
_REFUSED: Final = frozenset((4, 5, 134, 135, 138))
"""Reason codes of MQTT 3.1.1 and 5 that say: not with this name, password or certificate."""

Deliver = Callable[[Message], None]


class NoAnswer(Exception):
    """The broker did not confirm in time: the message may or may not have arrived."""


class Transport(Protocol):
    """What a connection can do while it holds."""

    async def subscribe(self, filters: Sequence[tuple[str, int]], *, identifier: int) -> list[str]:
        """Subscribe to filters, each with its quality of service; return those refused.

        ``identifier`` comes back as ``via`` of the messages, if the protocol can do that.
        Raises `NoAnswer` or `CommandFailed`.
        """
        ...

    async def unsubscribe(self, filters: Sequence[str]) -> None:
        """Take filters back. Raises `NoAnswer` or `CommandFailed`."""
        ...

    async def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> None:
        """Publish; return once it is written (qos 0) or acknowledged.

        Raises `CommandFailed` if it was not sent, `NoAnswer` if nobody acknowledged it.
        """
        ...

    async def lost(self) -> str:
        """Return, once the connection is gone, why."""
        ...


OpenTransport = Callable[[Settings, Deliver], AbstractAsyncContextManager[Transport]]
"""Connects, and hands each message to a function that does not raise, in order.

Entering raises `NotReady` if the broker does not answer, `AuthFailed` if it refuses us,
`SetupFailed` if a file of the options cannot be read.
"""


@asynccontextmanager
async def open_transport(settings: Settings, deliver: Deliver) -> AsyncIterator[Transport]:
    """Connect with aiomqtt; see `OpenTransport`."""
    import aiomqtt

    client = _client(settings, deliver)
    try:
        await _enter(client)
    except aiomqtt.MqttError as err:
        await _leave(client)
        raise _refusal(settings, err) from err
    except (OSError, ValueError) as err:
        raise SetupFailed(f"{settings.address}: {err}; check certificate and client_cert") from err
    try:
        yield _Aiomqtt(client, identifiers=settings.protocol == "5")
    finally:
        await _leave(client)


class _Aiomqtt:
    """A transport over aiomqtt's client."""

    def __init__(self, client: aiomqtt.Client, *, identifiers: bool) -> None:
        self._client = client
        self._identifiers = identifiers

    async def subscribe(self, filters: Sequence[tuple[str, int]], *, identifier: int) -> list[str]:
        import aiomqtt

        try:
            if self._identifiers:
                codes = await self._client.subscribe(
                    _with_options(filters), properties=_identified(identifier)
                )
            else:
                codes = await self._client.subscribe(list(filters))
        except aiomqtt.MqttCodeError as err:
            raise CommandFailed(f"not subscribed: {err}") from err
        except aiomqtt.MqttError as err:
            raise NoAnswer("the broker does not confirm the subscription") from err
        return [f for (f, _), code in zip(filters, codes, strict=False) if _is_failure(code)]

    async def unsubscribe(self, filters: Sequence[str]) -> None:
        import aiomqtt

        try:
            await self._client.unsubscribe(list(filters))
        except aiomqtt.MqttCodeError as err:
            raise CommandFailed(f"not unsubscribed: {err}") from err
        except aiomqtt.MqttError as err:
            raise NoAnswer("the broker does not confirm") from err

    async def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> None:
        import aiomqtt

        try:
            await self._client.publish(topic, payload, qos=qos, retain=retain)
        except aiomqtt.MqttCodeError as err:
            raise CommandFailed(f"not sent: {err}") from err
        except aiomqtt.MqttError as err:
            raise NoAnswer(f"the broker did not confirm within {_ANSWER_WITHIN_S:g} s") from err
        except ValueError as err:
            raise CommandFailed(f"not sent: {err}") from err

    async def lost(self) -> str:
        import aiomqtt

        try:
            # Nothing ever comes out: the inbox delivers by itself. It raises when it is over.
            async for _ in self._client.messages:
                continue
        except aiomqtt.MqttError as err:
            return str(err.__cause__ or err)
        return "the broker closed the connection"


def _client(settings: Settings, deliver: Deliver) -> aiomqtt.Client:
    import aiomqtt

    will = settings.will
    quiet = logging.getLogger("casita.plugin.mqtt.client")
    quiet.setLevel(logging.ERROR)
    return aiomqtt.Client(
        settings.host,
        settings.port,
        username=settings.username,
        password=settings.password,
        identifier=settings.client_id,
        protocol=aiomqtt.ProtocolVersion.V5
        if settings.protocol == "5"
        else aiomqtt.ProtocolVersion.V311,
        will=aiomqtt.Will(will.topic, will.payload, will.qos, will.retain) if will else None,
        keepalive=settings.keepalive_s,
        timeout=_ANSWER_WITHIN_S,
        tls_params=aiomqtt.TLSParameters(
            ca_certs=settings.certificate,
            certfile=settings.client_cert,
            keyfile=settings.client_key,
        )
        if settings.tls
        else None,
        queue_type=_inbox(deliver),
        logger=quiet,
    )


def _inbox(deliver: Deliver) -> type[asyncio.Queue[aiomqtt.Message]]:
    """Return a queue that holds nothing: it hands each message on as it is read.

    The next packet is read in the next turn of the loop, so a flood waits in the socket, at
    the broker, and not in our memory.
    """

    class Inbox(asyncio.Queue["aiomqtt.Message"]):
        def put_nowait(self, item: aiomqtt.Message) -> None:
            deliver(
                Message(
                    str(item.topic),
                    item.payload,
                    qos=item.qos,
                    retain=item.retain,
                    via=getattr(item.properties, "SubscriptionIdentifier", None),
                )
            )

    return Inbox


async def _enter(client: aiomqtt.Client) -> None:
    """Connect; if cancelled meanwhile, leave nothing open behind.

    aiomqtt connects in a thread that cannot be interrupted, at most for paho's 5 s.
    """
    entering = asyncio.ensure_future(client.__aenter__())
    try:
        await asyncio.shield(entering)
    except asyncio.CancelledError:
        with suppress(Exception):
            await entering
        await _leave(client)
        raise


async def _leave(client: aiomqtt.Client) -> None:
    """Say goodbye and close the socket, also of a connection that was never answered."""
    import aiomqtt

    client.timeout = _LEAVE_WITHIN_S
    with suppress(aiomqtt.MqttError):
        await client.__aexit__(None, None, None)


def _refusal(settings: Settings, err: aiomqtt.MqttError) -> Exception:
    code = getattr(err, "rc", None)
    number = getattr(code, "value", code)
    if number in _REFUSED:
        return AuthFailed(
            f"{settings.address}: the broker refuses us ({code}); check username and password"
        )
    return NotReady(f"{settings.address}: no connection: {err}; is the broker running?")


def _is_failure(code: Any) -> bool:
    return bool(getattr(code, "is_failure", code == 128))


def _with_options(filters: Sequence[tuple[str, int]]) -> Any:
    from paho.mqtt.subscribeoptions import SubscribeOptions

    return [(filter, SubscribeOptions(qos=qos)) for filter, qos in filters]


def _identified(identifier: int) -> Any:
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties

    properties = Properties(PacketTypes.SUBSCRIBE)  # type: ignore[no-untyped-call]  # paho's
    properties.SubscriptionIdentifier = identifier
    return properties
