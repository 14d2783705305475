"""Backtests as they are asked for and told: what a run of them takes and gives.

The automations do the work; the command line and the API ask for it by these types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import msgspec

TOOL = "backtest"
"""Under what name a plugin offers the function that runs one."""


class Against(StrEnum):
    """What the commands are compared with."""

    RECORD = "record"
    """With what was sent then."""
    CURRENT = "current"
    """With what the automations as they are configured now would have sent."""


class Effects(StrEnum):
    """Where the states of commanded things come from."""

    RECORDED = "recorded"
    """From the record alone: a lamp is on when it was on then."""
    ECHO = "echo"
    """Commands take effect at once, and what the replaced automations did is left out."""


class Change(StrEnum):
    """How a command differs."""

    ADDED = "added"
    """It would have been sent, and was not."""
    MISSING = "missing"
    """It was sent, and would not have been."""


class BacktestRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be tried, and on what."""

    folder: Path | None
    """The configuration folder; its log is the record unless another is named."""
    what: str | None = None
    """An automation (entity id, id or name), or None for all of them."""
    file: Path | None = None
    """A file with automations to try instead of those of the folder."""
    text: str | None = None
    """The same as text."""
    record: Path | None = None
    """A recorder database or History CSV of Home Assistant, or JSON lines."""
    days: float | None = None
    """Only the last so many days of the record."""
    begin: datetime | None = None
    """From then on; without a zone, it is the home's."""
    end: datetime | None = None
    """Until then; it may lie behind the last row, so that what waits can end."""
    against: Against = Against.RECORD
    effects: Effects = Effects.RECORDED
    lines: int = 10_000
    """So many differing commands are told one by one; all are counted."""


class BacktestLine(msgspec.Struct, frozen=True, kw_only=True):
    """A command that differs."""

    change: Change
    time: datetime
    automation: str
    service: str
    subject: str
    """The entity, or the service where it has none."""
    data: Mapping[str, Any]
    why: Sequence[str]
    """In sentences: what led to it, the nearest first."""


class BacktestDay(msgspec.Struct, frozen=True, kw_only=True):
    """The commands of one day at home."""

    day: date
    same: int = 0
    added: int = 0
    missing: int = 0


class BacktestReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a backtest."""

    automations: Sequence[str]
    record: str
    begin: datetime
    end: datetime
    against: Against
    effects: Effects
    rows: int
    """How many changes and events were replayed."""
    took_s: float
    runs: Mapping[str, int]
    """How often each automation would have run."""
    same: int
    added: int
    missing: int
    days: Sequence[BacktestDay]
    """Those on which anything was sent."""
    lines: Sequence[BacktestLine]
    """In the order of time; at most as many as were asked for."""
    failed: Mapping[str, str]
    """By automation: how often runs failed, and how the first one did."""
    notes: Sequence[str]
    """What one has to know to read this."""


class RunBacktest(Protocol):
    """The function that runs a backtest. It blocks."""

    def __call__(
        self, request: BacktestRequest, progress: Callable[[float], None]
    ) -> BacktestReport:
        """Run one; tell now and then which share is done, 0 to 1.

        Raises `ConfigError` about what was asked for, `LogError` if there is no record.
        """
        ...
