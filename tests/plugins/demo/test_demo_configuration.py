"""The example configuration around the demo house runs, and all that it declares happens."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from casita.causality import chain_in
from casita.clock import VirtualClock
from casita.events import Event
from casita.hub import Hub
from casita.ids import Offset
from casita.log import MemoryLog
from casita_config import load_config

FOLDER = Path(__file__).parents[3] / "config/examples/demo"
TWO_DAYS_S = 2 * 24 * 3600 / 10
"""Two days in the house, at the pace of the configuration."""


class Past:
    """What happened in two days."""

    def __init__(self, events: Sequence[Event], problems: Sequence[object]) -> None:
        self.events = events
        self.problems = problems
        self._by_offset = {one.offset: one for one in events}

    def ran(self, name: str) -> list[Event]:
        return [
            one
            for one in self.events
            if one.type == "run.started" and one.subject == f"automation.{name}"
        ]

    def came_of(self, name: str, service: str, subject: str) -> list[Event]:
        """The commands to an entity that runs of an automation have sent, directly or not."""
        runs = {one.offset for one in self.ran(name)}
        return [
            one
            for one in self.events
            if one.type == "command.sent"
            and (one.data["service"], one.subject) == (service, subject)
            and runs & {cause.offset for cause in self.chain(one)}
        ]

    def chain(self, event: Event) -> list[Event]:
        return chain_in(_Still(self._by_offset), event.offset)


class _Still:
    """A log that is at hand."""

    def __init__(self, by_offset: Mapping[Offset, Event]) -> None:
        self._by_offset = by_offset

    def event(self, offset: int) -> Event | None:
        return self._by_offset.get(Offset(offset))

    def read(self, **_: object) -> Sequence[Event]:
        raise NotImplementedError


async def _live() -> Past:
    clock = VirtualClock(datetime(2024, 3, 12, 17, 40, tzinfo=UTC))
    log = MemoryLog(clock=clock)
    async with Hub(load_config(FOLDER), folder=None, log=log, clock=clock, api=False) as hub:
        await clock.pass_time(TWO_DAYS_S)
        return Past(list(log.scan()), hub.host.problems())


@pytest.fixture(scope="module")
def past() -> Past:
    return asyncio.run(_live())


def test_the_configuration_has_no_problems(past: Past) -> None:
    assert list(past.problems) == []


def test_no_run_and_no_command_failed(past: Past) -> None:
    failed = [
        one
        for one in past.events
        if one.type in ("command.failed", "command.uncertain", "command.refused")
        or (one.type == "run.finished" and one.data.get("result") == "failed")
    ]

    assert failed == []


@pytest.mark.parametrize(
    ("name", "service", "subject"),
    [
        ("light_in_the_hall", "light.turn_on", "light.hall"),
        ("light_in_the_hall", "light.turn_off", "light.hall"),
        ("light_on_the_landing_dim_at_night", "light.turn_on", "light.landing"),
        ("light_on_the_landing_dim_at_night", "light.turn_off", "light.landing"),
        ("no_heating_while_a_window_is_open", "climate.set_hvac_mode", "climate.bathroom"),
        ("washing_machine_is_done", "notify.send_message", "notify.ana_phone"),
        ("too_much_power", "persistent_notification.create", "persistent_notification.create"),
        ("good_night", "cover.close_cover", "cover.bedroom_blinds"),
        ("blinds_follow_the_light_outside", "cover.open_cover", "cover.living_room_blinds"),
        ("nobody_is_at_home", "media_player.turn_off", "media_player.living_room_tv"),
        ("the_doorbell_rings_everywhere", "button.press", "button.doorbell_chime"),
    ],
)
def test_each_automation_does_what_it_is_for(
    past: Past, name: str, service: str, subject: str
) -> None:
    assert past.came_of(name, service, subject)


def test_the_landing_is_dim_at_night_and_bright_in_the_evening(past: Past) -> None:
    sent = past.came_of("light_on_the_landing_dim_at_night", "light.turn_on", "light.landing")

    levels = {one.data["data"]["brightness"] for one in sent}
    assert len(levels) == 2


def test_no_automation_ran_when_the_hub_first_started(past: Past) -> None:
    started = next(one for one in past.events if one.type == "hub.started")

    early = [
        one for one in past.events if one.type == "run.started" and one.offset < started.offset
    ]
    assert [one.subject for one in early] == []


def test_a_lamp_of_an_automation_leads_back_to_the_motion(past: Past) -> None:
    sent = past.came_of("light_in_the_hall", "light.turn_on", "light.hall")[0]

    lamp = next(
        one for one in past.events if one.cause == sent.offset and one.type == "state.changed"
    )

    assert past.chain(lamp)[-1].subject == "binary_sensor.hall_motion"
