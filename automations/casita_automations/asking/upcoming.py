"""What is going to happen: runs that wait, running ``for:``, times, timers, schedules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from typing import Any, Final

from casita.asking import Doing, Upcoming
from casita.events import State
from casita.ids import Offset
from casita.timers import Timer
from casita_automations.asking.declared import DeclaredTrigger, triggers_of
from casita_automations.asking.occurrences import SCHEDULED, occurrences
from casita_automations.automation import Automation
from casita_automations.keeping import HOLDS
from casita_automations.owner import SOURCE, Owner
from casita_automations.parts import Parts
from casita_automations.python_automation import PythonAutomation
from casita_automations.running import Run, Strand, Wait

_MOST_TIMES: Final = 20
"""So many times of one trigger at most."""
_OFTEN: Final = timedelta(hours=1)
"""Of a trigger that is due more often than this only the next time is told."""
_ALL: Final = (Doing.CANCEL, Doing.POSTPONE, Doing.RUN)
_NOT_PEOPLES: Final = frozenset({"children", "turn"})
"""Waits that are over by themselves."""


def everything(parts: Parts, owners: Mapping[str, Owner], until: datetime) -> list[Upcoming]:
    """Return what is to happen until then, the soonest first, then what has no time."""
    found = [
        *_waits(owners.values()),
        *_queued(owners.values()),
        *_holds(parts, owners),
        *_scheduled(parts, owners.values(), until),
        *_timers(parts),
        *_schedules(parts.kernel.states.of_domain("schedule")),
    ]
    timely = [one for one in found if one.due is None or one.due <= until]
    return sorted(timely, key=lambda one: (one.due is None, one.due or until, one.subject, one.id))


def _waits(owners: Iterable[Owner]) -> Iterator[Upcoming]:
    for owner in owners:
        for run in owner.runs.values():
            if isinstance(owner, PythonAutomation):
                yield from _of_journal(run, 0, run.variables.get("journal"))
            for strand in run.strands.values():
                wait = strand.wait
                if wait is not None and wait.kind == "handler":
                    yield from _of_journal(run, strand.number, wait.data["journal"])
                elif wait is not None and wait.kind not in _NOT_PEOPLES:
                    yield _of_wait(run, strand, wait)


def _of_wait(run: Run, strand: Strand, wait: Wait) -> Upcoming:
    words = {
        "delay": "it goes on after its delay",
        "template": "it waits for a template to be true",
        "trigger": "it waits for a trigger",
        "call": "it waits for a device to answer",
        "run": "it waits for a script to end",
    }
    what = words.get(wait.kind, f"it waits ({wait.kind})")
    if wait.due is not None and wait.kind in ("template", "trigger"):
        what = f"{what}; then its time is over"
    following = _following(run)
    can: tuple[Doing, ...] = _ALL if wait.due is not None else (Doing.CANCEL,)
    return Upcoming(
        id=f"run:{run.key}:{strand.number}",
        kind="delay" if wait.kind == "delay" else "wait",
        subject=run.owner.entity_id,
        due=wait.due,
        what=f"{what}, next: {following}" if following else what,
        cause=run.cause.offset,
        can=can,
    )


def _following(run: Run) -> str | None:
    """Say which action comes after the one that waits, where that is plain to see."""
    source = run.program.source
    path = str(run.trace[-1][0]) if run.trace else ""
    parts = path.split("/")
    if len(parts) != 2 or not parts[1].isdecimal() or not isinstance(source, list):
        return None
    index = int(parts[1]) + 1
    item = source[index] if index < len(source) else None
    if not isinstance(item, Mapping):
        return None
    if item.get("alias"):
        return str(item["alias"])
    called = item.get("action", item.get("service"))
    if called is None:
        return str(next(iter(item), ""))
    target = item.get("target") or item.get("data") or item
    entity = target.get("entity_id") if isinstance(target, Mapping) else None
    shown = ", ".join(map(str, entity)) if isinstance(entity, list) else entity
    return f"{called} {shown}" if shown else str(called)


def _of_journal(
    run: Run, strand: int, journal: Sequence[Mapping[str, Any]] | None
) -> Iterator[Upcoming]:
    """What a Python handler awaits; it is always the last of its journal."""
    entry = journal[-1] if journal else {}
    if entry.get("begun") and "result" not in entry and entry.get("kind") in ("wait", "sleep"):
        about = f" for {entry['what']}" if entry.get("what") else ""
        yield Upcoming(
            id=f"run:{run.key}:{strand}", kind="wait" if entry["kind"] == "wait" else "delay",
            subject=run.owner.entity_id, due=entry.get("due"), what=f"it waits{about}",
            cause=run.cause.offset, can=(Doing.CANCEL,),
        )  # fmt: skip


def _queued(owners: Iterable[Owner]) -> Iterator[Upcoming]:
    for owner in owners:
        for queued in owner.queue:
            yield Upcoming(
                id=f"queued:{queued.key}", kind="queued", subject=owner.entity_id, due=None,
                what="a run waits for the one before it to end", can=(Doing.CANCEL,),
                cause=None if queued.cause is None else queued.cause.offset,
            )  # fmt: skip


def _holds(parts: Parts, owners: Mapping[str, Owner]) -> Iterator[Upcoming]:
    """The ``for:`` that run. They are known from where they are kept for a restart."""
    for key, document in parts.kernel.log.items(HOLDS).items():
        name, _, inner = key.partition(" ")
        entity_id, _, index = name.rpartition("/")
        owner = owners.get(entity_id)
        offset = document["cause"][0]
        if not isinstance(owner, Automation) or not index.isdecimal():
            continue
        if not offset or not document["due"]:
            continue
        about = inner.partition(" ")[0]
        trigger = _nth(owner, parts, int(index))
        name = trigger.name if trigger else about
        yield Upcoming(
            id=f"hold:{key}", kind="for", subject=entity_id,
            due=datetime.fromtimestamp(document["due"], UTC),
            what=f"it is triggered if {about} stays as it is ({name})" if "." in about
            else f"it is triggered if that stays so ({name})",
            cause=Offset(offset), can=_ALL,
        )  # fmt: skip


def _nth(automation: Automation, parts: Parts, index: int) -> DeclaredTrigger | None:
    triggers = triggers_of(automation, parts.kernel.vocabulary.automations)
    return triggers[index] if index < len(triggers) else None


def _scheduled(parts: Parts, owners: Iterable[Owner], until: datetime) -> Iterator[Upcoming]:
    now = parts.kernel.clock.now()
    for owner in owners:
        if not isinstance(owner, Automation) or not owner.enabled:
            continue
        for trigger in triggers_of(owner, parts.kernel.vocabulary.automations):
            if trigger.enabled and trigger.kind in SCHEDULED:
                yield from _times(owner, trigger, parts, now, until)


def _times(
    automation: Automation, trigger: DeclaredTrigger, parts: Parts, now: datetime, until: datetime
) -> Iterator[Upcoming]:
    skipped = automation.skips.get(trigger.number)
    skipped = skipped if skipped is not None and skipped > now else None
    times = occurrences(trigger, parts, now, automation.static)
    wanted = (due for due in times if skipped is None or due > skipped)
    dues = list(islice(takewhile(lambda due: due <= until, wanted), _MOST_TIMES))
    often = len(dues) > 1 and dues[1] - dues[0] < _OFTEN
    for number, due in enumerate(dues[:1] if often else dues):
        first = number == 0 and skipped is None
        yield Upcoming(
            id=f"trigger:{automation.entity_id}/{trigger.number}@{due.timestamp():.0f}",
            kind="trigger", subject=automation.entity_id, due=due,
            what=f"it is triggered ({trigger.name})" + (", and often after that" if often else ""),
            can=_ALL if first else (),
        )  # fmt: skip


def _timers(parts: Parts) -> Iterator[Upcoming]:
    for timer in parts.kernel.timers:
        entity_id = entity_of(parts, timer)
        if timer.owner == SOURCE:
            yield Upcoming(
                id=f"timer:{timer.key}", kind="timer", subject=str(timer.data["automation"]),
                due=timer.due, what="it is triggered: a person postponed it",
                cause=timer.cause.offset, can=_ALL,
            )  # fmt: skip
        else:
            yield Upcoming(
                id=f"timer:{timer.key}", kind="timer", subject=entity_id or timer.key,
                due=timer.due, what="the timer runs out", cause=timer.cause.offset,
                can=_ALL if entity_id is not None else (),
            )  # fmt: skip


def entity_of(parts: Parts, timer: Timer) -> str | None:
    """Return the ``timer`` entity that a timer belongs to, if it is one of those."""
    for entry in parts.kernel.registry.entities:
        if (entry.source, entry.unique_id) == (timer.owner, timer.name):
            return entry.entity_id if entry.domain == "timer" else None
    return None


def _schedules(states: Iterable[State]) -> Iterator[Upcoming]:
    for state in states:
        moment = _time(state.attributes.get("next_event"))
        if moment is not None:
            becomes = "off" if state.state == "on" else "on"
            yield Upcoming(
                id=f"schedule:{state.entity_id}", kind="schedule", subject=state.entity_id,
                due=moment, what=f"the schedule turns {becomes}", cause=state.offset,
            )  # fmt: skip


def _time(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment.astimezone(UTC)
