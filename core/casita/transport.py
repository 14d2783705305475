"""What a broker is to the hub: a plugin supplies a `BrokerKind`, the hub does everything else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec
import voluptuous as vol

from casita.clock import Clock
from casita.cloudevents import CloudEvent


class Purpose(StrEnum):
    """What a channel carries."""

    EVENTS = "events"
    """What a home tells everybody."""
    COMMANDS = "commands"
    """What one home is asked to do, and the answers to what it asked."""


class Channel(msgspec.Struct, frozen=True):
    """Where a message goes: what a home tells, or what is for it alone."""

    home: str
    """For events the home that tells them, for commands the home that gets them."""
    purpose: Purpose


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message on its way to the broker."""

    channel: Channel
    event: CloudEvent

    @property
    def key(self) -> str:
        """What order is kept by."""
        return self.event.subject


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A message that the broker has delivered, and counts as ours once it is acknowledged."""

    event: CloudEvent | None
    """None: it is no CloudEvent; then ``fault`` and ``raw`` say more."""
    token: Any
    """What the transport acknowledges it by."""
    purpose: Purpose = Purpose.EVENTS
    fault: str = ""
    raw: bytes = b""


class Promises(msgspec.Struct, frozen=True, kw_only=True):
    """What a broker holds to, as it is set up."""

    ordered: bool
    """Messages of one key come in the order in which they were published."""
    durable: bool
    """What it has acknowledged survives a power cut."""
    deduplicated: bool
    """A message that was published twice within a few minutes comes once."""
    replays: bool
    """Who subscribes later gets what was published before, as far as the broker keeps it."""
    notes: tuple[str, ...] = ()
    """In a sentence each, what to know where it is weaker than the hub's own log."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the hub wants of one broker."""

    name: str
    """What the configuration calls it."""
    url: str
    home: str
    """How this home is called among the others."""
    publishes: bool
    to: tuple[str, ...] = ()
    """Homes and services that get our events, where the broker itself cannot spread them."""
    subscribes: bool
    homes: tuple[str, ...] = ()
    """Homes to listen to; none: all others."""
    member: str = ""
    """Which of several processes that go by the name of this home; each gets everything."""
    durable: bool = False
    """Refuse a broker that may lose what it acknowledged."""
    batch: int = 256
    """So many messages at most are received at once."""
    options: Mapping[str, Any] = {}
    """What the kind's own schema has let through: credentials, prefixes."""

    @property
    def reader(self) -> str:
        """By which name the broker knows how far we have read."""
        return f"{self.home}-{self.member}" if self.member else self.home


class Transport(ABC):
    """One connection to a broker, from `open` to `close`; it is not opened again.

    Whatever is lost is told by `NotReady` from the call that notices; the hub then closes it,
    waits and makes another.
    """

    @abstractmethod
    async def open(self) -> Promises:
        """Connect, make ready what has to be there, return what the broker promises.

        Raises `NotReady`, `AuthFailed`, or `SetupFailed` if trying again cannot help.
        """

    @abstractmethod
    async def publish(self, messages: Sequence[Message]) -> Sequence[str | None]:
        """Return once the broker has answered for each message: None, or why it never takes it.

        Messages of one key keep their order. Raises `NotReady` if it is not known of all.
        """

    @abstractmethod
    async def receive(self) -> Sequence[Delivery]:
        """Return the next messages, once there are some; an empty list is allowed.

        What was not acknowledged comes again, on this connection or a later one.
        """

    @abstractmethod
    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Let the broker forget messages: they are stored here. In the order of delivery."""

    @abstractmethod
    async def close(self) -> None:
        """Disconnect. Raises nothing; closing twice is harmless."""

    async def waiting(self) -> int | None:
        """Return how many messages wait for us at the broker; None: that is not known."""
        return None


class BrokerKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of broker that a plugin supplies."""

    schemes: tuple[str, ...]
    """What its URLs begin with, as ``("nats", "tls+nats")``."""
    make: Callable[[Plan, Clock], Transport]
    """Makes a transport that is not connected yet."""
    schema: vol.Schema = vol.Schema({})
    """Schema of the options that it adds to a broker's."""
    fans_out: bool = True
    """Whether every subscriber gets what one home publishes; else ``to:`` names them."""
    description: str = ""
