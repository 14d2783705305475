"""Who reads the log, how far each is, and what to do with what they gave up."""

from __future__ import annotations

from casita.clock import settle
from casita.consumers import Retries
from casita.events import Event
from casita.kernel import Kernel

from .conftest import Caller


async def _dead(kernel: Kernel, *, works_later: bool) -> str:
    tried = 0

    def fail(event: Event) -> None:
        nonlocal tried
        tried += 1
        if tried == 1 or not works_later:
            raise ValueError("no paper")

    kernel.consumers.open("printer", fail, types=("rang",), retries=Retries(tries=1))
    kernel.bus.emit("rang", "bell", {"n": 1}, source="test")
    await settle(50)
    return kernel.consumers.shelf.letters()[0].id


async def test_consumers_are_listed_with_their_lag(ask: Caller, kernel: Kernel) -> None:
    consumer = kernel.consumers.open("notes", lambda event: None)
    await consumer.close()
    kernel.bus.emit("rang", "bell", {}, source="test")

    reply = await ask("GET", "/api/consumers")

    assert [(one["name"], one["state"], one["lag"]) for one in reply.json] == [
        ("notes", "closed", 1)
    ]


async def test_a_stream_is_listed_while_it_lasts(ask: Caller, kernel: Kernel) -> None:
    async with ask.follow() as listener:
        kernel.bus.emit("rang", "bell", {}, source="test")
        await listener.next()
        names = [one["name"] for one in (await ask("GET", "/api/consumers")).json]

    assert len(names) == 1
    assert names[0].startswith("stream of token:")


async def test_a_dead_letter_is_shown_sent_again_and_gone(ask: Caller, kernel: Kernel) -> None:
    letter_id = await _dead(kernel, works_later=True)

    shown = (await ask("GET", f"/api/dead/{letter_id}")).json
    redriven = await ask("POST", f"/api/dead/{letter_id}/redrive", {})
    left = (await ask("GET", "/api/dead")).json
    await kernel.consumers.stop()

    assert (shown["error"], shown["event"]["data"]) == ("ValueError: no paper", {"n": 1})
    assert redriven.status == 200
    assert left == []


async def test_one_that_fails_again_says_why_and_can_be_dropped(
    ask: Caller, kernel: Kernel
) -> None:
    letter_id = await _dead(kernel, works_later=False)

    redriven = await ask("POST", f"/api/dead/{letter_id}/redrive", {})
    of_others = (await ask("GET", "/api/dead?consumer=notes")).json
    dropped = await ask("DELETE", f"/api/dead/{letter_id}")
    await kernel.consumers.stop()

    assert (redriven.status, "no paper" in redriven.json["error"]["message"]) == (400, True)
    assert of_others == []
    assert dropped.status == 200
    assert len(kernel.consumers.shelf) == 0


async def test_a_consumer_that_will_not_come_back_is_forgotten(ask: Caller, kernel: Kernel) -> None:
    await kernel.consumers.open("notes", lambda event: None).close()

    reply = await ask("DELETE", "/api/consumers/notes")

    assert reply.status == 200
    assert kernel.log.cursors() == {}
