"""What a consumer gave up is kept until a person sends it again or drops it."""

from __future__ import annotations

import pytest

from casita.clock import VirtualClock
from casita.consumers import Retries
from casita.errors import CasitaError, NotReady
from casita.kernel import Kernel
from casita.log import MemoryLog
from casita_config import Configuration

from .conftest import Reader, happen, rest


async def _one_dead(kernel: Kernel, reader: Reader) -> str:
    reader.fails = lambda event: ValueError("no") if event.type == "rang" else None
    kernel.consumers.open("notes", reader, retries=Retries(tries=1))
    happen(kernel, 1)
    await rest(kernel)
    return kernel.consumers.shelf.letters()[0].id


async def test_a_letter_that_is_dealt_with_at_last_is_gone(running: Kernel, reader: Reader) -> None:
    letter_id = await _one_dead(running, reader)
    reader.fails = lambda event: None

    await running.consumers.redrive(letter_id, actor="owner")

    told = [one for one in running.log.scan() if one.type.startswith("dead_letter.")]
    assert reader.numbers == [1]
    assert running.consumers.shelf.letters() == []
    assert [(one.type, one.subject, one.actor) for one in told] == [
        ("dead_letter.added", "notes", None),
        ("dead_letter.redriven", "notes", "owner"),
    ]


async def test_a_letter_that_fails_again_stays(running: Kernel, reader: Reader) -> None:
    letter_id = await _one_dead(running, reader)

    with pytest.raises(CasitaError, match="failed again"):
        await running.consumers.redrive(letter_id)

    assert [one.tries for one in running.consumers.shelf.letters("notes")] == [2]


async def test_a_letter_whose_consumer_does_not_run_waits(running: Kernel, reader: Reader) -> None:
    letter_id = await _one_dead(running, reader)
    await running.consumers.stop()

    with pytest.raises(NotReady, match="does not run"):
        await running.consumers.redrive(letter_id)

    assert len(running.consumers.shelf) == 1


async def test_a_wrong_id_gets_the_nearest_one(running: Kernel, reader: Reader) -> None:
    letter_id = await _one_dead(running, reader)

    with pytest.raises(CasitaError, match=letter_id):
        running.consumers.shelf.drop(f"{letter_id}0")


async def test_letters_survive_a_restart(
    running: Kernel, reader: Reader, log: MemoryLog, clock: VirtualClock
) -> None:
    letter_id = await _one_dead(running, reader)

    after = Kernel.assemble(Configuration.from_mapping({}), clock, log.copy())
    after.restore()

    assert after.consumers.shelf.letters() == running.consumers.shelf.letters()
    assert after.consumers.shelf.require(letter_id).event.data == {"n": 1}


async def test_a_full_shelf_gives_up_its_oldest_and_says_so(
    running: Kernel, reader: Reader
) -> None:
    reader.fails = lambda event: ValueError()
    running.consumers.open("notes", reader, types=("rang",), retries=Retries(tries=1))
    for number in range(1002):
        happen(running, number)
        if number % 100 == 0:
            await rest(running)
    for _ in range(20):
        await rest(running)

    letters = running.consumers.shelf.letters("notes")
    displaced = [one for one in running.log.scan() if one.type == "dead_letter.displaced"]
    assert [letters[0].event.data["n"], len(letters), len(displaced)] == [2, 1000, 2]
