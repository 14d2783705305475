"""The bus hands each event to everybody who asked, in one order."""

from __future__ import annotations

from casita.events import Event
from casita.kernel import Kernel


def _emit(kernel: Kernel, type_: str, subject: str = "thing") -> Event:
    return kernel.bus.emit(type_, subject, {}, source="test")


def test_subscribers_get_what_they_asked_for(kernel: Kernel) -> None:
    got: dict[str, list[str]] = {"type": [], "subject": [], "both": [], "all": []}
    subscribe = kernel.bus.subscribe
    subscribe(lambda e: got["type"].append(e.type), owner="t", type="door.opened")
    subscribe(lambda e: got["subject"].append(e.type), owner="t", subject="front")
    subscribe(lambda e: got["both"].append(e.type), owner="t", type="door.opened", subject="front")
    subscribe(lambda e: got["all"].append(e.type), owner="t")

    _emit(kernel, "door.opened", "front")
    _emit(kernel, "door.opened", "back")
    _emit(kernel, "door.closed", "front")

    assert got == {
        "type": ["door.opened", "door.opened"],
        "subject": ["door.opened", "door.closed"],
        "both": ["door.opened"],
        "all": ["door.opened", "door.opened", "door.closed"],
    }


def test_events_emitted_by_handlers_reach_everybody_in_one_order(kernel: Kernel) -> None:
    first: list[str] = []
    second: list[str] = []

    def chain(event: Event) -> None:
        first.append(event.type)
        if event.type == "a":
            _emit(kernel, "b")

    kernel.bus.subscribe(chain, owner="first")
    kernel.bus.subscribe(lambda event: second.append(event.type), owner="second")
    _emit(kernel, "a")

    assert first == second == ["a", "b"]


def test_a_handler_that_raises_is_reported_and_stays(kernel: Kernel) -> None:
    told: list[tuple[str, str]] = []
    got: list[str] = []
    kernel.bus.on_error = lambda who, event, err: told.append((who.owner, repr(err)))

    def bad(event: Event) -> None:
        raise ValueError("no")

    kernel.bus.subscribe(bad, owner="bad")
    kernel.bus.subscribe(lambda event: got.append(event.type), owner="good")
    _emit(kernel, "a")
    _emit(kernel, "b")

    assert told == [("bad", "ValueError('no')")] * 2
    assert got == ["a", "b"]


def test_a_subscription_may_be_cancelled_while_it_is_called(kernel: Kernel) -> None:
    got: list[str] = []

    def once(event: Event) -> None:
        got.append(event.type)
        subscription.cancel()
        subscription.cancel()

    subscription = kernel.bus.subscribe(once, owner="test")
    _emit(kernel, "a")
    _emit(kernel, "b")

    assert got == ["a"]


def test_effects_carry_cause_root_and_hops(kernel: Kernel) -> None:
    root = _emit(kernel, "a")
    middle = kernel.bus.emit("b", "thing", {}, source="test", cause=root, hop=True)
    last = kernel.bus.emit("c", "thing", {}, source="test", cause=middle.as_cause())

    assert (root.cause, root.root, root.hops) == (None, root.offset, 0)
    assert (middle.cause, middle.root, middle.hops) == (root.offset, root.offset, 1)
    assert (last.cause, last.root, last.hops) == (middle.offset, root.offset, 1)
