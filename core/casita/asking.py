"""What the house can be asked beyond its log, and who answers.

The automations put themselves here when they start. Asking changes nothing and leaves no trace
in the log; what acts on something that is pending does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from casita.errors import NotReady
from casita.ids import Offset


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    """It does not work as it is written."""
    WARNING = "warning"
    """It works, and hardly as it was meant."""
    HINT = "hint"
    """It works; there is a better way to write it."""


class Respelling(msgspec.Struct, frozen=True, kw_only=True):
    """A key that has a newer name, on the line of a finding."""

    old: str
    new: str


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a check of the configuration has found."""

    code: str
    """A word for programs, as ``unknown-entity``."""
    severity: Severity
    message: str
    """What is wrong and what to do, without the place."""
    file: str | None = None
    """Path relative to the configuration folder."""
    line: int | None = None
    """Line in the file, from 1."""
    key: str | None = None
    """Path of keys from the top of the section, as ``automation[3].triggers[0].to``."""
    fix: Respelling | None = None
    """What ``casita check --fix`` would do about it."""
    uses: tuple[str, ...] = ()
    """For what stands in a blueprint: where it is used, as ``casita.yaml:4``."""

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        told = f"{self.message} [{self.code}]"
        if self.uses:
            more = f" and {len(self.uses) - 1} more" if len(self.uses) > 1 else ""
            told += f" (used at {self.uses[0]}{more})"
        return ": ".join(part for part in (place, self.key, told) if part)


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a house beside its configuration, for checking it."""

    entities: Mapping[str, Mapping[str, Any]] = {}
    """Attributes by entity id."""
    areas: frozenset[str] = frozenset()
    devices: frozenset[str] = frozenset()
    floors: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    whole: bool = False
    """Whether a hub has run on it, so that what is missing here does not exist."""


class Doing(StrEnum):
    """What can be done with something that is pending."""

    CANCEL = "cancel"
    """It does not happen."""
    POSTPONE = "postpone"
    """It happens later."""
    RUN = "run"
    """It happens now."""


class Upcoming(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is going to happen unless something comes between."""

    id: str
    """Names it to `Answerer.act`; it stays the same as long as it is pending."""
    kind: str
    """``delay``, ``wait``, ``for``, ``trigger``, ``timer``, ``schedule``, ``queued``."""
    subject: str
    """The entity that it is about, mostly an automation."""
    due: datetime | None
    """When it happens: aware, UTC; None if it waits for something that has no time."""
    what: str
    """What happens then, in words."""
    cause: Offset | None = None
    """The event by which it came to be pending, where there is one."""
    can: Sequence[Doing] = ()
    """What may be done with it."""


class Clause(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a condition, as it was at one moment."""

    says: str
    """What it asks for, in words."""
    holds: bool | None
    """None: it could not be told."""
    seen: Any = None
    """The value that it looked at, or why it could not be told."""
    file: str | None = None
    line: int | None = None


class Miss(msgspec.Struct, frozen=True, kw_only=True):
    """A time at which an automation came near to running, and what kept it."""

    time: datetime
    trigger: str
    """Which trigger, in words."""
    reason: str
    """``condition``, ``mode``, ``hops``, ``disabled``, ``shadow``, ``for``, ``value``, ``time``,
    ``never``, ``down``, ``fault``, ``cancelled``, ``changed``."""
    message: str
    """What kept it, in one sentence."""
    clauses: Sequence[Clause] = ()
    """The conditions at that moment, where they were asked."""
    offset: Offset | None = None
    """The event of the log by which it came near."""
    recorded: bool = False
    """Whether the hub wrote it down then; else it was worked out from the log."""


class WhyNot(msgspec.Struct, frozen=True, kw_only=True):
    """Why an automation did not run, within a time."""

    automation: str
    name: str
    since: datetime
    until: datetime
    now: Sequence[str]
    """What keeps it from running at present: turned off, in shadow, a trigger that cannot fire."""
    runs: int
    """How often it did run within the time."""
    last_run: datetime | None
    misses: Sequence[Miss]
    """The nearest first."""
    looked_at: int
    """How many events were replayed."""
    cut: bool = False
    """Whether there were more events than are looked at: the oldest were left out."""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A command that was sent, or would have been."""

    time: datetime
    service: str
    subject: str
    data: Mapping[str, Any]
    automation: str
    """Whose run it came from."""
    offset: Offset


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One line of what a shadow would have done otherwise."""

    kind: str
    """``only_shadow``: it would have been sent, and was not; ``only_living``: it was sent, and
    would not have been; ``other_data``: it was sent with other data."""
    shadow: Sent | None
    living: Sent | None


class ShadowDay(msgspec.Struct, frozen=True, kw_only=True):
    """How the commands of one day compare."""

    day: str
    same: int
    only_shadow: int
    only_living: int
    other_data: int


class ShadowDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What an automation in shadow would have done otherwise than the house did."""

    automation: str
    against: Sequence[str]
    """The automations that it is compared with."""
    entities: Sequence[str]
    """Whose commands are compared."""
    since: datetime
    until: datetime
    runs: int
    """How often the shadow ran."""
    same: int
    differences: Sequence[Difference]
    days: Sequence[ShadowDay]


class Answerer(Protocol):
    """Who knows the automations."""

    async def upcoming(self, until: datetime) -> Sequence[Upcoming]:
        """Return what is to happen until then, the soonest first, then what has no time."""
        ...

    async def act(
        self, id: str, doing: Doing, *, by: timedelta | None = None, actor: str | None = None
    ) -> Upcoming:
        """Cancel, postpone ``by`` some time, or run now what is pending; return what it was.

        Raises `InvalidCommand` if there is no such thing, or this cannot be done with it.
        """
        ...

    async def why_not(
        self, automation: str, *, since: datetime, until: datetime, at: datetime | None = None
    ) -> WhyNot:
        """Return the nearest misses of an automation within a time, those near ``at`` first.

        Raises `UnknownEntity` if there is no such automation.
        """
        ...

    async def shadow_diff(
        self, automation: str, *, against: str | None, since: datetime, until: datetime
    ) -> ShadowDiff:
        """Compare what a shadow would have sent with what was sent.

        Raises `UnknownEntity` if there is no such automation.
        """
        ...

    async def check(self, known: Known) -> Sequence[Finding]:
        """Look through the configuration without running it; return what is wrong."""
        ...


class Asking:
    """Who answers at present."""

    def __init__(self) -> None:
        self._answerer: Answerer | None = None

    def answered_by(self, answerer: Answerer | None) -> None:
        """Let somebody answer from now on; None: nobody does."""
        self._answerer = answerer

    @property
    def answerer(self) -> Answerer:
        """Who answers. Raises `NotReady` if the automations do not run."""
        if self._answerer is None:
            raise NotReady("the automations do not run at present; see `casita plugin list`")
        return self._answerer
