"""The way of one command to its device: once, or until it has arrived, within its time."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from casita.bus import Bus
from casita.clock import Clock, deadline
from casita.confirming import Confirms
from casita.errors import AnswerLost, CasitaError, NotSent, NotStored
from casita.events import STATE_CHANGED
from casita.services import DONE, Command, CommandHandler, Kind, Outcome, Status
from casita.states import States

_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 4.0
_logger = logging.getLogger(__name__)

STOPPED: Final = Outcome(status=Status.UNCERTAIN, message="the hub stopped before the answer came")


class Delivery:
    """One command under way.

    A ``set`` whose answer was lost is sent again until its time is over. A ``pulse`` is sent
    again only if it certainly did not arrive, and not before its intent is stored: after a
    crash nobody sends it a second time.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        states: States,
        command: Command,
        kind: Kind,
        handler: Callable[[], CommandHandler],
        *,
        expires_s: float,
        confirms: Confirms | None = None,
    ) -> None:
        """``handler`` gives who carries it out at present; ``confirms`` says what to wait for."""
        self._bus = bus
        self._clock = clock
        self._states = states
        self._command = command
        self._kind = kind
        self._handler = handler
        self._expires_s = expires_s
        self._confirms = confirms
        self._began = False
        self._perhaps = False
        """Whether an attempt may have arrived whose answer was lost."""
        self._last: Outcome | None = None
        """How the latest attempt ended, if there was one."""

    async def rest(self, first: Outcome | Awaitable[Outcome | None], turn: asyncio.Lock) -> Outcome:
        """Return how the command ended, at the end of its time at the latest."""
        try:
            async with deadline(self._clock, self._expires_s), turn:
                return await self._delivered(first)
        except TimeoutError:
            return self._expired()
        finally:
            if not self._began and inspect.iscoroutine(first):
                first.close()

    async def _delivered(self, result: Outcome | Awaitable[Outcome | None]) -> Outcome:
        pause_s = _FIRST_PAUSE_S
        if self._kind is Kind.PULSE:
            await self._intent_stored()
        while True:
            outcome = self._last = await self._answered(result)
            self._perhaps |= outcome.status is Status.UNCERTAIN
            if self._confirms is not None and outcome.status is not Status.FAILED:
                again = may_be_repeated(outcome, self._kind)
                if await self._confirmed(pause_s if again else None):
                    return DONE if again or outcome.status is not Status.DONE else outcome
            if not may_be_repeated(outcome, self._kind):
                return self._honest(outcome)
            if self._confirms is None or outcome.status is Status.FAILED:
                await self._clock.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            result = hand_over(self._handler(), self._command)

    async def _answered(self, result: Outcome | Awaitable[Outcome | None]) -> Outcome:
        self._began = True
        if isinstance(result, Outcome):
            return result
        self._last = None
        try:
            return await result or DONE
        except Exception as err:  # noqa: BLE001 - a plugin's handler is isolated from its callers
            return _after(self._command, err)

    async def _intent_stored(self) -> None:
        """Wait until a restart would know of the command; a broken disk does not stop the house."""
        try:
            await self._bus.log.stored(self._command.event)
        except NotStored as err:
            _logger.warning("%s: sent although its intent is not stored: %s", self._name, err)

    async def _confirmed(self, within_s: float | None) -> bool:
        """Return True once the state says so; False if it does not within so many seconds."""
        if self._says_so():
            return True
        came = asyncio.Event()
        subscription = self._bus.subscribe(
            lambda _event: came.set() if self._says_so() else None,
            owner="commands", type=STATE_CHANGED, subject=self._command.entity_id,
        )  # fmt: skip
        alarm = None if within_s is None else self._clock.call_later(within_s, came.set)
        try:
            await came.wait()
            return self._says_so()
        finally:
            subscription.cancel()
            if alarm is not None:
                alarm.cancel()

    def _says_so(self) -> bool:
        state = self._states.get(self._command.entity_id or "")
        if state is None or self._confirms is None:
            return False
        return self._confirms(state, self._command.data)

    def _expired(self) -> Outcome:
        """Return how a command ended whose time is over."""
        time = f"{self._expires_s:g} s"
        last = self._last
        if not self._began:
            message = f"not sent: it expired after {time}"
            return Outcome(status=Status.FAILED, message=message)
        if last is None:
            return Outcome(status=Status.UNCERTAIN, message=f"no answer in {time}")
        if last.status is Status.DONE:
            message = f"the device said yes, its state did not within {time}"
            return Outcome(status=Status.UNCERTAIN, message=message)
        return self._honest(
            Outcome(status=last.status, message=f"{last.message}; tried for {time}")
        )

    def _honest(self, outcome: Outcome) -> Outcome:
        """Return an outcome; a no counts for little if an earlier attempt may have arrived."""
        if outcome.status is not Status.FAILED or not self._perhaps:
            return outcome
        message = f"{outcome.message}; the answer to an earlier attempt was lost"
        return Outcome(status=Status.UNCERTAIN, message=message)

    @property
    def _name(self) -> str:
        return f"{self._command.service} {self._command.entity_id or ''}".strip()


class _NotSent(Outcome, frozen=True, kw_only=True):
    """It certainly did not arrive."""


def hand_over(handler: CommandHandler, command: Command) -> Outcome | Awaitable[Outcome | None]:
    """Give a command to who carries it out; return how that ended, or what is to be awaited."""
    try:
        return handler(command) or DONE
    except Exception as err:  # noqa: BLE001 - a plugin's handler is isolated from its callers
        return _after(command, err)


def may_be_repeated(outcome: Outcome, kind: Kind) -> bool:
    """Say whether a command that ended so may be sent once more."""
    if isinstance(outcome, _NotSent):
        return True
    return kind is Kind.SET and outcome.status is Status.UNCERTAIN


def _after(command: Command, err: Exception) -> Outcome:
    """Return what an error of the handler says of the command."""
    if isinstance(err, NotSent):
        return _NotSent(status=Status.FAILED, message=str(err))
    if isinstance(err, AnswerLost):
        return Outcome(status=Status.UNCERTAIN, message=str(err))
    if isinstance(err, TimeoutError | OSError):
        words = f"{type(err).__name__}: {err}" if str(err) else type(err).__name__
        return Outcome(status=Status.UNCERTAIN, message=f"the answer was lost: {words}")
    if isinstance(err, CasitaError):
        return Outcome(status=Status.FAILED, message=str(err))
    _logger.error("%s %s failed: %r", command.service, command.entity_id, err, exc_info=err)
    return Outcome(status=Status.FAILED, message=f"{type(err).__name__}: {err}")
