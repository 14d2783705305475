"""Automations that set each other off without end, found by letting them.

Everything is built anew in a workshop where devices answer at once and time stands still but
for a moment. Each trigger is set off once; a chain that reaches the hop limit is a loop, and its
causes are the path. What the chain cannot change (the time, the sun, sensors) is taken to hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final

from casita.asking import Finding, Severity
from casita.errors import CasitaError
from casita.events import STATE_CHANGED, Event
from casita.ids import domain_of, is_entity_id
from casita.kernel import Kernel
from casita_automations.asking.workshop import Workshop
from casita_automations.automation import Automation
from casita_automations.checking.names import entities_in
from casita_automations.checking.reading import Mentions
from casita_automations.checking.report import Report
from casita_automations.checking.standing_in import OFF, ON, StandIns
from casita_automations.checking.walk import Item, Part
from casita_automations.parsing import listed
from casita_automations.templates import is_template
from casita_config import place_of

_CODE: Final = "loop"
_MOMENT_S: Final = 0.8
"""So long each chain may go on: less than what counts as a rest."""
_MOST: Final = 20_000
"""So many stimuli at most."""
_STEPS: Final = ("if", "choose", "while", "until")


def check_loops(
    items: Iterable[tuple[Item, Any]], kernel: Kernel, mentions: Mentions, report: Report
) -> None:
    """Tell of loops between automations, each once, with its path."""
    pairs = list(items)
    acting = [item for item, _ in pairs if item.calls or item.events]
    if not any(item.kind == "automation" for item in acting):
        return
    told: set[frozenset[str]] = set()
    trial = _Trial(pairs, kernel, mentions)
    for path in chain(trial.loops(), trial.loops_of_other_branches()):
        members = frozenset(one for one in path if domain_of(one) == "automation")
        if members not in told:
            told.add(members)
            _tell(pairs, path, members, report)


def _tell(
    pairs: list[tuple[Item, Any]], path: list[str], members: frozenset[str], report: Report
) -> None:
    item = next(item for item, _ in pairs if item.entity_id in members)
    place = place_of(item.at.tree, item.at.path)
    report.add(
        Finding(
            code=_CODE, severity=Severity.ERROR,
            message=f"it sets itself off without end: {' → '.join(path)}",
            file=place.file if place else None, line=place.line if place else None,
            key=str(item.at),
        )
    )  # fmt: skip


class _Trial:
    """The attempt to set off everything, in a favourable world."""

    def __init__(self, pairs: list[tuple[Item, Any]], kernel: Kernel, mentions: Mentions) -> None:
        self._shop = Workshop(kernel, kernel.clock.now())
        self._begun: set[str] = set()
        """What has run since all was quiet."""
        self._shop.kernel.bus.subscribe(self._has_begun, owner="check", type="run.started")
        self._pairs = pairs
        self._stimuli: dict[str, list[Part]] = {}
        """The triggers of each automation that could be built."""
        self._left = _MOST
        touched = _touched(item for item, _ in pairs)
        self._stand_ins = StandIns(self._shop, kernel)
        for entity_id in sorted({*touched, *_named(item for item, _ in pairs)}):
            self._stand_ins.add(entity_id)
        self._favour = _Favour(touched, mentions)

    def loops(self) -> Iterator[list[str]]:
        """Go through the loops that come about if what branches ask for is so."""
        for item, node in self._pairs:
            self._build(item, self._favour.item(node, branches=True))
        yield from self._loops_of(list(self._stimuli))

    def loops_of_other_branches(self) -> Iterator[list[str]]:
        """Go through the loops that come about if it is not so; after the others.

        Where no script has branches, only automations that have some are set off: the others
        do what they did before.
        """
        changed: set[str] = set()
        for item, node in self._pairs:
            other = self._favour.item(node, branches=False)
            if other != self._favour.item(node, branches=True):
                changed.add(item.entity_id)
                self._build(item, other)
        whole = any(domain_of(one) == "script" for one in changed)
        stimuli = [key for key in self._stimuli if whole or key in changed]
        if stimuli:
            yield from self._loops_of(stimuli)

    def _build(self, item: Item, node: Any) -> None:
        """Build an item anew, and note what sets it off."""
        if self._stimuli.pop(item.entity_id, None) is not None:
            self._automation(item.entity_id).turn_off()
        try:
            if item.kind == "script":
                self._shop.script(item.entity_id.partition(".")[2], node, item.at)
                return
            self._shop.automation(node, item.at, item.entity_id).turn_on()
        except (CasitaError, TypeError, ValueError):
            return  # what cannot be built is told elsewhere, and cannot loop
        self._stimuli[item.entity_id] = item.triggers

    def _automation(self, entity_id: str) -> Automation:
        owner = self._shop.owners[entity_id]
        assert isinstance(owner, Automation)
        return owner

    def _loops_of(self, entity_ids: list[str]) -> Iterator[list[str]]:
        log = self._shop.log
        for state in (OFF, ON):
            self._stand_ins.all_become(state)
            self._settle()
            for automation, part in self._triggers_of(entity_ids):
                before = log.head
                self._set_off(automation, part)
                self._settle()
                for event in list(log.scan(after=before, types=("run.refused",))):
                    if event.data.get("reason") == "hops":
                        yield self._path(event)
                        break
                self._left -= 1
                if self._left <= 0:
                    return

    def _triggers_of(self, entity_ids: list[str]) -> Iterator[tuple[Automation, Part]]:
        for entity_id in entity_ids:
            for part in self._stimuli[entity_id]:
                yield self._automation(entity_id), part

    def _settle(self) -> None:
        self._shop.clock.advance(_MOMENT_S)
        begun, self._begun = self._begun, set()
        for entity_id in begun:
            self._shop.owners[entity_id].stop()

    def _has_begun(self, event: Event) -> None:
        self._begun.add(event.subject)

    def _set_off(self, automation: Automation, part: Part) -> None:
        kind, data = part.kind, part.data
        if kind == "state" and "attribute" not in data and self._change(data):
            return
        if kind == "event" and self._emit(data):
            return
        told = {"platform": kind, "id": data.get("id", "0"), "description": kind}
        automation.trigger(told, None)

    def _change(self, data: Mapping[str, Any]) -> bool:
        """Let an entity change as a trigger wants it; say whether that is possible."""
        entities = entities_in(data.get("entity_id"))
        to = [one for one in listed(data.get("to")) if isinstance(one, str) and one != "*"]
        from_ = [one for one in listed(data.get("from")) if isinstance(one, str) and one != "*"]
        if not entities or "for" in data:
            return False
        for entity_id in entities:
            self._stand_ins.becomes(entity_id, from_[0] if from_ else None)
            self._shop.clock.advance(0.0)
            wanted = to[0] if to else self._stand_ins.other(entity_id)
            if self._stand_ins.state(entity_id) == wanted:
                self._stand_ins.becomes(entity_id, self._stand_ins.other(entity_id))
                self._settle()
            self._stand_ins.becomes(entity_id, wanted)
        return True

    def _emit(self, data: Mapping[str, Any]) -> bool:
        names = [one for one in listed(data.get("event_type")) if isinstance(one, str)]
        wanted = data.get("event_data") or {}
        if not names or is_template(names[0]) or not isinstance(wanted, Mapping):
            return False
        self._shop.kernel.bus.emit(names[0], names[0], wanted, source="check")
        return True

    def _path(self, event: Event) -> list[str]:
        """Return one turn of the loop that ends with a refused run."""
        found = [event.subject]
        log = self._shop.log
        by_offset = {one.offset: one for one in log.scan(after=max(0, event.root - 1))}
        cause = event.cause
        while cause is not None:
            one = by_offset.get(cause)
            if one is None:
                break
            if one.type in (STATE_CHANGED, "run.started") and one.subject != found[-1]:
                found.append(one.subject)
            elif one.type not in (STATE_CHANGED, "run.started", "command.sent"):
                found.append(one.type)
            if one.type == "run.started" and one.subject == event.subject:
                found[-1] = event.subject
                break
            cause = one.cause
        return found[::-1]


def _touched(items: Iterable[Item]) -> set[str]:
    """Return the entities that automations and scripts command."""
    return {
        one.lower()
        for item in items
        for call in item.calls
        for one in call.targets.get("entity_id", ())
        if isinstance(one, str) and is_entity_id(one.lower())
    }


def _named(items: Iterable[Item]) -> set[str]:
    """Return the entities that triggers and conditions look at."""
    return {
        entity_id
        for item in items
        for part in (*item.triggers, *item.conditions)
        for entity_id in entities_in(part.data.get("entity_id"))
    }


class _Favour:
    """Puts certainty in place of conditions that no chain can change."""

    def __init__(self, touched: set[str], mentions: Mentions) -> None:
        self._touched = touched
        self._mentions = mentions

    def item(self, node: Any, *, branches: bool) -> Any:
        """Return an item with such conditions taken to hold; those of branches, if so wished."""
        if not isinstance(node, Mapping):
            return node
        return {key: self._value(str(key), value, True, branches) for key, value in node.items()}

    def _value(self, key: str, value: Any, holds: bool, branches: bool) -> Any:
        if key in ("condition", "conditions") and not isinstance(value, str):
            return self._conditions(value, holds)
        if key in _STEPS and key != "choose" and isinstance(value, list | Mapping | str):
            return self._conditions(value, branches)
        if key == "choose":
            return [self._option(one, branches) for one in listed(value)]
        if isinstance(value, Mapping):
            return {k: self._value(str(k), one, holds, branches) for k, one in value.items()}
        if isinstance(value, list):
            return [self._step(one, branches) for one in value]
        return value

    def _option(self, option: Any, branches: bool) -> Any:
        if not isinstance(option, Mapping):
            return option
        return {
            key: self._conditions(value, branches) if key == "conditions"
            else self._value(str(key), value, True, branches)
            for key, value in option.items()
        }  # fmt: skip

    def _step(self, one: Any, branches: bool) -> Any:
        if isinstance(one, Mapping):
            if "condition" in one and "trigger" not in one and "platform" not in one:
                return self._condition(one, True)
            return {key: self._value(str(key), v, True, branches) for key, v in one.items()}
        if isinstance(one, list):
            return [self._step(each, branches) for each in one]
        return one

    def _conditions(self, value: Any, holds: bool) -> Any:
        return [self._condition(one, holds) for one in listed(value)]

    def _condition(self, one: Any, holds: bool) -> Any:
        sure = "{{ " + str(holds).lower() + " }}"
        if isinstance(one, str):
            return sure if self._is_fixed(one) else one
        if not isinstance(one, Mapping):
            return one
        kind = one.get("condition")
        for word in ("and", "or", "not"):
            key = "conditions" if kind == word else word
            if kind == word or word in one:
                inner = holds if word != "not" else not holds
                return {**one, key: [self._condition(each, inner) for each in listed(one.get(key))]}
        if kind in ("time", "sun", "zone", "device"):
            return sure
        if kind == "template":
            source = one.get("value_template")
            return sure if isinstance(source, str) and self._is_fixed(source) else one
        if kind in ("state", "numeric_state"):
            return one if self._touched.intersection(entities_in(one.get("entity_id"))) else sure
        return one

    def _is_fixed(self, source: str) -> bool:
        """Say whether a template looks only at what no chain changes."""
        read = self._mentions.of(source)
        return bool(read.entities) and self._touched.isdisjoint(read.entities)
