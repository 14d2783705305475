"""What is asked of a thing reaches its plugin in the few words that the plugin has to know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from voluptuous_openapi import convert  # type: ignore[import-untyped]  # it has no types

from casita.domains import SERVICES, plugin
from casita.errors import InvalidCommand
from casita.kernel import Kernel
from casita.model import Target
from casita.services import Command, Kind, Service

Ask = Callable[..., list[tuple[str, dict[str, Any]]]]

MODES = {"hvac_modes": ["off", "heat", "cool", "heat_cool"]}
OPTIONS = {"options": ["low", "mid", "high"]}
THREE_SPEEDS = {"percentage_step": 100 / 3}


@pytest.mark.parametrize(
    ("service", "state", "attributes", "data", "told"),
    [
        ("switch.toggle", "on", {}, {}, ("switch.turn_off", {})),
        ("switch.toggle", "off", {}, {}, ("switch.turn_on", {})),
        ("switch.toggle", "unknown", {}, {}, ("switch.turn_on", {})),
        ("siren.toggle", "off", {}, {"tone": "x"}, ("siren.turn_on", {"tone": "x"})),
        ("siren.toggle", "on", {}, {"tone": "x"}, ("siren.turn_off", {})),
        ("humidifier.toggle", "on", {}, {}, ("humidifier.turn_off", {})),
        ("media_player.toggle", "idle", {}, {}, ("media_player.turn_on", {})),
        ("media_player.toggle", "playing", {}, {}, ("media_player.turn_off", {})),
        ("climate.toggle", "heat", MODES, {}, ("climate.set_hvac_mode", {"hvac_mode": "off"})),
        ("climate.toggle", "off", MODES, {},
         ("climate.set_hvac_mode", {"hvac_mode": "heat_cool"})),
        ("climate.turn_on", "off", {"hvac_modes": ["off", "dry"]}, {},
         ("climate.set_hvac_mode", {"hvac_mode": "dry"})),
        ("climate.turn_on", "off", {**MODES, "supported_features": 384}, {},
         ("climate.turn_on", {})),
        ("climate.turn_off", "heat", {**MODES, "supported_features": 384}, {},
         ("climate.turn_off", {})),
        ("climate.turn_off", "heat", {"hvac_modes": ["heat"]}, {}, ("climate.turn_off", {})),
        ("cover.toggle", "closed", {}, {}, ("cover.open_cover", {})),
        ("cover.toggle", "open", {}, {}, ("cover.close_cover", {})),
        ("cover.toggle", "opening", {}, {}, ("cover.stop_cover", {})),
        ("cover.toggle", "closing", {"supported_features": 3}, {}, ("cover.open_cover", {})),
        ("cover.toggle", "opening", {"supported_features": 3}, {}, ("cover.close_cover", {})),
        ("cover.toggle_cover_tilt", "open", {"current_tilt_position": 0}, {},
         ("cover.open_cover_tilt", {})),
        ("cover.toggle_cover_tilt", "open", {"current_tilt_position": 30}, {},
         ("cover.close_cover_tilt", {})),
        ("valve.toggle", "closed", {}, {}, ("valve.open_valve", {})),
        ("fan.toggle", "on", {}, {}, ("fan.turn_off", {})),
        ("fan.set_percentage", "on", {}, {"percentage": 0}, ("fan.turn_off", {})),
        ("fan.set_percentage", "on", {}, {"percentage": "40"},
         ("fan.set_percentage", {"percentage": 40})),
        ("fan.increase_speed", "on", {**THREE_SPEEDS, "percentage": 33}, {},
         ("fan.set_percentage", {"percentage": 66})),
        ("fan.increase_speed", "on", {**THREE_SPEEDS, "percentage": 100}, {},
         ("fan.set_percentage", {"percentage": 100})),
        ("fan.increase_speed", "off", {**THREE_SPEEDS, "percentage": 0}, {},
         ("fan.set_percentage", {"percentage": 33})),
        ("fan.decrease_speed", "on", {**THREE_SPEEDS, "percentage": 33}, {},
         ("fan.turn_off", {})),
        ("fan.decrease_speed", "on", {"percentage": 50}, {"percentage_step": 15},
         ("fan.set_percentage", {"percentage": 35})),
        ("media_player.media_play_pause", "playing", {}, {}, ("media_player.media_pause", {})),
        ("media_player.media_play_pause", "paused", {}, {}, ("media_player.media_play", {})),
        ("media_player.volume_up", "on", {"volume_level": 0.95, "supported_features": 4}, {},
         ("media_player.volume_set", {"volume_level": 1})),
        ("media_player.volume_down", "on", {"volume_level": 0.5, "supported_features": 4}, {},
         ("media_player.volume_set", {"volume_level": 0.4})),
        ("media_player.volume_up", "on", {"volume_level": 0.5, "supported_features": 1028}, {},
         ("media_player.volume_up", {})),
        ("media_player.volume_up", "on", {}, {}, ("media_player.volume_up", {})),
        ("select.select_next", "mid", OPTIONS, {}, ("select.select_option", {"option": "high"})),
        ("select.select_next", "high", OPTIONS, {}, ("select.select_option", {"option": "low"})),
        ("select.select_next", "high", OPTIONS, {"cycle": False},
         ("select.select_option", {"option": "high"})),
        ("select.select_previous", "low", OPTIONS, {},
         ("select.select_option", {"option": "high"})),
        ("select.select_next", "unknown", OPTIONS, {},
         ("select.select_option", {"option": "low"})),
        ("select.select_last", "low", OPTIONS, {}, ("select.select_option", {"option": "high"})),
        ("number.set_value", "1", {"min": 0, "max": 1, "step": 0.1}, {"value": "0.3"},
         ("number.set_value", {"value": 0.3})),
        ("datetime.set_value", "unknown", {}, {"datetime": "2024-03-12 07:30"},
         ("datetime.set_value", {"datetime": "2024-03-12T07:30:00"})),
        ("time.set_value", "unknown", {}, {"time": "7:30"},
         ("time.set_value", {"time": "07:30:00"})),
    ],
)  # fmt: skip
def test_a_plugin_needs_to_know_few_services(
    ask: Ask,
    service: str,
    state: str,
    attributes: dict[str, Any],
    data: dict[str, Any],
    told: tuple[str, dict[str, Any]],
) -> None:
    assert ask(service, data, state=state, **attributes) == [told]


@pytest.mark.parametrize(
    ("service", "attributes", "data", "message"),
    [
        ("number.set_value", {"min": 5, "max": 9}, {"value": 12}, "too high; the highest is 9"),
        ("number.set_value", {"min": 5, "step": 0.5}, {"value": 6.7}, "nearest are 6.5 and 7"),
        ("number.set_value", {}, {"value": "warm"}, "expected a number, got 'warm'"),
        ("select.select_option", OPTIONS, {"option": "hihg"}, "Did you mean 'high'"),
        ("select.select_next", {}, {}, "no options to choose from"),
        ("text.set_value", {"min": 3}, {"value": "ab"}, "has 2 characters; the fewest are 3"),
        ("text.set_value", {"pattern": "[a-c]+$"}, {"value": "abd"}, "does not have the form"),
        ("climate.set_temperature", {"min_temp": 7, "max_temp": 30}, {"temperature": 40},
         "temperature 40 is too high; the highest is 30"),
        ("climate.set_temperature", {}, {"hvac_mode": "heat"}, "give one of: temperature"),
        ("climate.set_temperature", {}, {"target_temp_high": 20, "target_temp_low": 22},
         "target_temp_low is above"),
        ("climate.set_temperature", {}, {"target_temp_high": 20}, "go together"),
        ("climate.set_hvac_mode", MODES, {"hvac_mode": "cooll"}, "Did you mean 'cool'"),
        ("fan.turn_on", {"preset_modes": ["auto"]}, {"preset_mode": "eco"}, "none of: auto"),
        ("fan.set_direction", {}, {"direction": "left"}, "direction"),
        ("cover.set_cover_position", {}, {"position": 101}, "position"),
        ("media_player.volume_set", {}, {"volume_level": 7}, "volume_level"),
        ("lock.unlock", {"code_format": r"^\d{4}$"}, {"code": "12"}, "the right form"),
        ("lock.unlock", {"code_format": r"^\d{4}$"}, {}, "needs a code"),
        ("alarm_control_panel.alarm_disarm", {"code_format": "number"}, {}, "needs a code"),
        ("date.set_value", {}, {"date": "tomorrow"}, "is not a day; one looks like"),
        ("button.press", {}, {"hard": True}, "it has no field 'hard'"),
    ],
)  # fmt: skip
def test_what_a_thing_cannot_do_is_refused_in_words(
    ask: Ask, service: str, attributes: dict[str, Any], data: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidCommand, match=message):
        ask(service, data, **attributes)


def test_a_code_that_fits_is_passed_on_and_stands_in_no_log(ask: Ask, kernel: Kernel) -> None:
    told = ask("lock.open", {"code": "8151"}, code_format=r"^\d{4}$")

    assert told == [("lock.open", {"code": "8151"})]
    assert "8151" not in repr(list(kernel.log.scan()))


def test_a_wrong_code_stands_in_no_message(ask: Ask) -> None:
    with pytest.raises(InvalidCommand) as caught:
        ask("lock.open", {"code": "81-51"}, code_format=r"^\d{4}$")

    assert "81-51" not in str(caught.value)


def test_an_alarm_may_be_armed_without_a_code_if_it_says_so(ask: Ask) -> None:
    attributes = {"code_format": "number", "code_arm_required": False}

    assert ask("alarm_control_panel.alarm_arm_away", {}, **attributes)
    with pytest.raises(InvalidCommand, match="needs a code"):
        ask("alarm_control_panel.alarm_disarm", {}, **attributes)


def test_the_log_holds_what_was_asked_and_what_became_of_it(ask: Ask, kernel: Kernel) -> None:
    ask("switch.toggle", state="on")

    sent, done = kernel.log.scan(types=("command.*",))
    assert sent.data == {
        "service": "switch.toggle",
        "kind": "pulse",
        "becomes": "switch.turn_off",
        "data": {},
    }
    assert done.data == {"service": "switch.toggle"}


# Things of any domain, and groups


def _attach(kernel: Kernel, entity_id: str, state: str, told: list[tuple[str, str]]) -> None:
    def take(command: Command) -> None:
        told.append((command.service, entity_id))

    kernel.states.set(entity_id, state, {}, source="test")
    kernel.commands.attach(entity_id, take)


@pytest.fixture
def told(kernel: Kernel, ask: Ask) -> list[tuple[str, str]]:
    """Two lights and a cover in groups within groups, and a sensor; and what they are told."""
    told: list[tuple[str, str]] = []
    for entity_id, state in (
        ("light.one", "on"), ("light.two", "off"), ("cover.blind", "open"), ("sensor.x", "3"),
    ):  # fmt: skip
        _attach(kernel, entity_id, state, told)
    for group, members in (
        ("group.lights", ["light.one", "light.two", "group.all"]),
        ("group.all", ["group.lights", "cover.blind", "sensor.x", "light.gone"]),
    ):
        kernel.states.set(group, "on", {"entity_id": members}, source="test")
    return told


@pytest.mark.parametrize(
    ("service", "entity_ids", "expected"),
    [
        ("homeassistant.turn_on", ["light.two"], [("light.turn_on", "light.two")]),
        ("homeassistant.toggle", ["light.one", "light.two", "cover.blind"],
         [("light.turn_off", "light.one"), ("light.turn_on", "light.two"),
          ("cover.close_cover", "cover.blind")]),
        ("light.turn_on", ["group.all"],
         [("light.turn_on", "light.one"), ("light.turn_on", "light.two")]),
        ("light.turn_on", ["light.two", "group.all"],
         [("light.turn_on", "light.two"), ("light.turn_on", "light.one")]),
        ("homeassistant.turn_off", ["group.lights"],
         [("light.turn_off", "light.one"), ("light.turn_off", "light.two")]),
        ("group.toggle", ["group.all"],
         [("light.turn_off", "light.one"), ("light.turn_on", "light.two"),
          ("cover.close_cover", "cover.blind")]),
        ("cover.open_cover", ["group.lights"], [("cover.open_cover", "cover.blind")]),
        ("switch.turn_on", ["group.all"], []),
    ],
)  # fmt: skip
def test_commands_go_to_the_members_of_groups_that_can_do_them(
    kernel: Kernel,
    told: list[tuple[str, str]],
    service: str,
    entity_ids: list[str],
    expected: list[tuple[str, str]],
) -> None:
    call = kernel.commands.call(service, {}, Target(entity_id=entity_ids), source="test")

    assert told == expected
    assert call.done


def test_all_stands_for_the_things_of_one_domain_only(
    kernel: Kernel, told: list[tuple[str, str]]
) -> None:
    everything = Target(entity_id=["all"])

    kernel.commands.call("light.turn_on", {}, everything, source="test")
    with pytest.raises(InvalidCommand, match="takes no 'all'"):
        kernel.commands.call("homeassistant.turn_on", {}, everything, source="test")

    assert told == [("light.turn_on", "light.one"), ("light.turn_on", "light.two")]


def test_data_for_things_of_any_domain_is_checked_for_each(
    kernel: Kernel, told: list[tuple[str, str]]
) -> None:
    with pytest.raises(InvalidCommand, match=r"light\.turn_on: it has no field 'brightnes'"):
        kernel.commands.call(
            "homeassistant.turn_on", {"brightnes": 1}, Target(entity_id=["light.one"]), source="t"
        )

    assert told == []


# The vocabulary as a whole


def _ids(services: tuple[Service, ...]) -> list[str]:
    return [service.id for service in services]


def test_every_service_is_there_once_and_says_what_it_is_for() -> None:
    ids = _ids(SERVICES)

    assert len(ids) == len(set(ids))
    assert all(service.description.endswith(".") for service in SERVICES)
    assert list(plugin.casita_register_services()) == list(SERVICES)


@pytest.mark.parametrize("service", SERVICES, ids=_ids(SERVICES))
def test_every_schema_can_be_told_to_other_programs(service: Service) -> None:
    assert convert(service.schema)["type"] == "object"


@pytest.mark.parametrize("service", SERVICES, ids=_ids(SERVICES))
def test_what_harms_if_repeated_is_a_pulse(service: Service) -> None:
    harms = ("toggle", "press", "next", "previous", "increase", "decrease", "send", "step", "up")
    words = service.name.split("_")

    assert (service.kind is Kind.PULSE) or not set(harms).intersection(words)
