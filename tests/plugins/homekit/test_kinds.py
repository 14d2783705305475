"""What each kind of service is in the house, and what is written for each command."""

from __future__ import annotations

from typing import Any

import pytest
from aiohomekit.model import Accessory
from aiohomekit.model.characteristics import CharacteristicsTypes as C
from aiohomekit.model.services import ServicesTypes as S

from casita.discovery import Advert
from casita.events import Event
from casita.ids import Offset
from casita.services import Command
from casita_homekit._accessories import parts_of
from casita_homekit._part import Part, values_of
from casita_homekit._recognise import recognise


def _part(service_type: str, values: dict[str, Any]) -> Part:
    accessory = Accessory.create_with_info(2, "Thing", "Maker", "Model", "1", "1.0")
    service = accessory.add_service(service_type)
    for kind, value in values.items():
        char = service[kind] if service.has(kind) else service.add_char(kind)
        char._value = value
    (_, part), *_ = parts_of(accessory)
    return part


def _read(service_type: str, values: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    state, readings = _part(service_type, values).read(values)
    return state, {key: value for key, value in readings.items() if value is not None}


def _command(service: str, **data: Any) -> Command:
    from datetime import UTC, datetime

    event = Event(
        offset=Offset(1), time=datetime(2024, 1, 1, tzinfo=UTC), type="command.sent",
        subject="x", source="t", data={}, root=Offset(1),
    )  # fmt: skip
    return Command(service=service, entity_id="x.y", data=data, event=event)


@pytest.mark.parametrize(
    ("service", "values", "domain", "state", "readings"),
    [
        (S.SWITCH, {C.ON: 1}, "switch", True, {}),
        (S.OUTLET, {C.ON: False}, "switch", False, {}),
        (S.MOTION_SENSOR, {C.MOTION_DETECTED: 1}, "binary_sensor", True, {}),
        (S.CONTACT_SENSOR, {C.CONTACT_STATE: 0}, "binary_sensor", False, {}),
        (S.LEAK_SENSOR, {C.LEAK_DETECTED: 1}, "binary_sensor", True, {}),
        (S.TEMPERATURE_SENSOR, {C.TEMPERATURE_CURRENT: 21.5}, "sensor", 21.5, {}),
        (S.AIR_QUALITY_SENSOR, {C.AIR_QUALITY: 2}, "sensor", "good", {}),
        (
            S.LIGHTBULB,
            {C.ON: True, C.BRIGHTNESS: 50},
            "light",
            True,
            {"brightness": 128, "color_mode": "brightness"},
        ),
        (S.LIGHTBULB, {C.ON: False, C.BRIGHTNESS: 50}, "light", False, {}),
        (
            S.LIGHTBULB,
            {C.ON: True, C.COLOR_TEMPERATURE: 250},
            "light",
            True,
            {"color_mode": "color_temp", "color_temp_kelvin": 4000},
        ),
        (
            S.WINDOW_COVERING,
            {C.POSITION_CURRENT: 30, C.POSITION_TARGET: 60, C.POSITION_STATE: 1},
            "cover",
            "opening",
            {"current_position": 30},
        ),
        (
            S.WINDOW_COVERING,
            {C.POSITION_CURRENT: 0, C.POSITION_TARGET: 0, C.POSITION_STATE: 2},
            "cover",
            "closed",
            {"current_position": 0},
        ),
        (
            S.GARAGE_DOOR_OPENER,
            {C.DOOR_STATE_CURRENT: 3, C.OBSTRUCTION_DETECTED: False},
            "cover",
            "closing",
            {"obstruction_detected": False},
        ),
        (
            S.LOCK_MECHANISM,
            {C.LOCK_MECHANISM_CURRENT_STATE: 0, C.LOCK_MECHANISM_TARGET_STATE: 1},
            "lock",
            "locking",
            {},
        ),
        (
            S.LOCK_MECHANISM,
            {C.LOCK_MECHANISM_CURRENT_STATE: 2, C.LOCK_MECHANISM_TARGET_STATE: 1},
            "lock",
            "jammed",
            {},
        ),
        (
            S.THERMOSTAT,
            {
                C.HEATING_COOLING_TARGET: 1,
                C.HEATING_COOLING_CURRENT: 1,
                C.TEMPERATURE_CURRENT: 19.5,
                C.TEMPERATURE_TARGET: 21,
            },
            "climate",
            "heat",
            {"current_temperature": 19.5, "temperature": 21, "hvac_action": "heating"},
        ),
        (
            S.HEATER_COOLER,
            {
                C.ACTIVE: 1,
                C.TARGET_HEATER_COOLER_STATE: 2,
                C.CURRENT_HEATER_COOLER_STATE: 3,
                C.TEMPERATURE_CURRENT: 26,
                C.TEMPERATURE_COOLING_THRESHOLD: 24,
            },
            "climate",
            "cool",
            {"current_temperature": 26, "temperature": 24, "hvac_action": "cooling"},
        ),
        (S.FAN_V2, {C.ACTIVE: 1, C.ROTATION_SPEED: 33}, "fan", True, {"percentage": 33}),
    ],
)
def test_a_service_is_an_entity_with_state_and_attributes(
    service: str, values: dict[str, Any], domain: str, state: Any, readings: dict[str, Any]
) -> None:
    assert _part(service, values).entity.domain == domain
    assert _read(service, values) == (state, readings)


@pytest.mark.parametrize(
    ("service", "values", "command", "writes"),
    [
        (S.SWITCH, {C.ON: 0}, _command("switch.turn_on"), {C.ON: True}),
        (S.VALVE, {C.ACTIVE: 1}, _command("switch.turn_off"), {C.ACTIVE: 0}),
        (
            S.LIGHTBULB,
            {C.ON: 0, C.BRIGHTNESS: 0},
            _command("light.turn_on", brightness=1),
            {C.ON: True, C.BRIGHTNESS: 1},
        ),
        (
            S.LIGHTBULB,
            {C.ON: 0, C.COLOR_TEMPERATURE: 250},
            _command("light.turn_on", color_temp_kelvin=2700),
            {C.ON: True, C.COLOR_TEMPERATURE: 370},
        ),
        (
            S.WINDOW_COVERING,
            {C.POSITION_CURRENT: 30},
            _command("cover.stop_cover"),
            {C.POSITION_TARGET: 30},
        ),
        (
            S.WINDOW_COVERING,
            {C.POSITION_CURRENT: 30},
            _command("cover.set_cover_position", position=70),
            {C.POSITION_TARGET: 70},
        ),
        (
            S.GARAGE_DOOR_OPENER,
            {C.DOOR_STATE_CURRENT: 1},
            _command("cover.open_cover"),
            {C.DOOR_STATE_TARGET: 0},
        ),
        (
            S.LOCK_MECHANISM,
            {C.LOCK_MECHANISM_CURRENT_STATE: 1},
            _command("lock.unlock"),
            {C.LOCK_MECHANISM_TARGET_STATE: 0},
        ),
        (
            S.THERMOSTAT,
            {C.HEATING_COOLING_TARGET: 0},
            _command("climate.set_temperature", temperature=20.5, hvac_mode="heat"),
            {C.HEATING_COOLING_TARGET: 1, C.TEMPERATURE_TARGET: 20.5},
        ),
        (
            S.HEATER_COOLER,
            {C.ACTIVE: 1, C.TARGET_HEATER_COOLER_STATE: 1},
            _command("climate.set_temperature", temperature=22),
            {C.TEMPERATURE_HEATING_THRESHOLD: 22},
        ),
        (S.FAN_V2, {C.ACTIVE: 1}, _command("fan.set_percentage", percentage=0), {C.ACTIVE: 0}),
        (
            S.FAN,
            {C.ON: 0},
            _command("fan.turn_on", percentage=40),
            {C.ON: True, C.ROTATION_SPEED: 40},
        ),
    ],
)
def test_a_command_becomes_what_the_accessory_understands(
    service: str, values: dict[str, Any], command: Command, writes: dict[str, Any]
) -> None:
    part = _part(service, values)

    assert part.write is not None
    assert part.write(command, values) == writes


def test_a_battery_is_two_entities() -> None:
    accessory = Accessory.create_with_info(2, "Thing", "Maker", "Model", "1", "1.0")
    service = accessory.add_service(S.BATTERY_SERVICE)
    service.add_char(C.BATTERY_LEVEL, value=80)
    service.add_char(C.STATUS_LO_BATT, value=0)

    parts = [part for _, part in parts_of(accessory)]

    assert [(one.entity.domain, one.entity.name) for one in parts] == [
        ("sensor", "Battery"),
        ("binary_sensor", "Battery low"),
    ]
    assert [one.read(values_of(service))[0] for one in parts] == [80, False]


def _advert(**properties: str) -> Advert:
    return Advert(
        type="_hap._tcp.local.", name="Bridge", addresses=("127.0.0.1",), port=1,
        properties=properties,
    )  # fmt: skip


def test_an_unpaired_accessory_can_be_adopted() -> None:
    candidate = recognise(_advert(id="aa:bb", sf="1", ci="2", md="X"))

    assert candidate is not None
    assert (candidate.key, candidate.adoptable) == ("AA:BB", True)
    assert candidate.detail["category"] == "bridge"


def test_an_accessory_that_belongs_to_somebody_else_cannot() -> None:
    candidate = recognise(_advert(id="aa:bb", sf="0"))

    assert candidate is not None
    assert not candidate.adoptable


@pytest.mark.parametrize("properties", [{}, {"sf": "1"}, {"id": ""}])
def test_an_advert_without_an_id_is_none_of_ours(properties: dict[str, str]) -> None:
    assert recognise(_advert(**properties)) is None


def test_an_advert_of_nonsense_is_taken_for_what_it_says() -> None:
    candidate = recognise(_advert(id="aa", sf="x", ci="y"))

    assert candidate is not None
    assert candidate.detail["category"] == "accessory"
