"""States are written through one door, and are there again after a restart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casita.clock import VirtualClock
from casita.errors import UnknownEntity
from casita.events import Event, StateChanged
from casita.kernel import Kernel
from casita.log import MemoryLog
from casita_config import Configuration


def _set(kernel: Kernel, entity_id: str, state: str, **attributes: object) -> StateChanged | None:
    return kernel.states.set(entity_id, state, attributes, source="test")


def _restarted(kernel: Kernel) -> Kernel:
    again = Kernel.assemble(Configuration.from_mapping({}), kernel.clock, kernel.log)
    again.restore()
    return again


def test_a_write_that_changes_nothing_is_no_event(kernel: Kernel) -> None:
    first = _set(kernel, "light.hall", "on", brightness=3)

    second = _set(kernel, "light.hall", "on", brightness=3)

    assert first is not None
    assert second is None
    assert kernel.log.head == 1


def test_an_event_has_both_states(kernel: Kernel, clock: VirtualClock) -> None:
    _set(kernel, "light.hall", "off")
    clock.advance(60)

    event = _set(kernel, "light.hall", "on")

    assert event is not None
    assert event.old is not None
    assert event.new is not None
    assert (event.old.state, event.new.state, event.new.offset) == ("off", "on", event.offset)
    assert event.data["old"] == "off"


def test_last_changed_is_kept_while_only_attributes_change(
    kernel: Kernel, clock: VirtualClock
) -> None:
    _set(kernel, "light.hall", "on", brightness=1)
    began = clock.now()
    clock.advance(60)

    _set(kernel, "light.hall", "on", brightness=2)

    state = kernel.states.require("light.hall")
    assert state.last_changed == began
    assert state.last_updated == clock.now()


def test_a_forced_write_is_an_event(kernel: Kernel) -> None:
    _set(kernel, "sensor.meter", "1")

    event = kernel.states.set("sensor.meter", "1", {}, source="test", force=True)

    assert event is not None


def test_a_removed_entity_has_no_state(kernel: Kernel) -> None:
    _set(kernel, "light.hall", "on")

    event = kernel.states.remove("light.hall", source="test")

    assert event is not None
    assert event.new is None
    assert "light.hall" not in kernel.states
    assert kernel.states.remove("light.hall", source="test") is None


def test_an_unknown_entity_is_named_with_the_nearest(kernel: Kernel) -> None:
    _set(kernel, "light.hall", "on")

    with pytest.raises(UnknownEntity, match=r"light\.hal: .*Did you mean 'light\.hall'"):
        kernel.states.require("light.hal")


def test_a_wrong_entity_id_is_refused(kernel: Kernel) -> None:
    with pytest.raises(ValueError, match=r"domain\.object_id"):
        _set(kernel, "Hall Light", "on")


def test_a_report_after_a_command_carries_it_as_its_cause(
    kernel: Kernel, clock: VirtualClock
) -> None:
    command: Event = kernel.bus.emit("command.sent", "light.hall", {}, source="test")
    kernel.states.expect("light.hall", command)

    soon = _set(kernel, "light.hall", "on")
    clock.advance(6)
    late = _set(kernel, "light.hall", "off")

    assert soon is not None
    assert late is not None
    assert soon.cause == command.offset
    assert late.cause is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["light.a", "light.b", "sensor.c"]),
            st.sampled_from(["on", "off", "7", None]),
            st.dictionaries(st.sampled_from(["x", "y"]), st.integers(), max_size=2),
            st.booleans(),
        ),
        max_size=40,
    )
)
def test_a_restart_brings_back_every_state_from_snapshot_and_tail(
    writes: list[tuple[str, str | None, dict[str, int], bool]],
) -> None:
    from datetime import UTC, datetime

    clock = VirtualClock(datetime(2024, 3, 12, 9, tzinfo=UTC))
    kernel = Kernel.assemble(Configuration.from_mapping({}), clock, MemoryLog(clock=clock))
    for entity_id, state, attributes, snapshot in writes:
        clock.advance(1)
        if state is None:
            kernel.states.remove(entity_id, source="test")
        else:
            kernel.states.set(entity_id, state, attributes, source="test")
        if snapshot:
            kernel.states.save()

    again = _restarted(kernel)

    key = lambda state: state.entity_id  # noqa: E731 - short and local
    assert sorted(again.states, key=key) == sorted(kernel.states, key=key)


def test_an_entity_of_another_home_keeps_its_domain_and_is_not_among_ours(kernel: Kernel) -> None:
    kernel.states.set("light.hall", "on", source="test")
    kernel.states.set("cabin.light.hall", "on", source="test")

    assert kernel.states.require("cabin.light.hall").domain == "light"
    assert kernel.states.require("cabin.light.hall").object_id == "hall"
    assert [one.entity_id for one in kernel.states.of_domain("light")] == ["light.hall"]
