"""The words in which automations are written: what plugins add to them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Protocol

import msgspec
import voluptuous as vol

from casita.events import Cause, Event, State
from casita.transport import BrokerKind

Fire = Callable[[Mapping[str, Any], Cause | Event | None], None]
"""Called by a trigger when it fires: its trigger variables, and the event that led to it."""
Cancel = Callable[[], None]


class Mode(StrEnum):
    """What a second run of an automation does while the first still runs."""

    SINGLE = "single"
    RESTART = "restart"
    QUEUED = "queued"
    PARALLEL = "parallel"


class Changed(msgspec.Struct, frozen=True):
    """A change of an entity's state: to wait for, to react to, and as it happened.

    ``{name}`` in the entity id stands for the entity that the config gives under that name.
    """

    entity_id: str
    to: str | None = msgspec.field(default=None, name="to")
    from_: str | None = msgspec.field(default=None, name="from")
    held: timedelta | str | None = None
    """How long the new state has to hold; ``{name}`` stands for what the config gives."""
    event: Event | None = None
    """The ``state.changed`` event, once it happened."""


class AutomationKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of automation that a plugin supplies; config says for which entities."""

    id: str
    """``plugin.name``."""
    schema: vol.Schema
    """Schema of its ``with:``; the entities it names are all that it may command."""
    on: Sequence[Changed]
    mode: Mode
    handler: Callable[..., Awaitable[None]]
    """``async def handler(event: Changed, config, home: RunHome)``."""
    description: str = ""


class TriggerKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of trigger that a plugin adds, as ``trigger: mqtt``.

    The plugin's component arms it: see `TriggerSource`.
    """

    name: str
    schema: vol.Schema
    """Schema of its keys, without those that every trigger has (id, alias, enabled, variables)."""


class ConditionKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of condition that a plugin adds, as ``condition: workday``."""

    name: str
    schema: vol.Schema
    """Schema of its keys, without those that every condition has (alias, enabled)."""
    holds: Callable[..., bool]
    """``def holds(config, house: House) -> bool``; quick and without I/O. What it raises makes
    the condition one that cannot be told, which counts as not holding."""
    description: str = ""


class ActionKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of action that a plugin adds; its name is the key that marks it, as ``blink:``."""

    name: str
    schema: vol.Schema
    """Schema of what stands under the key; the entities it names are all that it may command."""
    act: Callable[..., Awaitable[None]]
    """``async def act(config, home: RunHome)``; what it awaits of ``home`` is written down, so
    that it goes on after a restart. What it raises ends the run as ``failed``."""
    description: str = ""


Word = TriggerKind | ConditionKind | ActionKind
"""What a plugin adds to the words in which automations are written."""


class House(Protocol):
    """The house as a condition of a plugin sees it."""

    def state(self, entity_id: str) -> State | None:
        """Return the present state of an entity."""
        ...

    def now(self) -> datetime:
        """Return the time, in UTC."""
        ...


class TriggerSource(Protocol):
    """The running part of a plugin that arms its triggers."""

    def arm(self, kind: str, config: Mapping[str, Any], fire: Fire) -> Cancel:
        """Call ``fire`` whenever the trigger fires, until the returned function is called."""
        ...


_TITLES: Final[Mapping[type, str]] = {
    TriggerKind: "trigger",
    ConditionKind: "condition",
    ActionKind: "action",
}


class Vocabulary:
    """Kinds of triggers, conditions, actions and automations, and who arms the triggers at present.

    A trigger may be asked for before its plugin runs, and outlives the plugin's restarts.
    """

    def __init__(self) -> None:
        self.automations: dict[str, AutomationKind] = {}
        self.triggers: dict[str, TriggerKind] = {}
        self.conditions: dict[str, ConditionKind] = {}
        self.actions: dict[str, ActionKind] = {}
        self.brokers: dict[str, BrokerKind] = {}
        """Kinds of broker, by URL scheme."""
        self._sources: dict[str, TriggerSource] = {}
        self._wanted: list[_Wanted] = []

    def taken(self, words: Iterable[Word]) -> str | None:
        """Return what is here already of some words, as ``trigger 'mqtt'``; None if nothing is."""
        for word in words:
            if word.name in self._kinds(word):
                return f"the {_TITLES[type(word)]} {word.name!r}"
        return None

    def add(self, words: Iterable[Word]) -> None:
        """Take in words that a plugin adds."""
        for word in words:
            self._kinds(word)[word.name] = word

    def _kinds(self, word: Word) -> dict[str, Any]:
        if isinstance(word, TriggerKind):
            return self.triggers
        return self.conditions if isinstance(word, ConditionKind) else self.actions

    def arm(self, kind: str, config: Mapping[str, Any], fire: Fire) -> Cancel:
        """Arm a plugin's trigger now, or as soon as its plugin runs."""
        wanted = _Wanted(kind, config, fire)
        self._wanted.append(wanted)
        wanted.arm(self._sources.get(kind))

        def cancel() -> None:
            if wanted in self._wanted:
                self._wanted.remove(wanted)
            wanted.disarm()

        return cancel

    def opened(self, kinds: Sequence[str], source: TriggerSource) -> None:
        """Let a component that has started arm the triggers of its kinds."""
        for kind in kinds:
            self._sources[kind] = source
        for wanted in self._wanted:
            if wanted.kind in kinds:
                wanted.arm(source)

    def closed(self, kinds: Sequence[str]) -> None:
        """Take a component's triggers back, when it stops."""
        for kind in kinds:
            self._sources.pop(kind, None)
        for wanted in self._wanted:
            if wanted.kind in kinds:
                wanted.disarm()


class _Wanted:
    """A trigger that an automation asked for."""

    def __init__(self, kind: str, config: Mapping[str, Any], fire: Fire) -> None:
        self.kind = kind
        self._config = config
        self._fire = fire
        self._cancel: Cancel | None = None

    def arm(self, source: TriggerSource | None) -> None:
        self.disarm()
        if source is not None:
            self._cancel = source.arm(self.kind, self._config, self._fire)

    def disarm(self) -> None:
        cancel, self._cancel = self._cancel, None
        if cancel is not None:
            cancel()
