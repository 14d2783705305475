"""Compares what an automation in shadow would have sent with what was sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from casita.asking import Difference, Sent, ShadowDay, ShadowDiff
from casita.events import Event
from casita.ids import Offset, domain_of
from casita.log import EventLog
from casita_automations.asking.past import Past
from casita_automations.automation import Automation
from casita_automations.checking.walk import take_apart
from casita_config import HomeSettings

_SHADOWED: Final = "command.shadowed"
_SENT: Final = "command.sent"
_TYPES: Final = ("run.started", _SENT, _SHADOWED)
_TOGETHER: Final = timedelta(seconds=5)
"""Two commands that are no further apart are the same one."""
_LONGEST_CHAIN: Final = 50


async def shadow_diff(
    automation: Automation,
    log: EventLog,
    home: HomeSettings,
    *,
    against: str | None,
    since: datetime,
    until: datetime,
) -> ShadowDiff:
    """Compare the commands of a time, for all entities that the shadow commands or may command."""
    past = Past(log)
    events = await past.between(since, until, types=_TYPES)
    senders = _Senders(log, events)
    shadow, living = [], []
    for event in events:
        if event.type == "run.started":
            continue
        sender = await senders.of(event)
        if event.type == _SHADOWED and sender == automation.entity_id:
            shadow.append(_sent(event, sender))
        elif event.type == _SENT and sender is not None and sender != automation.entity_id:
            living.append(_sent(event, sender))
    wanted = {*(one.subject for one in shadow), *_named(automation)}
    if against is not None:
        living = [one for one in living if one.automation == against]
        wanted |= {one.subject for one in living}
    living = [one for one in living if one.subject in wanted]
    runs = sum(one.type == "run.started" and one.subject == automation.entity_id for one in events)
    same, differences = _compared(shadow, living)
    return ShadowDiff(
        automation=automation.entity_id,
        against=[against] if against is not None else sorted({one.automation for one in living}),
        entities=sorted(wanted),
        since=since,
        until=until,
        runs=runs,
        same=len(same),
        differences=differences,
        days=_days(same, differences, home),
    )


class _Senders:
    """Which automation a command comes from, also through scripts."""

    def __init__(self, log: EventLog, events: Iterable[Event]) -> None:
        self._log = log
        self._by_offset: dict[int, Event | None] = {one.offset: one for one in events}

    async def of(self, event: Event) -> str | None:
        """Return the automation in whose run an event came about."""
        one: Event | None = event
        for _ in range(_LONGEST_CHAIN):
            if one is None or one.cause is None:
                return None
            one = await self._event(one.cause)
            if one is not None and one.type == "run.started":
                if domain_of(one.subject) == "automation":
                    return one.subject
            elif one is not None and one.type not in (_SENT, _SHADOWED):
                return None
        return None

    async def _event(self, offset: Offset) -> Event | None:
        if offset not in self._by_offset:
            self._by_offset[offset] = await self._log.event(offset)
        return self._by_offset[offset]


def _sent(event: Event, automation: str) -> Sent:
    return Sent(
        time=event.time, service=str(event.data["service"]), subject=event.subject,
        data=event.data.get("data") or {}, automation=automation, offset=event.offset,
    )  # fmt: skip


def _named(automation: Automation) -> set[str]:
    """Return the entities that an automation may command, as far as it names them."""
    node, at = automation.declared
    item = take_apart("automation", automation.entity_id, automation.name, node, at, None)
    return {
        one.lower()
        for call in item.calls
        for one in call.targets.get("entity_id", ())
        if isinstance(one, str)
    }


def _compared(
    shadow: Sequence[Sent], living: Sequence[Sent]
) -> tuple[list[Sent], list[Difference]]:
    left = list(living)
    same: list[Sent] = []
    found: list[Difference] = []
    for one in shadow:
        twin = _twin(one, left)
        if twin is None:
            found.append(Difference(kind="only_shadow", shadow=one, living=None))
            continue
        left.remove(twin)
        if twin.data == one.data:
            same.append(one)
        else:
            found.append(Difference(kind="other_data", shadow=one, living=twin))
    found += [Difference(kind="only_living", shadow=None, living=one) for one in left]
    return same, sorted(found, key=lambda one: _either(one).time)


def _twin(one: Sent, living: Iterable[Sent]) -> Sent | None:
    fits = (
        other
        for other in living
        if (other.service, other.subject) == (one.service, one.subject)
        and abs(other.time - one.time) <= _TOGETHER
    )
    return min(fits, key=lambda other: (other.data != one.data, abs(other.time - one.time)),
               default=None)  # fmt: skip


def _either(difference: Difference) -> Sent:
    one = difference.shadow or difference.living
    if one is None:
        raise ValueError("a difference has one side at least")
    return one


def _days(
    same: Iterable[Sent], differences: Iterable[Difference], home: HomeSettings
) -> list[ShadowDay]:
    counts: dict[str, Counter[str]] = {}

    def count(when: datetime, kind: str) -> None:
        day = when.astimezone(home.zone).date().isoformat()
        counts.setdefault(day, Counter())[kind] += 1

    for one in same:
        count(one.time, "same")
    for difference in differences:
        count(_either(difference).time, difference.kind)
    return [_day(day, kinds) for day, kinds in sorted(counts.items())]


def _day(day: str, kinds: Mapping[str, int]) -> ShadowDay:
    return ShadowDay(
        day=day, same=kinds.get("same", 0), only_shadow=kinds.get("only_shadow", 0),
        only_living=kinds.get("only_living", 0), other_data=kinds.get("other_data", 0),
    )  # fmt: skip
