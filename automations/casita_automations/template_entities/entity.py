"""What all template entities have in common: results of templates become a state."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, TypeVar

from casita.entities import Entity, EntityOwner, Value
from casita.errors import CommandFailed
from casita.events import Cause, Event, StateChanged
from casita.home import Home
from casita.services import Command, Outcome
from casita.states import UNAVAILABLE, UNKNOWN
from casita.timers import Timer
from casita_automations.owner import Owner
from casita_automations.parts import Parts
from casita_automations.program import Program
from casita_automations.running import Machine
from casita_automations.template_entities.acting import Acting
from casita_automations.template_entities.chains import LONGEST, Chains
from casita_automations.template_entities.results import Unusable, is_nothing
from casita_automations.template_entities.this import This
from casita_automations.templates import TemplateError, as_boolean
from casita_automations.templates import Value as Template
from casita_automations.values import jsonable

_OF_ATTRIBUTE: Final = "attributes."
_LOOKS: Final = {"icon": "icon", "picture": "entity_picture"}
_MISSING: Final = object()
_T = TypeVar("_T")
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What template entities work with."""

    home: Home
    parts: Parts
    machine: Machine
    chains: Chains


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A template entity of the configuration, checked and compiled."""

    kind: type[TemplateEntity]
    unique_id: str
    object_id: str | None
    """The wish for the second part of its entity id."""
    fields: Mapping[str, Template]
    """What is rendered, by key; attributes under ``attributes.name``."""
    programs: Mapping[str, Program]
    """Its actions by key."""
    settings: Mapping[str, Any]
    """What is no template."""
    variables: Template | None = None
    """The block's ``variables``, for each rendering."""
    triggered: bool = False
    """Whether it is rendered when a trigger fires, and at no other time."""


@dataclass(slots=True)
class _Results:
    """The last result of each template."""

    values: dict[str, Any] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)

    def take(self, name: str, result: Any) -> None:
        self.values[name] = None if isinstance(result, TemplateError) else result
        if isinstance(result, TemplateError):
            self.failed.add(name)
        else:
            self.failed.discard(name)


class TemplateEntity(Entity):
    """An entity whose state and attributes are templates. Each domain has its kind of it."""

    kind: ClassVar[str]
    """The domain."""
    fields: ClassVar[Mapping[str, str | None]] = {"state": None}
    """Keys that may hold templates, and the attribute that shows each, if one does as it is."""
    required: ClassVar[tuple[str, ...]] = ()
    actions: ClassVar[tuple[str, ...]] = ()
    """Keys that hold actions."""
    settings: ClassVar[Mapping[Any, Any]] = {}
    """Schema of the keys that hold neither."""
    assumes: ClassVar[bool] = True
    """Whether it takes over what it is told to be, where no template says what it is."""

    def __init__(self, item: Item, around: Surroundings) -> None:
        super().__init__(
            self.kind, item.unique_id, object_id=item.object_id, on_command=self._command
        )
        self.item = item
        self._around = around
        self._results = _Results()
        self._complaints: dict[str, str] = {}
        self._own_changes = 0
        self.this = This(around.parts.templates.environment, lambda: self.entity_id)
        self._acting = {
            name: Acting(around.machine, program, name, self.this)
            for name, program in item.programs.items()
        }
        self._looks: dict[str, Any] = {}
        self._shown_name: str | None = None
        self.name = self._first_name()
        self.capabilities |= self.able()

    # What each kind says of itself

    def able(self) -> dict[str, Any]:
        """Return the attributes that say what it is and can do."""
        names = ("device_class", "unit_of_measurement", "state_class")
        return {key: self.item.settings[key] for key in names if key in self.item.settings}

    def value(self) -> Value:
        """Return the state that the results make."""
        return self._text(self.result("state"))

    def details(self) -> dict[str, Any]:
        """Return the attributes that the results make."""
        return {}

    def command(self, command: Command) -> Outcome | None:
        """Do what it was asked to do."""
        raise CommandFailed(f"{self.entity_id} takes no commands")

    def rendered(self, names: Mapping[str, Any], cause: Event | Cause | None) -> None:
        """Look at new results before they are shown."""

    def rang(self, timer: Timer, event: Event) -> None:
        """Do what was put off until now."""

    # Its life

    def begin(self) -> None:
        """Go on from what was last known of it. Called once it has its place in the house."""
        take = self._results.take
        if self.state not in (UNKNOWN, UNAVAILABLE):
            take("state", self.state)
        known = self._around.home.state(self.entity_id)
        looks = {} if known is None else known.attributes
        for name, attribute in _LOOKS.items():
            if attribute in looks:
                take(name, looks[attribute])
        for name, shown_as in self.fields.items():
            if shown_as in self.readings:
                take(name, self.readings[shown_as])
        for name in self.item.fields:
            attribute = name.removeprefix(_OF_ATTRIBUTE)
            if name.startswith(_OF_ATTRIBUTE) and attribute in self.readings:
                take(name, self.readings[attribute])
        self.recalled()

    def recalled(self) -> None:
        """Take over more of what was last known of it."""

    def bind(self, owner: EntityOwner, entity_id: str) -> None:
        """Take a place in the house; its actions are told under the same id."""
        super().bind(owner, entity_id)
        for acting in self._acting.values():
            acting.entity_id = entity_id

    def owners(self) -> Iterable[Owner]:
        """Return what has runs of it."""
        return self._acting.values()

    def take(self, results: Mapping[str, Any], cause: Event | Cause | None) -> None:
        """Take new results of templates, and show what they make."""
        for name, result in results.items():
            if isinstance(result, TemplateError):
                self._complain(name, str(result))
            else:
                self._complaints.pop(name, None)
            self._results.take(name, result)
        self.rendered(results, cause)
        self.show(cause)

    def take_change(self, results: Mapping[str, Any], change: StateChanged | None) -> None:
        """Take new results that a change of state has led to, unless they go round in circles."""
        own = change is not None and change.subject == self.entity_id
        self._own_changes = self._own_changes + 1 if own else 0
        if self._own_changes > len(self.item.fields):
            self._stop("its templates read what they make", change)
        else:
            self.take(results, change)

    def show(self, cause: Event | Cause | None) -> None:
        """Write the state that the results make."""
        chains = self._around.chains
        length = chains.after(cause)
        if length > LONGEST:
            self._stop(f"{LONGEST} template entities in a row set each other off", cause)
            return
        self._looks = {}
        for name, attribute in _LOOKS.items():
            look = self.result(name)
            if not is_nothing(look):
                self._looks[attribute] = str(look)
        self._shown_name = None if self.result("name") is None else str(self.result("name"))
        if self._is_available():
            value = self.value()
            self.readings = {**self._details(), **self._own_attributes()}
            event = self.observe(value, cause=cause)
        else:
            event = self.unavailable(cause=cause)
        chains.made(event, length)

    def attributes(self, friendly_name: str) -> dict[str, Any]:
        """Return the attributes of its state at present."""
        shown = super().attributes(friendly_name)
        if self._shown_name is not None and friendly_name == self.name:
            shown["friendly_name"] = self._shown_name
        return {**self._looks, **shown}

    # For the kinds

    def result(self, name: str) -> Any:
        """Return what a template gave, or what was assumed in its place; None if nothing."""
        return self._results.values.get(name)

    def read(self, name: str, check: Callable[[Any], _T]) -> _T | None:
        """Return a result as what it has to be; None if there is none, or it is something else."""
        result = self.result(name)
        if is_nothing(result):
            return None
        try:
            return check(result)
        except Unusable as err:
            self._complain(name, f"expected {err}, the template gave {result!r}")
            return None

    def failed(self, name: str) -> bool:
        """Say whether a template could not be rendered."""
        return name in self._results.failed

    def does(self, name: str) -> bool:
        """Say whether it has an action."""
        return name in self._acting

    def act(self, name: str, command: Command, **variables: Any) -> Outcome | None:
        """Run an action of it."""
        acting = self._acting.get(name)
        if acting is None:
            raise CommandFailed(f"{self.entity_id}: it has no {name!r} in the configuration")
        return acting.act(variables, command.event)

    def is_assumed(self, name: str = "state") -> bool:
        """Say whether what it is told to be is taken over: no template says what it is."""
        return name not in self.item.fields or bool(self.item.settings.get("optimistic"))

    def assume(self, command: Command, **results: Any) -> None:
        """Take over what it was told to be, as far as no template says what it is."""
        taken = {name: result for name, result in results.items() if self.is_assumed(name)}
        if taken:
            for name, result in taken.items():
                self._results.take(name, result)
            self.show(command.event)

    # The rest

    def _command(self, command: Command) -> Outcome | None:
        return self.command(command)

    def _first_name(self) -> str:
        """Return the name by which it gets its entity id."""
        fallback = self.item.object_id or f"template {self.kind.replace('_', ' ')}"
        template = self.item.fields.get("name")
        try:
            name = None if template is None else template.render({"this": self.this})
        except TemplateError:
            return fallback
        return fallback if is_nothing(name) else str(name)

    def _is_available(self) -> bool:
        if "availability" not in self.item.fields:
            return not self.failed("state")
        known = self._results.values.get("availability", _MISSING)
        return known is _MISSING or self.failed("availability") or as_boolean(known)

    def _details(self) -> dict[str, Any]:
        shown = {key: value for key, value in self.details().items() if value is not None}
        if self.assumes and self.actions and self.is_assumed():
            shown["assumed_state"] = True
        return shown

    def _own_attributes(self) -> dict[str, Any]:
        return {
            name.removeprefix(_OF_ATTRIBUTE): jsonable(result)
            for name, result in self._results.values.items()
            if name.startswith(_OF_ATTRIBUTE)
        }

    def _text(self, result: Any) -> str | None:
        return None if result is None else str(result)

    def _complain(self, name: str, message: str) -> None:
        """Say what is wrong with a result, once until it is right."""
        if self._complaints.get(name) != message:
            self._complaints[name] = message
            _logger.warning("%s: %s: %s", self.entity_id or self.unique_id, name, message)

    def _stop(self, why: str, cause: Event | Cause | None) -> None:
        _logger.warning("%s: a loop was stopped: %s", self.entity_id, why)
        self._around.home.emit("template.stopped", self.entity_id, {"message": why}, cause=cause)
