"""What is due again and again: fires on time, and makes up for what was missed as it is told to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from casita.missed import Missed, Policy
from casita_automations.parts import Parts
from casita_automations.triggers.source import NOTHING, Arming, Cancel, Pending

Next = Callable[[datetime], datetime | None]
"""Given a time, returns the first occurrence after it, in UTC; None if there is none."""
Facts = Callable[[datetime], dict[str, Any]]
"""Given the time at home at which it was due, returns what the trigger tells."""

ON_TIME: Final = timedelta(minutes=1)
"""A house that runs takes what is no later than this for punctual: clocks are set, loops stall."""
_MOST: Final = 100
"""So many missed occurrences at most are made up for, the latest."""
_NO_TIME: Final = timedelta(microseconds=1)


class Due:
    """The occurrences that an armed trigger waited for when the hub ended."""

    def __init__(self, arming: Arming) -> None:
        self._pending = {one.key: one for one in arming.holds.kept()}

    def take(self, key: str) -> datetime | None:
        """Return the time that was waited for under a name."""
        pending = self._pending.pop(key, None)
        return None if pending is None else datetime.fromtimestamp(pending.due, UTC)

    def close(self, arming: Arming) -> None:
        """Strike out what nobody asked for."""
        for key in self._pending:
            arming.holds.drop(key)


class Recurring:
    """Fires at each of the times that ``following`` gives."""

    def __init__(
        self,
        parts: Parts,
        arming: Arming,
        missed: Missed,
        following: Next,
        facts: Facts,
        *,
        key: str,
        after: timedelta = timedelta(),
        repeats: timedelta = timedelta(hours=25),
    ) -> None:
        """``key`` names it among those of its trigger; ``after`` is how much later it fires.

        If the clock is put back by up to ``repeats``, what has fired does not fire again.
        """
        self._parts = parts
        self._clock = parts.kernel.clock
        self._arming = arming
        self._missed = missed
        self._next = following
        self._facts = facts
        self._key = key
        self._after = after
        self._repeats = repeats
        self._due: datetime | None = None
        self._fired: datetime | None = None
        self._blind = False
        """Whether the time that it waits for comes from a clock that was not trusted."""
        self._stops: list[Cancel] = []
        self._stop_waiting: Cancel = _nothing

    def start(self, waited_for: datetime | None = None) -> Cancel:
        """Begin; return what ends it. ``waited_for`` is what was next when the hub ended."""
        self._stops = [self._clock.on_setback(self._set_back)]
        now = self._clock.now()
        if waited_for is None:
            self._blind = not self._clock.trusted
            self._await(self._next(now - self._after))
        elif waited_for <= now and self._clock.trusted:
            self._due = waited_for
            self._stop_waiting = self._parts.ready.soon(self._make_up)
        else:
            self._await(waited_for)
        return self._cancel

    def _await(self, due: datetime | None) -> None:
        self._due = due
        if due is None:
            self._arming.holds.drop(self._key)
            return
        if self._missed.policy is not Policy.SKIP and self._clock.trusted:
            self._arming.holds.keep(
                Pending(key=self._key, due=due.timestamp(), data={}, cause=NOTHING)
            )
        self._stop_waiting = self._clock.call_at(due + self._after, self._over).cancel

    def _over(self) -> None:
        """Fire; the clock may have been put forward over more than the one time."""
        due, now = self._due, self._clock.now()
        if due is None:
            return
        if self._blind:
            self._blind = False
            self._await(self._next(now))
        elif now - due <= ON_TIME:
            self._fire([due], now)
        else:
            self._make_up()

    def _make_up(self) -> None:
        """Fire for what was missed, as far as it is wanted."""
        due, now = self._due, self._clock.now()
        if due is None:
            return
        found = self._since(due, now)
        timely = [one for one in found if now - one <= ON_TIME]
        wanted = [one for one in found if self._missed.takes(now - one)]
        if self._missed.policy is not Policy.ALL:
            wanted = wanted[-1:]
        self._fire(wanted or timely[-1:], now)

    def _since(self, due: datetime, now: datetime) -> list[datetime]:
        """Return the latest occurrences from one to now."""
        window = self._missed.within
        begin = due if window is None else max(due, now - max(window, ON_TIME))
        found: list[datetime] = []
        one = self._next(begin - _NO_TIME)
        while one is not None and one <= now:
            found.append(one)
            if len(found) > 2 * _MOST:
                del found[:_MOST]
            one = self._next(one)
        return found[-_MOST:]

    def _fire(self, dues: list[datetime], now: datetime) -> None:
        zone = self._parts.kernel.config.home.zone
        with self._parts.kernel.log.together():
            if dues:
                self._fired = dues[-1]
            self._await(self._next(max([*dues, now - self._after])))
            for due in dues:
                facts = self._facts(due.astimezone(zone))
                if now - due > ON_TIME:
                    facts["missed_by"] = now - due
                self._arming.fires(None, **facts)

    def _set_back(self) -> None:
        """Wait for the next time by a clock that was put back, but for none that has fired."""
        if self._due is None:
            return
        self._stop_waiting()
        fired, now = self._fired, self._clock.now()
        again = fired is None or not now < fired <= now + self._repeats
        self._await(self._next(now if again or fired is None else fired))

    def _cancel(self) -> None:
        for stop in self._stops:
            stop()
        self._stop_waiting()
        self._stop_waiting = _nothing
        self._due = None
        self._arming.holds.drop(self._key)


def _nothing() -> None:
    return
