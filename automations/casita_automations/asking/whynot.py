"""Why an automation did not run: what the log holds of it, and what a replay of the log shows."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from casita.asking import Clause, Known, Miss, WhyNot
from casita.events import STATE_CHANGED, Event, State
from casita.ids import is_entity_id
from casita.kernel import Kernel
from casita_automations.asking.declared import DeclaredTrigger, triggers_of
from casita_automations.asking.occurrences import SCHEDULED, occurrences
from casita_automations.asking.past import Past
from casita_automations.asking.replaying import Almost, Broken, Fired, Seen, replay
from casita_automations.automation import Automation
from casita_automations.checking import faults_of
from casita_automations.happening import OUR_NAMES
from casita_automations.parsing import listed
from casita_automations.parts import Parts
from casita_automations.templates import TemplateError, is_template
from casita_config import plain

_LEAD: Final = timedelta(hours=1)
"""So much earlier the replay begins, for a ``for:`` that runs when the time begins."""
_AT_ONCE: Final = timedelta(seconds=2)
_MOST: Final = 25
_FAR_BACK: Final = 20
"""So many changes are looked through for when a state became what it was."""
_ENTITY: Final = re.compile(r"[a-z_]+\.[a-z0-9_]+")
_RECORDED: Final = ("run.started", "run.skipped", "run.refused")
_HUB: Final = ("hub.started", "hub.stopped")
_NEAREST: Final = {"for": 0.25, "value": 0.5, "changed": 0.2, "never": 0.9}


@dataclass(frozen=True, slots=True)
class _Record:
    """What the log holds beside the events that triggers look at."""

    runs: Sequence[Event]
    """What it wrote of the automation."""
    switched: Sequence[Event]
    """Changes of the automation's own entity."""
    hub: Sequence[Event]
    on_before: bool

    def off_at(self, moment: datetime) -> bool:
        """Say whether the automation was turned off."""
        on = self.on_before
        for event in self.switched:
            if event.time <= moment:
                on = event.data.get("state") != "off"
        return not on

    def down_at(self, moment: datetime) -> bool:
        """Say whether the hub did not run."""
        down = False
        for event in self.hub:
            if event.time <= moment:
                down = event.type == "hub.stopped"
        return down

    def near(self, moment: datetime) -> Event | None:
        """Return what was written of a moment at which it was triggered."""
        fitting = [one for one in self.runs if abs(one.time - moment) <= _AT_ONCE]
        return min(fitting, key=lambda one: abs(one.time - moment), default=None)


async def why_not(
    automation: Automation, parts: Parts, since: datetime, until: datetime, at: datetime | None
) -> WhyNot:
    """Return the nearest misses of an automation within a time, those near ``at`` first."""
    kernel = parts.kernel
    past = Past(kernel.log)
    subjects, types = _looked_at(automation, parts)
    begin = since - _LEAD
    events = await past.between(begin, until, types=types, subjects=subjects)
    initial = await _states_before(kernel, past, subjects, begin)
    record = await _record(automation, kernel, past, since, until)
    seen = await asyncio.to_thread(
        replay, automation, kernel, initial, events, begin=begin, since=since, until=until
    )
    now = await asyncio.to_thread(lambda: list(_at_present(automation, parts)))
    started = [one for one in record.runs if one.type == "run.started"]
    return WhyNot(
        automation=automation.entity_id,
        name=automation.name,
        since=since,
        until=until,
        now=now,
        runs=len(started),
        last_run=started[-1].time if started else automation.last_triggered,
        misses=_sorted(list(_misses(automation, seen, record)), at)[:_MOST],
        looked_at=seen.events,
        cut=past.cut,
    )


# What is to be replayed


def _looked_at(automation: Automation, parts: Parts) -> tuple[list[str], list[str]]:
    """Return the subjects and types of the events that the automation looks at."""
    node, _ = automation.declared
    item = plain(node)
    text = json.dumps({k: v for k, v in item.items() if k not in ("actions", "action")},
                      default=str)  # fmt: skip
    entities = {one for one in _ENTITY.findall(text.lower()) if is_entity_id(one)}
    everything = False
    for source in _texts(item):
        try:
            _, reads = parts.templates.template(source).render_tracked(automation.static)
        except TemplateError:
            continue
        entities |= reads.entities
        everything = everything or reads.all_states or bool(reads.domains)
    types = [STATE_CHANGED]
    for trigger in triggers_of(automation, parts.kernel.vocabulary.automations):
        if trigger.kind == "event":
            names = [str(one) for one in listed(trigger.config.get("event_type"))]
            types += [OUR_NAMES.get(name, name) for name in names if not is_template(name)]
            everything = True
        elif trigger.kind == "homeassistant":
            types += _HUB
            everything = True
    return ([] if everything else sorted(entities)), types


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        if is_template(data):
            yield data
    elif isinstance(data, Mapping):
        for key, value in data.items():
            if key not in ("actions", "action"):
                yield from _texts(value)
    elif isinstance(data, list):
        for value in data:
            yield from _texts(value)


async def _states_before(
    kernel: Kernel, past: Past, subjects: Sequence[str], moment: datetime
) -> list[State]:
    """Return the states as they were at a moment."""
    offset = await past.offset_at(moment)
    found: list[State] = []
    for state in list(kernel.states):
        if subjects and state.entity_id not in subjects:
            continue
        if state.last_updated <= moment:
            found.append(state)
            continue
        earlier = await _state_at(past, state.entity_id, offset)
        if earlier is not None:
            found.append(earlier)
    return found


async def _state_at(past: Past, entity_id: str, offset: int) -> State | None:
    event = await past.last_of(entity_id, offset + 1, type=STATE_CHANGED)
    if event is None or event.data.get("state") is None:
        return None
    changed = event
    for _ in range(_FAR_BACK):
        if changed.data.get("old") != changed.data.get("state"):
            break
        before = await past.last_of(entity_id, changed.offset, type=STATE_CHANGED)
        if before is None:
            break
        changed = before
    return State(
        entity_id, str(event.data["state"]), event.data.get("attributes") or {},
        changed.time, event.time, event.offset,
    )  # fmt: skip


async def _record(
    automation: Automation, kernel: Kernel, past: Past, since: datetime, until: datetime
) -> _Record:
    mine = (automation.entity_id,)
    runs = await past.between(since, until, types=_RECORDED, subjects=mine)
    switched = await past.between(since, until, types=(STATE_CHANGED,), subjects=mine)
    hub = await past.between(since, until, types=_HUB)
    offset = await past.offset_at(since)
    before = await past.last_of(automation.entity_id, offset + 1, type=STATE_CHANGED)
    on_before = before is None or before.data.get("state") != "off"
    return _Record(runs, switched, hub, on_before)


# What kept it


def _misses(automation: Automation, seen: Seen, record: _Record) -> Iterator[Miss]:
    told: set[int] = set()
    for fired in seen.fired:
        event = record.near(fired.time)
        if event is not None:
            told.add(event.offset)
        miss = _of_fired(automation, fired, event, record)
        if miss is not None:
            yield miss
    for event in record.runs:
        if event.type != "run.started" and event.offset not in told:
            yield _of_record(event, str(event.data.get("trigger") or "asked to run"), ())
    for broken in seen.broken:
        yield _of_broken(broken)
    for almost in seen.almost:
        yield _of_almost(almost)


def _of_fired(
    automation: Automation, fired: Fired, event: Event | None, record: _Record
) -> Miss | None:
    """Return why nothing ran when a trigger fired; None if something did."""
    name, clauses = fired.trigger.name, tuple(fired.clauses)
    if event is not None:
        return None if event.type == "run.started" else _of_record(event, name, clauses)
    reason, message = "changed", (
        "it was triggered and its conditions held, and yet the hub did not run it: it was not "
        "there, or was written differently, at that time"
    )  # fmt: skip
    if record.down_at(fired.time):
        reason, message = "down", "the hub did not run at that time"
    elif record.off_at(fired.time):
        reason, message = "disabled", "it was turned off at that time"
    elif not fired.holds:
        reason, message = "condition", _of_clauses(clauses)
    return Miss(
        time=fired.time, trigger=name, reason=reason, message=message, clauses=clauses,
        offset=fired.offset,
    )  # fmt: skip


def _of_record(event: Event, trigger: str, clauses: Sequence[Clause]) -> Miss:
    """Return a miss that the hub has written down."""
    data = event.data
    message = str(data.get("message") or "")
    if event.type == "run.refused":
        reason = str(data.get("reason"))
        if reason == "mode":
            message = f"it ran already, and its mode lets no more runs in: {message}"
    elif data.get("reason") == "cancelled":
        reason, clauses = "cancelled", ()
    else:
        reason, message = "condition", _of_clauses(clauses)
        if not clauses:
            clauses = [Clause(says="its conditions hold", holds=False, seen=data.get("seen"))]
    return Miss(
        time=event.time, trigger=trigger, reason=reason, message=message, clauses=tuple(clauses),
        offset=event.cause or event.offset, recorded=True,
    )  # fmt: skip


def _of_clauses(clauses: Sequence[Clause]) -> str:
    failed = [one.says.strip() for one in clauses if one.holds is not True]
    if not failed:
        return "its conditions did not hold"
    more = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
    return f"a condition said no: {failed[0]}{more}"


def _of_broken(broken: Broken) -> Miss:
    lasted, length = (timedelta(seconds=round(one.total_seconds())) for one in
                      (broken.lasted, broken.length))  # fmt: skip
    by = broken.by
    after = "" if by is None else f", then {by.subject} became {by.data.get('state')!r}"
    return Miss(
        time=broken.time, trigger=broken.trigger.name, reason="for",
        message=f"it held for {lasted} of the {length} that are asked for{after}",
        offset=None if by is None else by.offset,
    )  # fmt: skip


def _of_almost(almost: Almost) -> Miss:
    return Miss(
        time=almost.time, trigger=almost.trigger.name, reason="value",
        message=almost.near.message, offset=almost.offset,
    )  # fmt: skip


def _sorted(misses: list[Miss], at: datetime | None) -> list[Miss]:
    """Return the nearest first: what was triggered, then ``for:``, then values; the newest first.

    If a time was asked for, how near to it counts before all else, by the minute.
    """

    def key(one: Miss) -> tuple[float, float, float]:
        apart = 0.0 if at is None else abs((one.time - at).total_seconds()) // 60
        return apart, _NEAREST.get(one.reason, 0.0), -one.time.timestamp()

    return sorted(misses, key=key)


# What keeps it at present


def _at_present(automation: Automation, parts: Parts) -> Iterator[str]:
    kernel = parts.kernel
    if not automation.enabled:
        yield "it is turned off"
    if automation.shadow:
        yield "it is in shadow: it records what it would do, and does nothing"
    if automation.runs and automation.limits.runs == 1:
        yield f"a run of it is under way, and its mode is {automation.limits.mode}"
    for finding in faults_of(automation, kernel, Known(whole=True)):
        place = f"{finding.file}:{finding.line}: " if finding.file else ""
        yield f"{place}{finding.message}"
    for trigger in triggers_of(automation, kernel.vocabulary.automations):
        yield from _of_trigger(automation, trigger, parts)


def _of_trigger(automation: Automation, trigger: DeclaredTrigger, parts: Parts) -> Iterator[str]:
    if not trigger.enabled:
        yield f"its trigger {trigger.name} is switched off"
    elif trigger.kind in SCHEDULED:
        now, zone = parts.kernel.clock.now(), parts.kernel.config.home.zone
        due = next(occurrences(trigger, parts, now, automation.static), None)
        shown = "never again" if due is None else f"{due.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        yield f"its trigger {trigger.name} is next due: {shown}"
