"""Ends clients of Kafka in bounded time, whatever has become of the broker.

aiokafka 0.14 ends only with the broker's help: an idempotent producer flushes what was never
acknowledged for ever, a consumer waits for its group, and a cancelled fetch of its own makes
``stop`` raise before the connections are closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Iterator
from typing import Any, Final, TypeVar

from aiokafka import (  # type: ignore[import-untyped]  # it ships no types
    AIOKafkaConsumer,
    AIOKafkaProducer,
)

_ORDERLY_WITHIN_S: Final = 2.0
_CUT_WITHIN_S: Final = 1.0
_TASKS_OF: Final = {
    "_sender": ("_sender_task",),
    "_coordinator": (
        "_coordination_task", "_heartbeat_task", "_commit_refresh_task", "_reset_committed_task",
    ),
    "_fetcher": ("_fetch_task",),
    "_client": ("_sync_task",),
    "client": ("_sync_task",),
}  # fmt: skip
_T = TypeVar("_T")


async def within(seconds: float, work: Coroutine[Any, Any, _T] | asyncio.Task[_T]) -> _T:
    """Return what work returns. Raises `TimeoutError`, even if it ignores its cancellation."""
    task = work if isinstance(work, asyncio.Task) else asyncio.create_task(work)
    ended = False
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
        ended = task in done
    finally:
        if not ended:
            task.cancel()
            await _settled(task)
    if not ended:
        raise TimeoutError(f"no answer in {seconds:g} s")
    return task.result()


async def stop_producer(producer: AIOKafkaProducer) -> None:
    """Stop a producer; what was not acknowledged is dropped, and its futures are left as is."""
    sending = producer._sender.sender_task
    if sending is not None:
        sending.cancel()
        await _settled(sending)
    producer._message_accumulator._batches.clear()
    producer._message_accumulator._pending_batches.clear()
    await _stop(producer, producer.client)


async def stop_consumer(consumer: AIOKafkaConsumer) -> None:
    """Stop a consumer, and leave its group if the broker still answers."""
    await _stop(consumer, consumer._client)


async def _stop(one: AIOKafkaProducer | AIOKafkaConsumer, network: Any) -> None:
    """Stop a client in order; if that takes too long, by closing its connections; then by force."""
    stopping = asyncio.create_task(one.stop())
    try:
        await _settled(stopping, _ORDERLY_WITHIN_S)
        if not stopping.done():
            await _settled(asyncio.create_task(network.close()), _CUT_WITHIN_S)
            await _settled(stopping, _CUT_WITHIN_S)
    finally:
        for task in (stopping, *_tasks(one)):
            task.cancel()
        await _settled(asyncio.gather(stopping, *_tasks(one), return_exceptions=True))
        await _settled(asyncio.create_task(network.close()), _CUT_WITHIN_S)


def _tasks(one: Any) -> Iterator[asyncio.Future[Any]]:
    """Yield what a client has begun itself and not ended."""
    for part, names in _TASKS_OF.items():
        for name in names:
            task = getattr(getattr(one, part, None), name, None)
            if task is not None and not task.done():
                yield task


async def _settled(work: Awaitable[Any], seconds: float = _CUT_WITHIN_S) -> None:
    """Return once something has ended, however, or the time is over."""
    future = asyncio.ensure_future(work)
    await asyncio.wait({future}, timeout=seconds)
    if future.done() and not future.cancelled():
        future.exception()
