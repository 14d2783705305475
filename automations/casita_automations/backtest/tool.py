"""Runs a backtest from what was asked for to what is told."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from casita.backtests import (
    Against,
    BacktestDay,
    BacktestLine,
    BacktestReport,
    BacktestRequest,
    Change,
    Effects,
)
from casita.errors import ConfigError, Problem
from casita_automations.backtest._choosing import chosen, current, replaced, tried
from casita_automations.backtest._comparing import Difference, compared
from casita_automations.backtest._house import PaperHouse
from casita_automations.backtest._notes import notes_of
from casita_automations.backtest._rows import Record, Sent, Span
from casita_automations.backtest._telling import kept_from, names_of, told
from casita_automations.backtest.records.opening import open_file, open_log
from casita_config import Configuration

Progress = Callable[[float], None]


def run(request: BacktestRequest, progress: Progress) -> BacktestReport:
    """Run a backtest; tell now and then which share is done, 0 to 1.

    Raises `ConfigError` about what was asked for, and `LogError` if there is no record.
    """
    return asyncio.run(_Backtest(request).run(progress))


class _Backtest:
    """One backtest: the record, the house that is tried, and perhaps that of now beside it."""

    def __init__(self, request: BacktestRequest) -> None:
        self._request = request
        self._now = current(request)
        self._config = tried(request, self._now)
        self._record = _opened(request, self._now)
        self._span = _span(request, self._record, self._config.home.zone)

    async def run(self, progress: Progress) -> BacktestReport:
        house = self._house(self._config)
        if self._config is not self._now and house.faults:
            raise ConfigError(house.faults)
        mine = chosen(self._request, house.owners)
        other, before = self._other(house)
        self._record.follow(mine | before)
        began = time.perf_counter()
        await self._replay([(house, mine), *([(other, before)] if other else [])], progress)
        took_s = time.perf_counter() - began
        with_data = other is not None or not self._record.traits.calls_as_made
        baseline = other.sent if other is not None else self._record.sent
        difference = compared(house.sent, baseline, with_data=with_data)
        return self._report(house, other, sorted(mine), difference, took_s)

    def _house(self, config: Configuration) -> PaperHouse:
        house = PaperHouse(
            config, self._span.begin, self._record.traits, documents=self._record.documents,
            echo=self._request.effects is Effects.ECHO,
        )  # fmt: skip
        house.build()
        return house

    def _other(self, house: PaperHouse) -> tuple[PaperHouse | None, frozenset[str]]:
        """Return the house of now, if that is asked for, and the automations to compare with."""
        if self._config is self._now:
            if self._request.against is Against.CURRENT:
                message = (
                    "name a file: the current automations against themselves differ in nothing"
                )
                raise ConfigError([Problem(message=message)])
            return None, frozenset()
        now = self._house(self._now)
        before = replaced(now.owners, house.owners)
        return (now if self._request.against is Against.CURRENT else None), before

    async def _replay(
        self, houses: Sequence[tuple[PaperHouse, frozenset[str]]], progress: Progress
    ) -> None:
        initial = list(self._record.initial(self._span.begin))
        for house, mine in houses:
            house.begin(initial, mine)
            if not self._record.traits.events:
                house.happen("hub.started", "casita", {})
        with _collecting_seldom():
            for batch in self._record.batches(self._span):
                for house, _ in houses:
                    await house.feed(batch)
                progress(self._span.share(houses[0][0].clock.now()))
            for house, _ in houses:
                await house.until(self._span.end)
        for house, _ in houses:
            await house.close()
        progress(1.0)

    def _report(
        self,
        house: PaperHouse,
        other: PaperHouse | None,
        mine: Sequence[str],
        difference: Difference,
        took_s: float,
    ) -> BacktestReport:
        return BacktestReport(
            automations=mine,
            record=str(self._request.record or "the log"),
            begin=self._span.begin,
            end=self._span.end,
            against=self._request.against,
            effects=self._request.effects,
            rows=house.rows,
            took_s=round(took_s, 3),
            runs={key: house.runs.get(key, 0) for key in mine},
            same=len(difference.same),
            added=len(difference.added),
            missing=len(difference.missing),
            days=_days(difference, self._config.home.zone),
            lines=self._lines(house, other, difference),
            failed={
                key: f"{len(events)} runs failed; the first: {events[0].data.get('message', '')}"
                for key, events in sorted(house.failed.items())
            },
            notes=notes_of(self._request, self._record, house),
        )

    def _lines(
        self, house: PaperHouse, other: PaperHouse | None, difference: Difference
    ) -> list[BacktestLine]:
        both = [(one, Change.ADDED) for one in difference.added]
        both += [(one, Change.MISSING) for one in difference.missing]
        both.sort(key=lambda pair: pair[0].time)
        names = names_of(house)

        def why(sent: Sent, change: Change) -> list[str]:
            if change is Change.ADDED:
                return told(house.log.chain(sent.offset), names)
            before = other.log.chain(sent.offset) if other else self._record.why(sent)
            return [*told(before, names), kept_from(sent, house, names)]

        return [
            BacktestLine(
                change=change, time=one.time, automation=one.automation, service=one.service,
                subject=one.subject, data=one.data, why=why(one, change),
            )
            for one, change in both[: self._request.lines]
        ]  # fmt: skip


def _opened(request: BacktestRequest, config: Configuration) -> Record:
    if request.record is not None:
        return open_file(request.record)
    if config.data_folder is None:
        message = "there is no record: name a configuration folder with a log, or a file"
        raise ConfigError([Problem(message=message)])
    leave_out = request.effects is Effects.ECHO
    return open_log(config.data_folder, leave_out_effects=leave_out)


def _span(request: BacktestRequest, record: Record, zone: ZoneInfo) -> Span:
    whole = record.span()
    begin, end = whole.begin, whole.end
    if request.end is not None:
        end = _aware(request.end, zone)
    if request.begin is not None:
        begin = max(begin, _aware(request.begin, zone))
    elif request.days is not None:
        begin = max(begin, end - timedelta(days=request.days))
    if end < begin:
        message = f"there is nothing to replay: the record goes from {whole.begin:%Y-%m-%d %H:%M}"
        message += f" to {whole.end:%Y-%m-%d %H:%M} UTC"
        raise ConfigError([Problem(message=message)])
    return Span(begin, end)


def _aware(moment: datetime, zone: ZoneInfo) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _days(difference: Difference, zone: ZoneInfo) -> list[BacktestDay]:
    counts: dict[date, dict[str, int]] = {}
    for field, commands in (
        ("same", difference.same), ("added", difference.added), ("missing", difference.missing)
    ):  # fmt: skip
        for sent in commands:
            of_day = counts.setdefault(sent.time.astimezone(zone).date(), {})
            of_day[field] = of_day.get(field, 0) + 1
    return [BacktestDay(day=day, **counts[day]) for day in sorted(counts)]


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Let the garbage collector look at what is new only, and not all that often."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
