"""The outbox: the log's batches go out in slices, and none of it goes out again for a retry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from casita.broker._outgoing import Outgoing
from casita.clock import Clock
from casita.errors import NotReady
from casita.events import Event
from casita.transport import Message

_FIRST: Final = 128
_SMALLEST: Final = 8
_LARGEST: Final = 1024
_QUICK_S: Final = 1.0
_SLOW_S: Final = 4.0
_BATCH_WITHIN_S: Final = 8.0
"""A batch that takes longer goes on at its next try: a try has its own limit."""

Ask = Callable[[Sequence[Message]], Awaitable[Sequence[str | None]]]
"""Publishes messages; returns for each None or why it never is taken. Raises `NotReady`."""


class Outbox:
    """Publishes what a consumer of the log hands over, as fast as the broker takes it."""

    def __init__(self, outgoing: Outgoing, ask: Ask, clock: Clock) -> None:
        self._outgoing = outgoing
        self._ask = ask
        self._clock = clock
        self._slice = _FIRST
        self._answers: dict[int, str | None] = {}
        self.published = 0
        """How many messages the broker has acknowledged."""

    async def publish(self, events: Sequence[Event]) -> Mapping[int, str]:
        """Return by offset why some of a batch never are taken, once all have an answer.

        Raises `NotReady` before that: a later try leaves out what was answered already.
        """
        chosen = [(one.offset, self._outgoing.message(one)) for one in events]
        going = {offset: message for offset, message in chosen if message is not None}
        self._answers = {key: one for key, one in self._answers.items() if key in going}
        waiting = [offset for offset in going if offset not in self._answers]
        began = self._clock.monotonic()
        while waiting:
            if self._clock.monotonic() - began > _BATCH_WITHIN_S:
                raise NotReady(f"{len(waiting)} of {len(going)} events are still to be published")
            part, waiting = waiting[: self._slice], waiting[self._slice :]
            await self._send(part, [going[offset] for offset in part])
        answers, self._answers = self._answers, {}
        return {offset: answer for offset, answer in answers.items() if answer is not None}

    async def _send(self, offsets: Sequence[int], messages: Sequence[Message]) -> None:
        """Publish a slice; the next is larger or smaller, as this was quick or slow."""
        began = self._clock.monotonic()
        try:
            answers = await self._ask(messages)
        except NotReady:
            self._slice = max(self._slice // 4, _SMALLEST)
            raise
        took_s = self._clock.monotonic() - began
        if took_s < _QUICK_S:
            self._slice = min(self._slice * 2, _LARGEST)
        elif took_s > _SLOW_S:
            self._slice = max(self._slice // 2, _SMALLEST)
        self._answers.update(zip(offsets, answers, strict=True))
        self.published += sum(answer is None for answer in answers)
