"""Goes through automations and scripts as they are written, and parts them into what they do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from casita_automations.actions.call import TARGET_KEYS, listed_ids
from casita_automations.parsing import At, listed
from casita_automations.templates import is_template
from casita_config import Place, plain

_COMBINED: Final = ("and", "or", "not")
_CALLS: Final = ("action", "service", "service_template")
_WAITS: Final = ("delay", "wait_template", "wait_for_trigger")


class Part(NamedTuple):
    """A piece of an item, and where it stands."""

    data: Mapping[str, Any]
    at: At

    @property
    def kind(self) -> str:
        """Which kind of trigger or condition it is, as far as it says so."""
        for key in ("trigger", "platform", "condition"):
            if isinstance(self.data.get(key), str):
                return str(self.data[key])
        return ""

    @property
    def disabled(self) -> bool:
        """Whether it is switched off for good."""
        return self.data.get("enabled") in (False, "false", "no", "off")


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions that all have to hold at once."""

    parts: tuple[Part, ...]
    whole: bool
    """Whether they are those of the automation itself."""


@dataclass(frozen=True, slots=True)
class Call:
    """A service call."""

    service: str
    data: Mapping[str, Any]
    """Without the target."""
    targets: Mapping[str, list[Any]]
    """Ids by kind, each constant or a template; empty where the target is one template."""
    templated_target: bool
    places: Mapping[str, At]
    """Where each field of the data and each kind of target stands."""
    at: At
    key: str
    """Which key names the service."""
    certain: bool
    """Whether every run comes to it, whatever any condition says."""
    at_once: bool
    """Whether no wait comes before it."""


class Text(NamedTuple):
    """A template."""

    source: str
    at: At


@dataclass(slots=True)
class Item:
    """An automation or a script, taken apart."""

    kind: str
    """``automation`` or ``script``."""
    entity_id: str
    name: str
    data: Mapping[str, Any]
    at: At
    use: Place | None
    """Where it uses a blueprint; None if all of its text is its own."""
    triggers: list[Part] = field(default_factory=list)
    waits: list[Part] = field(default_factory=list)
    """Triggers that it waits for in its actions."""
    conditions: list[Part] = field(default_factory=list)
    """Every single condition, wherever it stands, but those under a ``not``."""
    denied: list[Part] = field(default_factory=list)
    """Every single condition under a ``not``."""
    groups: list[Group] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    loops: list[Part] = field(default_factory=list)
    """The mappings under ``repeat``."""
    events: list[str] = field(default_factory=list)
    """Types of the events that it puts on the bus."""
    texts: list[Text] = field(default_factory=list)

    @property
    def guarded(self) -> bool:
        """Whether it has conditions of its own."""
        return any(group.whole for group in self.groups)


def take_apart(kind: str, entity_id: str, name: str, node: Any, at: At, use: Place | None) -> Item:
    """Take an item apart; what is not of the expected form is passed over."""
    data = plain(node) if isinstance(node, Mapping) else {}
    item = Item(kind, entity_id, name, data, at, use)
    for key in ("triggers", "trigger"):
        item.triggers += _triggers(data.get(key), at.below(key))
    for key in ("conditions", "condition"):
        if key in data and kind == "automation":
            _conditions(item, _placed(data[key], at.below(key)), whole=True)
    steps = _Steps(item)
    for key in ("actions", "action", "sequence"):
        if key in data:
            steps.sequence(data[key], at.below(key), certain=True)
    item.texts += _templates(data, at)
    return item


def _triggers(data: Any, at: At) -> Iterator[Part]:
    many = isinstance(data, list)
    for index, one in enumerate(listed(data)):
        where = at.below(index) if many else at
        if not isinstance(one, Mapping):
            continue
        if "triggers" in one and "trigger" not in one and "platform" not in one:
            yield from _triggers(one["triggers"], where.below("triggers"))
        elif not Part(one, where).disabled:
            yield Part(one, where)


def _placed(data: Any, at: At) -> list[tuple[Any, At]]:
    """Return each of a list with its place; anything else is a list of one."""
    many = isinstance(data, list)
    return [(one, at.below(n) if many else at) for n, one in enumerate(listed(data))]


def _conditions(
    item: Item, placed: list[tuple[Any, At]], *, whole: bool = False, denied: bool = False
) -> None:
    """Take down conditions that all have to hold."""
    together = [part for one, at in placed for part in _condition(item, one, at, denied)]
    (item.denied if denied else item.conditions).extend(together)
    if together and not denied:
        item.groups.append(Group(tuple(together), whole))


def _condition(item: Item, one: Any, at: At, denied: bool) -> list[Part]:
    """Return what a condition of a list that has to hold adds to it."""
    if isinstance(one, str):
        return [Part({"condition": "template", "value_template": one}, at)]
    if not isinstance(one, Mapping) or Part(one, at).disabled:
        return []
    kind = str(one.get("condition", ""))
    word = kind if kind in _COMBINED else next((key for key in _COMBINED if key in one), None)
    if word is None:
        return [Part(one, at)]
    key = "conditions" if kind in _COMBINED else word
    members = _placed(one.get(key), at.below(key))
    if word == "and" and not denied:
        return [part for each, where in members for part in _condition(item, each, where, denied)]
    if word == "or":
        for member in members:
            _conditions(item, [member], denied=denied)
    else:
        _conditions(item, members, denied=denied or word == "not")
    return []


class _Steps:
    """Takes down what a sequence does."""

    def __init__(self, item: Item) -> None:
        self._item = item
        self._waited = False
        self._certain = True

    def sequence(self, data: Any, at: At, *, certain: bool) -> None:
        many = isinstance(data, list)
        for index, one in enumerate(listed(data)):
            where = at.below(index) if many else at
            certain = self._step(one, where, certain)

    def _step(self, one: Any, at: At, certain: bool) -> bool:
        """Take down a step; return whether every run comes to the next one."""
        if isinstance(one, list):
            self.sequence(one, at, certain=certain)
            return certain
        if isinstance(one, str):
            _conditions(self._item, [(one, at)])
            return False
        if not isinstance(one, Mapping) or Part(one, at).disabled:
            return certain
        if "condition" in one or any(word in one for word in _COMBINED):
            _conditions(self._item, [(one, at)])
            return False
        self._branches(one, at)
        self._waits(one, at)
        if "event" in one and isinstance(one["event"], str):
            self._item.events.append(one["event"])
        call = next((key for key in _CALLS if isinstance(one.get(key), str)), None)
        if call is not None:
            self._item.calls.append(self._call(one, at, call, certain))
        if isinstance(one.get("scene"), str):
            here = at.below("scene")
            scene = Call(
                service="scene.turn_on", data={}, targets={"entity_id": [one["scene"]]},
                templated_target=False, places={"entity_id": here}, at=here, key="scene",
                certain=certain, at_once=not self._waited,
            )  # fmt: skip
            self._item.calls.append(scene)
        return certain and "stop" not in one

    def _branches(self, one: Mapping[str, Any], at: At) -> None:
        if "choose" in one:
            many = isinstance(one["choose"], list)
            for index, option in enumerate(listed(one["choose"])):
                where = at.below("choose", index) if many else at.below("choose")
                if isinstance(option, Mapping):
                    asked = _placed(option.get("conditions"), where.below("conditions"))
                    _conditions(self._item, asked)
                    self.sequence(option.get("sequence"), where.below("sequence"), certain=False)
            self.sequence(one.get("default"), at.below("default"), certain=False)
        if "if" in one:
            _conditions(self._item, _placed(one["if"], at.below("if")))
            for key in ("then", "else"):
                self.sequence(one.get(key), at.below(key), certain=False)
        if "parallel" in one:
            self.sequence(one["parallel"], at.below("parallel"), certain=False)
        if "sequence" in one:
            self.sequence(one["sequence"], at.below("sequence"), certain=False)
        repeat = one.get("repeat")
        if isinstance(repeat, Mapping):
            where = at.below("repeat")
            self._item.loops.append(Part(repeat, where))
            for key in ("while", "until"):
                if key in repeat:
                    _conditions(self._item, _placed(repeat[key], where.below(key)))
            self.sequence(repeat.get("sequence"), where.below("sequence"), certain=False)

    def _waits(self, one: Mapping[str, Any], at: At) -> None:
        if any(key in one for key in _WAITS):
            self._waited = True
        if "wait_for_trigger" in one:
            self._item.waits += _triggers(one["wait_for_trigger"], at.below("wait_for_trigger"))

    def _call(self, one: Mapping[str, Any], at: At, key: str, certain: bool) -> Call:
        targets: dict[str, list[Any]] = {}
        data: dict[str, Any] = {}
        places: dict[str, At] = {}
        templated = False
        for source in ("data", "data_template", "target"):
            given = one.get(source)
            if isinstance(given, Mapping):
                for name, value in given.items():
                    places[str(name)] = at.below(source, name)
                    if name in TARGET_KEYS and value is not None:
                        targets.setdefault(name, []).extend(listed_ids(value))
                    else:
                        data[str(name)] = value
            elif is_template(given):
                templated = True
        if one.get("entity_id") is not None:
            targets.setdefault("entity_id", []).extend(listed_ids(one["entity_id"]))
            places["entity_id"] = at.below("entity_id")
        service = str(one[key]).strip()
        return Call(
            service=service if is_template(service) else service.lower(),
            data=data,
            targets=targets,
            templated_target=templated,
            places=places,
            at=at,
            key=key,
            certain=certain,
            at_once=not self._waited,
        )


def _templates(data: Any, at: At) -> Iterator[Text]:
    if isinstance(data, str):
        if is_template(data):
            yield Text(data, at)
    elif isinstance(data, Mapping):
        for key, value in data.items():
            yield from _templates(value, at.below(key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _templates(value, at.below(index))
