"""The demo house's devices do what they are told."""

from __future__ import annotations

import pytest

from casita.errors import AuthFailed
from casita.events import State
from casita.testing import House


def state(house: House, entity_id: str) -> State:
    found = house.state(entity_id)
    assert found is not None
    return found


def power_w(house: House) -> float:
    return float(state(house, "sensor.house_power").state)


def power_steps_w(house: House, entity_id: str) -> list[float]:
    """By how much the house's power changed at each change of an entity after its first state."""
    events = [one for one in house.events if one.type == "state.changed"]
    times = [one.time for one in events if one.subject == entity_id and one.data["old"]]
    return [
        float(one.data["state"]) - float(one.data["old"])
        for one in events
        if one.subject == "sensor.house_power" and one.time in times
    ]


def test_there_are_ten_rooms_with_a_lamp_and_a_sensor_each(evening: House) -> None:
    registry = evening.kernel.registry
    rooms = [area for area in registry.areas if area.name != "Outside"]

    assert len(rooms) == 10
    for room in rooms:
        members = registry.entities_in_area(room.id)
        assert f"light.{room.id}" in members
        assert f"binary_sensor.{room.id}_motion" in members
        assert f"sensor.{room.id}_temperature" in members


def test_a_lamp_answers_after_a_moment_not_at_once(evening: House) -> None:
    evening.calls("light.turn_on", "light.guest_room")
    at_once = state(evening, "light.guest_room").state

    evening.passes(1)

    assert at_once == "off"
    assert state(evening, "light.guest_room").state == "on"


def test_what_a_command_does_has_the_command_as_its_cause(evening: House) -> None:
    evening.calls("light.turn_on", "light.guest_room")
    evening.passes(1)

    changed = [one for one in evening.events if one.subject == "light.guest_room"][-2:]

    assert {one.type for one in changed} == {"state.changed", "command.done"}
    for one in changed:
        assert [cause.type for cause in evening.why(one)][1] == "command.sent"


def test_a_dimmed_lamp_draws_less(evening: House) -> None:
    evening.calls("light.turn_on", "light.guest_room", brightness=255)
    evening.passes(1)
    evening.calls("light.turn_on", "light.guest_room", brightness=51)
    evening.passes(1)

    bright, dimmed = power_steps_w(evening, "light.guest_room")
    assert bright == pytest.approx(12, abs=1)
    assert dimmed == pytest.approx(-9.6, abs=1)


def test_a_colour_lamp_goes_from_white_to_colour_and_back(evening: House) -> None:
    evening.calls("light.turn_on", "light.bedroom", color_temp_kelvin=4000)
    evening.passes(1)
    white = state(evening, "light.bedroom").attributes
    evening.calls("light.turn_on", "light.bedroom", rgb_color=[255, 0, 0])
    evening.passes(1)
    red = state(evening, "light.bedroom").attributes

    assert (white["color_mode"], white["color_temp_kelvin"]) == ("color_temp", 4000)
    assert (red["color_mode"], list(red["hs_color"])) == ("hs", [0, 100])
    assert red.get("color_temp_kelvin") is None


def test_a_lamp_that_is_off_shows_no_brightness_and_remembers_it(evening: House) -> None:
    evening.calls("light.turn_on", "light.guest_room", brightness=77)
    evening.passes(1)
    evening.calls("light.turn_off", "light.guest_room")
    evening.passes(1)
    off = state(evening, "light.guest_room")
    evening.calls("light.turn_on", "light.guest_room")
    evening.passes(1)

    assert off.attributes.get("brightness") is None
    assert state(evening, "light.guest_room").attributes["brightness"] == 77


def test_blinds_take_their_time_and_can_be_stopped(evening: House) -> None:
    evening.calls("cover.close_cover", "cover.living_room_blinds")
    evening.passes(9)
    moving = state(evening, "cover.living_room_blinds")
    evening.calls("cover.stop_cover", "cover.living_room_blinds")
    evening.passes(2)
    stopped = state(evening, "cover.living_room_blinds")

    assert moving.state == "closing"
    assert stopped.state == "open"
    assert 0 < stopped.attributes["current_position"] < 100


def test_blinds_go_to_a_position(evening: House) -> None:
    evening.calls("cover.set_cover_position", "cover.bedroom_blinds", position=35)
    evening.passes(30)

    blinds = state(evening, "cover.bedroom_blinds")

    assert (blinds.state, blinds.attributes["current_position"]) == ("open", 35)


def test_the_lock_turns_for_a_while(evening: House) -> None:
    evening.calls("lock.unlock", "lock.front_door")
    evening.passes(5)
    evening.calls("lock.lock", "lock.front_door")
    evening.passes(1)
    turning = state(evening, "lock.front_door").state
    evening.passes(3)

    assert turning == "locking"
    assert state(evening, "lock.front_door").state == "locked"


def test_a_thermostat_heats_when_it_is_set_higher(evening: House) -> None:
    before_w = power_w(evening)

    evening.calls("climate.set_temperature", "climate.bedroom", temperature=26)
    evening.passes(1)

    thermostat = state(evening, "climate.bedroom")
    assert thermostat.attributes["temperature"] == 26
    assert thermostat.attributes["hvac_action"] == "heating"
    assert power_w(evening) > before_w + 200


def test_a_thermostat_that_is_off_does_not_heat(evening: House) -> None:
    evening.calls("climate.set_hvac_mode", "climate.bathroom", hvac_mode="off")
    evening.passes("3h")

    thermostat = state(evening, "climate.bathroom")

    assert thermostat.state == "off"
    assert thermostat.attributes["hvac_action"] == "off"
    assert thermostat.attributes["current_temperature"] < 22


def test_the_television_plays_and_gets_louder(evening: House) -> None:
    evening.calls("media_player.turn_on", "media_player.living_room_tv")
    evening.passes(1)
    evening.calls("media_player.volume_set", "media_player.living_room_tv", volume_level=0.8)
    evening.passes(1)

    player = state(evening, "media_player.living_room_tv")

    assert player.state == "playing"
    assert player.attributes["volume_level"] == 0.8
    assert player.attributes["media_title"]


def test_the_chime_sounds_when_its_button_is_pressed(evening: House) -> None:
    evening.calls("button.press", "button.doorbell_chime")
    evening.passes(1)

    assert state(evening, "button.doorbell_chime").state != "unknown"


def test_a_lamp_stays_on_over_a_crash(evening: House) -> None:
    evening.calls("light.turn_on", "light.guest_room", brightness=99)
    evening.passes(1)

    evening.crash()
    evening.passes(1)

    lamp = state(evening, "light.guest_room")
    assert (lamp.state, lamp.attributes["brightness"]) == ("on", 99)


def test_the_meter_goes_on_counting_after_a_crash(evening: House) -> None:
    evening.passes("2h")
    before_kwh = float(state(evening, "sensor.house_energy").state)

    evening.crash()
    evening.passes("5m")

    after_kwh = float(state(evening, "sensor.house_energy").state)
    assert before_kwh <= after_kwh < before_kwh + 0.5


def test_the_desk_lamp_waits_for_its_code(evening: House) -> None:
    with pytest.raises(AuthFailed):
        evening.adopts("demo.desk_lamp", code="0000")
    evening.adopts("demo.desk_lamp", code="2468")
    evening.calls("light.turn_on", "light.desk_lamp", brightness_pct=50)
    evening.passes(1)

    assert state(evening, "light.desk_lamp").attributes["brightness"] == 128
