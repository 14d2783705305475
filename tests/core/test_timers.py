"""A timer that was set fires once, whatever restarts in between."""

from __future__ import annotations

from datetime import timedelta

from casita.clock import VirtualClock
from casita.events import Event
from casita.kernel import Kernel
from casita.timers import Timer
from casita_config import Configuration


class _Owner:
    def __init__(self, kernel: Kernel) -> None:
        self.fired: list[tuple[str, float]] = []
        kernel.timers.claim("test", self._fire)

    def _fire(self, timer: Timer, event: Event) -> None:
        self.fired.append((timer.name, event.data["late_s"]))


def _restarted(kernel: Kernel) -> Kernel:
    again = Kernel.assemble(Configuration.from_mapping({}), kernel.clock, kernel.log)
    again.restore()
    return again


def test_a_timer_fires_once_at_its_time(kernel: Kernel, clock: VirtualClock) -> None:
    owner = _Owner(kernel)
    kernel.timers.set("test", "egg", clock.now() + timedelta(minutes=4))

    clock.advance(239)
    before = list(owner.fired)
    clock.advance(600)

    assert (before, owner.fired) == ([], [("egg", 0)])
    assert [e.type for e in kernel.log.scan()] == ["timer.set", "timer.fired"]


def test_setting_a_timer_again_replaces_it(kernel: Kernel, clock: VirtualClock) -> None:
    owner = _Owner(kernel)
    for minutes in (1, 2):
        kernel.timers.set("test", "egg", clock.now() + timedelta(minutes=minutes))

    clock.advance(600)

    assert owner.fired == [("egg", 0)]


def test_a_cancelled_timer_does_not_fire(kernel: Kernel, clock: VirtualClock) -> None:
    owner = _Owner(kernel)
    kernel.timers.set("test", "egg", clock.now() + timedelta(minutes=1))

    cancelled = kernel.timers.cancel("test", "egg")
    again = kernel.timers.cancel("test", "egg")
    clock.advance(600)

    assert (cancelled, again, owner.fired) == (True, False, [])


def test_a_timer_survives_a_restart(kernel: Kernel, clock: VirtualClock) -> None:
    kernel.timers.set("test", "egg", clock.now() + timedelta(minutes=4), {"size": "M"})
    again = _restarted(kernel)
    owner = _Owner(again)

    clock.advance(241)

    assert owner.fired == [("egg", 0)]
    assert list(again.timers) == []


def test_a_timer_that_fell_due_while_the_hub_was_down_fires_late_and_says_so(
    kernel: Kernel, clock: VirtualClock
) -> None:
    kernel.timers.set("test", "egg", clock.now() + timedelta(minutes=4))
    kernel.timers.release("test")
    clock.advance(600)
    again = _restarted(kernel)

    owner = _Owner(again)
    clock.advance(0)

    assert owner.fired == [("egg", 360)]


def test_the_cause_of_a_timer_survives_a_restart(kernel: Kernel, clock: VirtualClock) -> None:
    root = kernel.bus.emit("button.pressed", "button.a", {}, source="test")
    kernel.timers.set("test", "egg", clock.now() + timedelta(minutes=4), cause=root)
    again = _restarted(kernel)
    _Owner(again)

    clock.advance(300)

    fired = next(iter(again.log.scan(types=("timer.fired",))))
    assert fired.root == root.offset
