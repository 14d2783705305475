"""A scene brings about the states that were written down, through the fitting services."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from casita.domains import SERVICES
from casita.events import State
from casita.helpers import KINDS
from casita.helpers._reproduce import Wanted, calls_for
from casita.ids import Offset
from casita.testing import START, House

MakeHouse = Callable[..., House]
HUE = {"brightness": 200, "color_mode": "hs", "hs_color": [30, 80], "rgb_color": [255, 153, 51]}


def _present(entity_id: str, state: str, **attributes: Any) -> State:
    return State(entity_id, state, attributes, START, START, Offset(1))


@pytest.mark.parametrize(
    ("entity_id", "state", "attributes", "calls"),
    [
        ("switch.a", "on", {}, [("switch.turn_on", {})]),
        ("input_boolean.a", "off", {}, [("input_boolean.turn_off", {})]),
        ("light.a", "off", {"brightness": 3}, [("light.turn_off", {"transition": 2})]),
        ("light.a", "on", {"brightness": 3},
         [("light.turn_on", {"brightness": 3, "transition": 2})]),
        ("light.a", "on", HUE,
         [("light.turn_on", {"brightness": 200, "hs_color": [30, 80], "transition": 2})]),
        ("light.a", "on", {"color_temp": 300},
         [("light.turn_on", {"color_temp": 300, "transition": 2})]),
        ("light.a", "on", {"color_mode": "color_temp", "color_temp_kelvin": 2700,
                           "hs_color": [28, 65]},
         [("light.turn_on", {"color_temp_kelvin": 2700, "transition": 2})]),
        ("cover.a", "open", {}, [("cover.open_cover", {})]),
        ("cover.a", "closed", {}, [("cover.close_cover", {})]),
        ("cover.a", "open", {"current_position": 40, "current_tilt_position": 10},
         [("cover.set_cover_position", {"position": 40}),
          ("cover.set_cover_tilt_position", {"tilt_position": 10})]),
        ("valve.a", "open", {"current_position": 40},
         [("valve.set_valve_position", {"position": 40})]),
        ("lock.a", "locked", {}, [("lock.lock", {})]),
        ("lock.a", "unlocked", {}, [("lock.unlock", {})]),
        ("fan.a", "on", {"percentage": 30, "oscillating": True},
         [("fan.turn_on", {}), ("fan.set_percentage", {"percentage": 30}),
          ("fan.oscillate", {"oscillating": True})]),
        ("fan.a", "off", {"percentage": 30}, [("fan.turn_off", {})]),
        ("climate.a", "heat", {"temperature": 21, "preset_mode": "eco"},
         [("climate.set_hvac_mode", {"hvac_mode": "heat"}),
          ("climate.set_temperature", {"temperature": 21}),
          ("climate.set_preset_mode", {"preset_mode": "eco"})]),
        ("climate.a", "heat_cool", {"target_temp_high": 24, "target_temp_low": 19,
                                    "temperature": None},
         [("climate.set_hvac_mode", {"hvac_mode": "heat_cool"}),
          ("climate.set_temperature", {"target_temp_high": 24, "target_temp_low": 19})]),
        ("media_player.a", "playing", {"volume_level": 0.3, "source": "Radio"},
         [("media_player.media_play", {}), ("media_player.volume_set", {"volume_level": 0.3}),
          ("media_player.select_source", {"source": "Radio"})]),
        ("media_player.a", "off", {}, [("media_player.turn_off", {})]),
        ("media_player.a", "on", {}, [("media_player.turn_on", {})]),
        ("humidifier.a", "on", {"humidity": 40, "mode": "auto"},
         [("humidifier.turn_on", {}), ("humidifier.set_mode", {"mode": "auto"}),
          ("humidifier.set_humidity", {"humidity": 40})]),
        ("water_heater.a", "eco", {"temperature": 50},
         [("water_heater.turn_on", {}), ("water_heater.set_temperature", {"temperature": 50})]),
        ("vacuum.a", "docked", {}, [("vacuum.return_to_base", {})]),
        ("lawn_mower.a", "mowing", {}, [("lawn_mower.start_mowing", {})]),
        ("alarm_control_panel.a", "armed_night", {}, [("alarm_control_panel.alarm_arm_night", {})]),
        ("number.a", "4.5", {}, [("number.set_value", {"value": "4.5"})]),
        ("input_number.a", "4.5", {}, [("input_number.set_value", {"value": "4.5"})]),
        ("counter.a", "4", {}, [("counter.set_value", {"value": "4"})]),
        ("input_select.a", "x", {}, [("input_select.select_option", {"option": "x"})]),
        ("select.a", "x", {}, [("select.select_option", {"option": "x"})]),
        ("text.a", "x", {}, [("text.set_value", {"value": "x"})]),
        ("input_text.a", "x", {}, [("input_text.set_value", {"value": "x"})]),
        ("input_datetime.a", "07:30:00", {},
         [("input_datetime.set_datetime", {"time": "07:30:00"})]),
        ("input_datetime.a", "2024-01-02", {},
         [("input_datetime.set_datetime", {"date": "2024-01-02"})]),
        ("input_datetime.a", "2024-01-02 07:30:00", {},
         [("input_datetime.set_datetime", {"datetime": "2024-01-02 07:30:00"})]),
        ("date.a", "2024-01-02", {}, [("date.set_value", {"date": "2024-01-02"})]),
        ("timer.a", "active", {"duration": "0:05:00"}, [("timer.start", {"duration": "0:05:00"})]),
        ("timer.a", "idle", {}, [("timer.cancel", {})]),
        ("group.a", "on", {}, [("group.turn_on", {})]),
    ],
)  # fmt: skip
def test_each_domain_has_services_that_lead_to_a_state(
    entity_id: str,
    state: str,
    attributes: dict[str, Any],
    calls: list[tuple[str, dict[str, Any]]],
) -> None:
    wanted = Wanted(entity_id, state, attributes)

    assert calls_for(wanted, _present(entity_id, "elsewhere"), 2) == calls
    assert calls_for(wanted, _present(entity_id, state, **attributes), 2) == []
    known = {one.id: one for one in (*SERVICES, *(s for kind in KINDS for s in kind.services))}
    for service, data in calls:
        known[service].schema(data)


def test_a_sensor_cannot_be_brought_into_a_state() -> None:
    with pytest.raises(LookupError):
        calls_for(Wanted("sensor.a", "3", {}), _present("sensor.a", "4"))


SCENE = {
    "id": "1700000000",
    "name": "Movie night",
    "icon": "mdi:movie",
    "entities": {
        "light.hall": {"state": "on", "brightness": 40},
        "input_boolean.quiet": True,
        "input_select.mode": "night",
    },
}
SECTIONS: dict[str, Any] = {
    "scene": [SCENE],
    "input_boolean": {"quiet": None, "done": {"initial": True}},
    "input_select": {"mode": {"options": ["day", "night"]}},
}


def test_turning_it_on_brings_about_what_is_not_so_yet(make_house: MakeHouse) -> None:
    house = make_house(**SECTIONS)
    house.sees("light.hall", "off")
    house.calls("input_select.select_option", "input_select.mode", option="night")

    house.calls("scene.turn_on", "scene.movie_night", transition=3)

    scene = house.state("scene.movie_night")
    assert house.sent == [
        ("light.turn_on", "light.hall"),
        ("input_boolean.turn_on", "input_boolean.quiet"),
    ]
    assert house.why(house.sent[0]).root.subject == "scene.movie_night"
    assert scene is not None
    assert scene.state == START.isoformat()
    assert scene.attributes["entity_id"] == [*SCENE["entities"]]
    assert scene.attributes["id"] == "1700000000"
    light = house.state("light.hall")
    assert light is not None
    assert light.attributes["transition"] == 3


def test_what_cannot_be_brought_about_is_told_and_keeps_nothing_else_from_it(
    make_house: MakeHouse,
) -> None:
    entities = {
        "light.gone": "on",
        "sensor.heat": "3",
        "input_select.mode": "nigth",
        "input_boolean.quiet": "on",
    }
    house = make_house(**{**SECTIONS, "scene": [{"name": "Mixed", "entities": entities}]})
    house.sees("sensor.heat", "4")

    house.calls("scene.turn_on", "scene.mixed")

    failed = [event for event in house.events if event.type == "command.failed"]
    quiet = house.state("input_boolean.quiet")
    assert quiet is not None
    assert quiet.state == "on"
    assert failed[-1].subject == "scene.mixed"
    for words in ("light.gone: there is no such entity", "a sensor cannot be", "Did you mean"):
        assert words in failed[-1].data["message"]


def test_states_can_be_applied_without_a_scene(make_house: MakeHouse) -> None:
    house = make_house(**SECTIONS)

    house.calls("scene.apply", entities={"input_boolean.quiet": "on", "input_boolean.done": False})

    states = [house.state(f"input_boolean.{name}") for name in ("quiet", "done")]
    assert [state.state for state in states if state] == ["on", "off"]


def test_a_scene_of_how_things_are_brings_them_back_even_after_a_power_cut(
    make_house: MakeHouse,
) -> None:
    house = make_house(**SECTIONS)
    house.sees("light.hall", "on", brightness=90)
    house.calls("scene.create", scene_id="before", snapshot_entities=["light.hall"],
                entities={"input_boolean.quiet": "off"})  # fmt: skip
    house.sees("light.hall", "off")
    house.calls("input_boolean.turn_on", "input_boolean.quiet")
    house.crash()

    house.calls("scene.turn_on", "scene.before")

    light, quiet = house.state("light.hall"), house.state("input_boolean.quiet")
    assert light is not None
    assert (light.state, light.attributes["brightness"]) == ("on", 90)
    assert quiet is not None
    assert quiet.state == "off"


def test_a_scene_that_was_made_can_be_made_anew_and_deleted(make_house: MakeHouse) -> None:
    house = make_house(**SECTIONS)
    house.calls("scene.create", scene_id="mine", entities={"input_boolean.quiet": "on"})

    house.calls("scene.create", scene_id="mine", entities={"input_boolean.done": "off"})
    again = house.state("scene.mine")
    house.calls("scene.delete", entity_id="scene.mine")

    assert again is not None
    assert again.attributes["entity_id"] == ["input_boolean.done"]
    assert house.state("scene.mine") is None
    house.crash()
    assert house.state("scene.mine") is None


@pytest.mark.parametrize(
    ("service", "data", "message"),
    [
        ("scene.create", {"scene_id": "movie_night", "entities": {"light.a": "on"}},
         "stands in the configuration"),
        ("scene.create", {"scene_id": "x"}, "give entities, snapshot_entities, or both"),
        ("scene.create", {"scene_id": "x", "snapshot_entities": ["light.gone"]},
         "no such entity"),
        ("scene.delete", {"entity_id": "scene.movie_night"}, "no scene scene.movie_night was made"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_or_deleted_fails_in_words(
    make_house: MakeHouse, service: str, data: dict[str, Any], message: str
) -> None:
    house = make_house(**SECTIONS)

    house.calls(service, **data)

    failed = [event for event in house.events if event.type == "command.failed"]
    assert message in failed[-1].data["message"]
    assert house.state("scene.movie_night")
