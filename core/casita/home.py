"""The narrow view of the house that one running instance of a plugin gets."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, overload

import voluptuous as vol

from casita.bus import Handler, Subscription
from casita.clock import Clock
from casita.consumers import BatchHandler, Consumer, Retries
from casita.consumers import Handler as ConsumerHandler
from casita.discovery import Candidate
from casita.entities import Entity
from casita.errors import CasitaError, NotPermitted
from casita.events import Cause, Event, State, StateChanged
from casita.kernel import Kernel
from casita.model import DeviceEntry, DeviceInfo, Target
from casita.services import Call, Command, CommandHandler, Kind, Outcome, Service
from casita.states import UNAVAILABLE
from casita.tasks import TaskErrorHandler, Tasks

if TYPE_CHECKING:
    import asyncio

    from zeroconf.asyncio import AsyncZeroconf


EntityCommandHandler = Callable[[Entity, Command], Awaitable[Outcome | None]]


class Network(Protocol):
    """What the host lends to plugins of the network."""

    async def zeroconf(self) -> AsyncZeroconf:
        """Return the one shared zeroconf instance; whoever borrows it does not close it."""
        ...


class _Shown(NamedTuple):
    """What a person may set of how an entity is shown."""

    name: str
    icon: str | None

    def upon(self, entity: Entity) -> dict[str, Any]:
        """Return the entity's attributes with it."""
        attributes = entity.attributes(self.name)
        return {**attributes, "icon": self.icon} if self.icon else attributes


class Home:
    """What one instance of a plugin may do in the house.

    All that it adds, subscribes to and starts is owned by the instance, and ends with it.
    """

    def __init__(
        self,
        kernel: Kernel,
        plugin: str,
        instance: str,
        *,
        network: Network,
        sections: Mapping[str, Any],
        trusted: bool,
        on_error: TaskErrorHandler,
    ) -> None:
        self.plugin = plugin
        """Name of the plugin."""
        self.instance = instance
        """Name of this instance: the ``source`` of its events."""
        self.clock: Clock = kernel.clock
        self.logger = logging.getLogger(f"casita.plugin.{instance}")
        self.network = network
        self._kernel = kernel
        self._sections = sections
        self._trusted = trusted
        self._tasks = Tasks(instance, on_error)
        self._subscriptions: list[Subscription] = []
        self._consumers: list[Consumer] = []
        self._entities: dict[str, Entity] = {}
        self._shown: dict[str, _Shown] = {}
        self._services: list[str] = []
        self._lost: set[str] = set()
        self._default_command: EntityCommandHandler | None = None
        self._hearing: Event | None = None
        """The event that a handler of this instance is called with at present."""
        self.on(self._entity_renamed, type="entity.renamed")
        self.on(self._entity_updated, type="entity.updated")

    @property
    def kernel(self) -> Kernel:
        """The hub's parts themselves: for the components that come with the hub, nobody else."""
        if not self._trusted:
            raise NotPermitted(f"{self.plugin}: the kernel is for the hub's own components")
        return self._kernel

    def section(self, key: str) -> Any:
        """Return a section of the configuration that this plugin has claimed: checked and whole.

        An empty mapping stands for one that is absent or does not fit its schema.
        """
        return self._sections.get(key, {})

    # Entities

    def add(self, entity: Entity, device: DeviceInfo | None = None) -> Entity:
        """Give an entity, and its device, a place in the house; report its state from then on.

        Adding the same ``unique_id`` again replaces the entity. One that a person disabled is
        registered and gets no state.
        """
        registry = self._kernel.registry
        entry_of_device = registry.add_device(self.instance, device) if device else None
        full_name = _full_name(entry_of_device, entity.name)
        entry = registry.add_entity(
            source=self.instance,
            unique_id=entity.unique_id,
            domain=entity.domain,
            name=full_name,
            object_id=entity.object_id,
            device_id=entry_of_device.id if entry_of_device else None,
        )
        if entry.disabled:
            return entity
        self._entities[entry.entity_id] = entity
        self._shown[entry.entity_id] = _Shown(entry.shown_name, entry.icon)
        entity.bind(self, entry.entity_id)
        self._kernel.commands.attach(entry.entity_id, self._handler_for(entity))
        self._remember_state(entity, entry.entity_id)
        return entity

    def add_device(self, device: DeviceInfo) -> None:
        """Give a device a place in the house that has no entities of its own, as a bridge."""
        self._kernel.registry.add_device(self.instance, device)

    def remove(self, entity: Entity) -> None:
        """Take an entity out of the house for good: its place and its state go."""
        entity_id = entity.entity_id
        self._let_go(entity_id)
        self._kernel.states.remove(entity_id, source=self.instance)
        self._kernel.registry.remove_entity(entity_id)

    def withdraw(self, entity: Entity) -> None:
        """Take an entity out of the house for now: its state goes, its place is kept for it."""
        entity_id = entity.entity_id
        self._let_go(entity_id)
        self._kernel.states.remove(entity_id, source=self.instance)

    def entities(self) -> list[Entity]:
        """Return the entities that this instance has added."""
        return list(self._entities.values())

    def write(self, entity: Entity, state: str, cause: Cause | Event | None) -> StateChanged | None:
        """Write an entity's state; `Entity.observe` calls this."""
        return self._kernel.states.set(
            entity.entity_id,
            state,
            self._shown[entity.entity_id].upon(entity),
            source=self.instance,
            cause=cause or self._hearing,
        )

    def lost(self, reason: str, identifier: str | None = None) -> None:
        """Report a device, or all of this instance, as unreachable: once, until it is back."""
        key = identifier or self.instance
        if key in self._lost:
            return
        self._lost.add(key)
        self.logger.warning("%s: lost: %s", key, reason)
        event = self.emit("device.lost", key, {"reason": reason})
        for entity in self._entities_of(identifier):
            entity.unavailable(cause=event)

    def back(self, identifier: str | None = None) -> None:
        """Report a device, or all of this instance, as reachable again: once, after it was lost."""
        key = identifier or self.instance
        if key not in self._lost:
            return
        self._lost.discard(key)
        self.logger.info("%s: back", key)
        event = self.emit("device.back", key, {})
        for entity in self._entities_of(identifier):
            if not entity.available:
                entity.reachable(cause=event)

    # The rest of the house

    def state(self, entity_id: str) -> State | None:
        """Return the state of any entity."""
        return self._kernel.states.get(entity_id)

    @overload
    def on(
        self,
        handler: Handler,
        *,
        type: str | None = None,
        subject: str | None = None,
        durable: None = None,
    ) -> Subscription: ...

    @overload
    def on(
        self,
        handler: ConsumerHandler,
        *,
        type: str | None = None,
        subject: str | None = None,
        durable: str,
    ) -> Consumer: ...

    def on(
        self,
        handler: Any,
        *,
        type: str | None = None,
        subject: str | None = None,
        durable: str | None = None,
    ) -> Subscription | Consumer:
        """Call a quick, synchronous handler with events; it ends with this instance.

        What it emits, writes and calls has the event as its cause, unless it names another.
        ``durable`` is the name of a cursor: then the handler is a consumer's, which may be
        asynchronous, and is also told what happens while this instance does not run.
        """
        if durable is not None:
            types, subjects = ((type,) if type else ()), ((subject,) if subject else ())
            return self.consume(durable, handler, types=types, subjects=subjects)
        subscription = self._kernel.bus.subscribe(
            self._hears(handler), owner=self.instance, type=type, subject=subject
        )
        self._subscriptions.append(subscription)
        return subscription

    def _hears(self, handler: Handler) -> Handler:
        """Let what a handler does follow from the event that it is called with."""

        def hear(event: Event) -> None:
            outer, self._hearing = self._hearing, event
            try:
                handler(event)
            finally:
                self._hearing = outer

        return hear

    def consume(
        self,
        name: str,
        handler: ConsumerHandler,
        *,
        types: Sequence[str] = (),
        subjects: Sequence[str] = (),
        durable: bool = True,
        replay: bool = False,
        retries: Retries | None = None,
        parallel: int = 1,
    ) -> Consumer:
        """Hand events of some types and subjects to a handler that may take its time.

        They come in order per subject; ``*`` is allowed in types and subjects, none means all.
        A ``durable`` consumer resumes at the cursor ``instance.name`` after a restart (at least
        once); what fails is tried 5 times with growing pauses, then it is a dead letter. One
        that is not durable begins now, and is told at most once. ``replay`` lets a new one
        begin with the oldest event of the log. ``parallel`` handlers may be under way at once,
        never two for one subject. It ends with this instance.
        """
        consumer = self._kernel.consumers.open(
            f"{self.instance}.{name}", handler, types=types, subjects=subjects, durable=durable,
            replay=replay, retries=retries, parallel=parallel,
        )  # fmt: skip
        self._consumers.append(consumer)
        return consumer

    def consume_batches(
        self,
        name: str,
        handler: BatchHandler,
        *,
        types: Sequence[str] = (),
        subjects: Sequence[str] = (),
        replay: bool = False,
    ) -> Consumer:
        """Hand events to a handler that deals with many at once; it is durable, else as `consume`.

        The handler returns by offset why some of them never can be dealt with, if any.
        """
        consumer = self._kernel.consumers.open_batches(
            f"{self.instance}.{name}", handler, types=types, subjects=subjects, replay=replay
        )
        self._consumers.append(consumer)
        return consumer

    def emit(
        self,
        type: str,
        subject: str,
        data: Mapping[str, Any] | None = None,
        *,
        cause: Cause | Event | None = None,
    ) -> Event:
        """Put an event into the log and on the bus."""
        return self._kernel.bus.emit(
            type, subject, data or {}, source=self.instance, cause=cause or self._hearing
        )

    def call(
        self,
        service: str,
        *entity_ids: str,
        cause: Cause | Event | None = None,
        **data: Any,
    ) -> Call:
        """Call a service; await ``finished()`` of what it returns to know how it went."""
        target = Target(entity_id=entity_ids) if entity_ids else None
        return self._kernel.commands.call(
            service, data, target, source=self.instance, cause=cause or self._hearing
        )

    def offer(
        self,
        name: str,
        handler: CommandHandler,
        *,
        schema: Mapping[Any, Any],
        kind: Kind,
        description: str = "",
    ) -> None:
        """Add the service ``plugin.name`` to the house as long as this instance runs."""
        service = Service(
            domain=self.plugin,
            name=name,
            schema=vol.Schema(dict(schema)),
            kind=kind,
            handler=handler,
            description=description,
        )
        self._kernel.commands.register(service)
        self._services.append(service.id)

    def found(self, candidate: Candidate) -> None:
        """Put a device into the inbox, for a person to adopt."""
        self._kernel.discovery.found(self.plugin, candidate)

    def keep_settings(self, settings: Mapping[str, Any]) -> None:
        """Replace the settings of this adopted device."""
        self._kernel.discovery.update(self.instance, settings)

    def start(self, coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run a coroutine as a task of this instance; its failure is told in the ledger."""
        return self._tasks.start(coroutine, name)

    def remember(self, key: str, value: Any) -> None:
        """Keep a JSON value of this instance across restarts."""
        self._kernel.log.put(self._collection, key, value)

    def recall(self) -> dict[str, Any]:
        """Return what this instance has kept."""
        return self._kernel.log.items(self._collection)

    # For the host

    def handle_commands(self, handler: EntityCommandHandler) -> None:
        """Let a component carry out the commands of entities without a handler."""
        self._default_command = handler

    async def close(self, *, lost: str | None = None) -> None:
        """End all that belongs to the instance; its entities keep their last states.

        ``lost`` says why its entities cannot be reached from now on, if that is so.
        """
        for consumer in self._consumers:
            await consumer.close()
        await self._tasks.stop()
        if lost is not None:
            self.lost(lost)
        for subscription in self._subscriptions:
            subscription.cancel()
        for service_id in self._services:
            self._kernel.commands.unregister(service_id)
        for entity_id in list(self._entities):
            self._let_go(entity_id)

    @property
    def _collection(self) -> str:
        return f"plugin.{self.instance}"

    def _handler_for(self, entity: Entity) -> CommandHandler:
        if entity.on_command is not None:
            return entity.on_command
        default = self._default_command
        if default is None:
            raise CasitaError(f"{entity.unique_id}: there is nobody to take its commands")
        return lambda command: default(entity, command)

    def _remember_state(self, entity: Entity, entity_id: str) -> None:
        """Take over what was last known, so that a restart is no change of state."""
        known = self._kernel.states.get(entity_id)
        if known is None or known.state == UNAVAILABLE:
            entity.observe()
            return
        entity.state = known.state
        fixed = {*entity.capabilities, "friendly_name", "icon"}
        entity.readings = {k: v for k, v in known.attributes.items() if k not in fixed}

    def _entities_of(self, identifier: str | None) -> list[Entity]:
        if identifier is None:
            return self.entities()
        device = self._kernel.registry.find_device(self.instance, (identifier,))
        members = self._kernel.registry.entities_of_device(device.id) if device else ()
        return [self._entities[one] for one in members if one in self._entities]

    def _let_go(self, entity_id: str) -> None:
        entity = self._entities.pop(entity_id, None)
        if entity is not None:
            entity.unbind()
            self._kernel.commands.detach(entity_id)

    def _entity_renamed(self, event: Event) -> None:
        entity = self._entities.pop(event.subject, None)
        if entity is None:
            return
        new_id = str(event.data["to"])
        self._kernel.commands.detach(event.subject)
        self._kernel.states.remove(event.subject, source=self.instance, cause=event)
        self._entities[new_id] = entity
        self._shown[new_id] = self._shown.pop(event.subject)
        entity.bind(self, new_id)
        self._kernel.commands.attach(new_id, self._handler_for(entity))
        self.write(entity, entity.state if entity.available else UNAVAILABLE, event)

    def _entity_updated(self, event: Event) -> None:
        entity = self._entities.get(event.subject)
        entry = self._kernel.registry.entities.get(event.subject)
        if entity is None or entry is None:
            return
        if entry.disabled:
            self._let_go(event.subject)
            self._kernel.states.remove(event.subject, source=self.instance, cause=event)
        elif self._shown[event.subject] != (entry.shown_name, entry.icon):
            self._shown[event.subject] = _Shown(entry.shown_name, entry.icon)
            self.write(entity, entity.state if entity.available else UNAVAILABLE, event)


def _full_name(device: DeviceEntry | None, name: str | None) -> str:
    if device is None:
        return name or "Unnamed"
    return f"{device.shown_name} {name}" if name else device.shown_name
