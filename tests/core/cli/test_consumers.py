"""``casita consumers`` and ``casita dead``, with a hub and without one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from casita.consumers import Retries
from casita.events import Event
from casita.hub import Hub
from casita_config import load_config

from .conftest import Cli


class Printer:
    """A consumer that has run out of paper."""

    def __init__(self) -> None:
        self.paper = False
        self.printed: list[Event] = []

    def __call__(self, event: Event) -> None:
        if not self.paper:
            raise ValueError("no paper\x1b[2J")
        self.printed.append(event)


async def _rung(hub: Hub, printer: Printer) -> None:
    """Let the printer fail at two events."""
    dead = asyncio.Semaphore(0)
    hub.kernel.bus.subscribe(lambda _: dead.release(), owner="test", type="dead_letter.added")
    hub.kernel.consumers.open("printer", printer, types=("rang",), retries=Retries(tries=1))
    for number in (1, 2):
        hub.kernel.bus.emit("rang", "bell", {"n": number}, source="test")
    for _ in range(2):
        await asyncio.wait_for(dead.acquire(), 5)


@pytest.fixture
def left(home: Path) -> Path:
    """A folder that a hub has left with two dead letters."""

    async def live() -> None:
        async with Hub(load_config(home), folder=home / ".casita", api=False) as hub:
            await _rung(hub, Printer())

    asyncio.run(live())
    return home


def test_what_a_hub_has_left_is_shown_without_one(left: Path, answer: Callable[..., Any]) -> None:
    consumers = answer("consumers", "--config", left)
    letters = answer("dead", "ls", "--config", left)

    assert [(one["name"], one["state"], one["dead"]) for one in consumers] == [
        ("printer", "closed", 2)
    ]
    assert [one["event"]["data"]["n"] for one in letters] == [1, 2]


def test_the_tables_are_plain_text(left: Path, casita: Cli) -> None:
    consumers = casita("consumers", "--config", left).stdout
    letters = casita("dead", "ls", "--config", left).stdout

    assert "printer" in consumers
    assert "at least once" in consumers
    assert "ValueError: no paper" in letters
    assert "\x1b" not in letters


def test_one_letter_is_shown_whole_and_a_wrong_id_gets_a_hint(left: Path, casita: Cli) -> None:
    letter_id = casita("dead", "ls", "--config", left).stdout.splitlines()[1].split()[0]

    shown = casita("dead", "show", letter_id, "--config", left)
    wrong = casita("dead", "show", f"{letter_id}9", "--config", left)

    assert "gave it up after 1 tries" in shown.stdout
    assert "subject: bell" in shown.stdout
    assert letter_id in wrong.stderr
    assert wrong.exit_code == 1


def test_sending_again_needs_a_hub(left: Path, casita: Cli) -> None:
    result = casita("dead", "redrive", "--all", "--config", left)

    assert result.exit_code == 3


def test_the_letters_are_named_or_all_are_meant(left: Path, casita: Cli) -> None:
    assert casita("dead", "drop", "--config", left).exit_code == 2
    assert casita("dead", "drop", "x", "--all", "--config", left).exit_code == 2


async def test_letters_are_sent_again_and_dropped(home: Path, casita: Cli) -> None:
    (home / "casita.yaml").write_text("http: {port: 0}\n")
    printer = Printer()

    async with Hub(load_config(home), folder=home / ".casita") as hub:
        await _rung(hub, printer)
        first, second = (one.id for one in hub.kernel.consumers.shelf.letters())
        fails = await asyncio.to_thread(casita, "dead", "redrive", first, "--config", home)
        printer.paper = True
        works = await asyncio.to_thread(casita, "dead", "redrive", first, "--config", home)
        drops = await asyncio.to_thread(
            casita, "dead", "drop", "--all", "--consumer", "printer", "--config", home
        )
        left = len(hub.kernel.consumers.shelf)

    assert (fails.exit_code, "no paper" in fails.stderr) == (4, True)
    assert works.stdout == f"{first} is dealt with.\n"
    assert drops.stdout == f"{second} is forgotten.\n"
    assert [one.data["n"] for one in printer.printed] == [1]
    assert left == 0


async def test_a_consumer_is_forgotten_once_it_does_not_run(home: Path, casita: Cli) -> None:
    (home / "casita.yaml").write_text("http: {port: 0}\n")

    async with Hub(load_config(home), folder=home / ".casita") as hub:
        consumer = hub.kernel.consumers.open("notes", lambda event: None)
        runs = await asyncio.to_thread(casita, "consumers", "forget", "notes", "--config", home)
        await consumer.close()
        gone = await asyncio.to_thread(casita, "consumers", "forget", "notes", "--config", home)

    assert (runs.exit_code, "stop its plugin" in runs.stderr) == (4, True)
    assert gone.stdout == "notes is forgotten.\n"
