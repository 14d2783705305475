"""A consumer is told of every event, in order per subject, at its own pace."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import timedelta

import pytest

from casita.clock import VirtualClock
from casita.consumers import ConsumerState
from casita.errors import CasitaError, NotReady
from casita.events import Event
from casita.kernel import Kernel
from casita.log import MemoryLog
from casita_config import Configuration

from .conftest import Reader, happen, rest


def _status(kernel: Kernel, name: str) -> tuple[ConsumerState, int, int]:
    found = next(one for one in kernel.consumers.statuses() if one.name == name)
    return found.state, found.lag, found.dead


async def test_it_is_told_what_happens_from_now_on(running: Kernel, reader: Reader) -> None:
    happen(running, 1)
    running.consumers.open("notes", reader)

    happen(running, 2, 3)
    await rest(running)

    assert reader.numbers == [2, 3]
    assert _status(running, "notes") == (ConsumerState.FOLLOWING, 0, 0)


async def test_a_new_one_can_begin_with_the_oldest_event(running: Kernel, reader: Reader) -> None:
    happen(running, 1, 2)

    running.consumers.open("notes", reader, replay=True)
    await rest(running)

    assert reader.numbers == [1, 2]


async def test_it_is_told_only_what_it_asked_for_and_its_cursor_passes_the_rest(
    running: Kernel, reader: Reader
) -> None:
    running.consumers.open("notes", reader, types=("ra*",), subjects=("bell",))

    happen(running, 1)
    happen(running, 2, subject="gong")
    running.bus.emit("state", "bell", {}, source="test")
    await rest(running)

    assert reader.numbers == [1]
    assert _status(running, "notes")[1] == 0


async def test_a_durable_one_resumes_where_it_was(
    running: Kernel, reader: Reader, log: MemoryLog, clock: VirtualClock
) -> None:
    running.consumers.open("notes", reader)
    happen(running, 1, 2)
    await rest(running, 2)

    after = _restarted(log, clock)
    happen(after, 3)
    after.consumers.open("notes", reader)
    await rest(after)
    await after.consumers.stop()

    assert reader.numbers == [1, 2, 3]


async def test_one_that_is_not_durable_misses_what_happens_while_it_is_closed(
    running: Kernel, reader: Reader
) -> None:
    consumer = running.consumers.open("notes", reader, durable=False)
    happen(running, 1)
    await rest(running)
    await consumer.close()

    happen(running, 2)
    running.consumers.open("notes", reader, durable=False)
    happen(running, 3)
    await rest(running)

    assert reader.numbers == [1, 3]
    assert "notes" not in running.log.cursors()


async def test_what_was_under_way_at_a_crash_comes_again(
    running: Kernel, reader: Reader, log: MemoryLog, clock: VirtualClock
) -> None:
    reader.hangs = lambda event: event.data["n"] == 2
    running.consumers.open("notes", reader)
    happen(running, 1, 2, 3)
    await rest(running, 2)

    after = _restarted(log, clock)
    reader.hangs = lambda event: False
    after.consumers.open("notes", reader)
    await rest(after)
    await after.consumers.stop()

    assert reader.numbers == [1, 2, 3]


async def test_a_failing_event_is_tried_5_times_with_growing_pauses_then_shelved(
    running: Kernel, reader: Reader, clock: VirtualClock
) -> None:
    times: list[float] = []

    def fail(event: Event) -> Exception | None:
        times.append(clock.monotonic())
        return ValueError("no such room") if event.data["n"] == 1 else None

    reader.fails = fail
    running.consumers.open("notes", reader, types=("rang",))
    happen(running, 1)
    await rest(running, 60)

    letter = running.consumers.shelf.letters()[0]
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert len(times) == 5
    assert pauses == sorted(pauses)
    assert (letter.consumer, letter.tries, letter.error) == (
        "notes", 5, "ValueError: no such room",
    )  # fmt: skip
    assert letter.event.data == {"n": 1}
    assert _status(running, "notes") == (ConsumerState.FOLLOWING, 0, 1)


async def test_the_order_of_a_subject_is_kept_and_other_subjects_go_on_meanwhile(
    running: Kernel, reader: Reader
) -> None:
    reader.fails = lambda event: ValueError() if event.data.get("n") == 1 else None
    running.consumers.open("notes", reader, types=("rang",))
    happen(running, 1, 2, 3, subject="bell")
    happen(running, 10, 11, subject="gong")
    await rest(running)

    before_it_is_given_up = reader.numbers
    await rest(running, 60)

    assert before_it_is_given_up == [10, 11]
    assert reader.numbers == [10, 11, 2, 3]


async def test_who_cannot_deal_with_anything_at_present_keeps_all_of_it(
    running: Kernel, reader: Reader
) -> None:
    reader.fails = lambda event: NotReady("the mail server is away")
    running.consumers.open("notes", reader)
    happen(running, 1, 2)
    await rest(running, 3600)

    reader.fails = lambda event: None
    status = _status(running, "notes")
    await rest(running, 120)

    assert status == (ConsumerState.RETRYING, 2, 0)
    assert reader.numbers == [1, 2]


async def test_one_that_is_not_durable_is_told_once_and_its_failure_is_kept_too(
    running: Kernel, reader: Reader
) -> None:
    reader.fails = lambda event: ValueError()
    running.consumers.open("notes", reader, durable=False, types=("rang",))
    happen(running, 1)
    await rest(running, 60)

    assert len(reader.tried) == 1
    assert [one.tries for one in running.consumers.shelf.letters()] == [1]


async def test_a_handler_that_hangs_has_failed_after_30_seconds(
    running: Kernel, reader: Reader
) -> None:
    reader.hangs = lambda event: event.data.get("n") == 1
    running.consumers.open("notes", reader, types=("rang",))
    happen(running, 1, 2)
    await rest(running, 5 * 30 + 60)

    assert [one.error for one in running.consumers.shelf.letters()] == ["it took too long"]
    assert reader.numbers == [2]


async def test_a_consumer_of_everything_that_fails_at_everything_comes_to_rest(
    running: Kernel, reader: Reader
) -> None:
    reader.fails = lambda event: ValueError()
    running.consumers.open("notes", reader)
    happen(running, 1)
    await rest(running, 3600)

    assert [one.event.type for one in running.consumers.shelf.letters()] == [
        "rang", "dead_letter.added",
    ]  # fmt: skip
    assert _status(running, "notes")[:2] == (ConsumerState.FOLLOWING, 0)


async def test_a_queue_is_bounded_and_the_rest_waits_in_the_log(
    running: Kernel, reader: Reader
) -> None:
    reader.hangs = lambda event: True
    running.consumers.open("notes", reader, parallel=2)
    happen(running, *range(1000))
    await rest(running)

    status = next(one for one in running.consumers.statuses() if one.name == "notes")
    assert status.in_flight == 256
    assert status.lag == 1000


async def test_retention_waits_for_the_slowest_durable_consumer(
    running: Kernel, reader: Reader
) -> None:
    reader.hangs = lambda event: event.data["n"] == 3
    running.consumers.open("slow", reader)
    running.consumers.open("quick", Reader())
    happen(running, 1, 2, 3, 4)
    await rest(running)

    assert running.consumers.keep_from == running.log.head - 1


async def test_events_that_left_the_log_before_it_are_counted(
    kernel: Kernel, reader: Reader, log: MemoryLog, clock: VirtualClock
) -> None:
    consumer = kernel.consumers.open("notes", reader)
    happen(kernel, 1)
    await rest(kernel)
    await consumer.close()
    happen(kernel, 2, 3)
    clock.advance(100)
    await log.retain(max_age=timedelta(seconds=50))

    after = _restarted(log, clock)
    happen(after, 4)
    after.consumers.open("notes", reader)
    await rest(after)
    status = next(one for one in after.consumers.statuses() if one.name == "notes")
    await after.consumers.stop()

    assert reader.numbers == [1, 4]
    assert status.missed == 2


async def test_a_name_is_open_once(running: Kernel, reader: Reader) -> None:
    running.consumers.open("notes", reader)

    with pytest.raises(ValueError, match="open already"):
        running.consumers.open("notes", reader)


async def test_a_closed_one_is_listed_until_it_is_forgotten(
    running: Kernel, reader: Reader
) -> None:
    consumer = running.consumers.open("notes", reader)
    with pytest.raises(CasitaError, match="runs"):
        running.consumers.forget("notes")
    await consumer.close()
    happen(running, 1)
    listed = _status(running, "notes")

    running.consumers.forget("notes")

    assert listed == (ConsumerState.CLOSED, 1, 0)
    assert running.consumers.statuses() == []
    assert running.log.cursors() == {}


def _restarted(log: MemoryLog, clock: VirtualClock) -> Kernel:
    kernel = Kernel.assemble(Configuration.from_mapping({}), clock, log.copy())
    kernel.restore()
    return kernel


async def test_what_waits_is_tried_at_once_when_it_is_woken(
    running: Kernel, reader: Reader
) -> None:
    reader.fails = lambda event: NotReady("away")
    consumer = running.consumers.open("notes", reader)
    happen(running, 1)
    await rest(running, 3600)

    reader.fails = lambda event: None
    consumer.wake()
    await rest(running)

    assert reader.numbers == [1]


class Press:
    """Deals with many events at once."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.refuses: set[int] = set()
        self.fails: Exception | None = None
        self.chokes_on: set[int] = set()

    async def __call__(self, events: Sequence[Event]) -> dict[int, str]:
        if self.fails is not None:
            raise self.fails
        numbers = [one.data["n"] for one in events]
        if self.chokes_on.intersection(numbers):
            raise ValueError("choked")
        self.batches.append(numbers)
        return {one.offset: "too long" for one in events if one.data["n"] in self.refuses}


async def test_a_batch_keeps_the_order_and_what_is_refused_is_shelved(running: Kernel) -> None:
    press = Press()
    press.refuses = {2}
    running.consumers.open_batches("press", press, types=("rang",))
    happen(running, 1, 2, 3)
    await rest(running)
    happen(running, 4)
    await rest(running)

    assert press.batches == [[1, 2, 3], [4]]
    assert [(one.error, one.event.data["n"]) for one in running.consumers.shelf.letters()] == [
        ("too long", 2)
    ]


async def test_a_batch_that_cannot_be_dealt_with_at_present_waits_whole(running: Kernel) -> None:
    press = Press()
    press.fails = NotReady("away")
    consumer = running.consumers.open_batches("press", press, types=("rang",))
    happen(running, 1, 2)
    await rest(running, 3600)
    press.fails = None
    consumer.wake()
    await rest(running)

    assert press.batches == [[1, 2]]
    assert len(running.consumers.shelf) == 0


async def test_a_batch_that_fails_for_one_event_loses_that_one_only(running: Kernel) -> None:
    press = Press()
    press.chokes_on = {2}
    running.consumers.open_batches("press", press, types=("rang",))
    happen(running, 1, 2, 3)
    await rest(running, 200)

    assert press.batches == [[1], [3]]
    assert [one.event.data["n"] for one in running.consumers.shelf.letters()] == [2]
