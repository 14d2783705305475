"""A light's plugin is told only what the light can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from casita.domains.light import readings
from casita.errors import InvalidCommand

Ask = Callable[..., list[tuple[str, dict[str, Any]]]]

RGB = {"supported_color_modes": ["rgb"]}
HS = {"supported_color_modes": ["hs", "color_temp"]}
CCT = {
    "supported_color_modes": ["color_temp"],
    "min_color_temp_kelvin": 2200,
    "max_color_temp_kelvin": 6500,
}
DIMMABLE = {"supported_color_modes": ["brightness"]}
PLAIN = {"supported_color_modes": ["onoff"]}


@pytest.mark.parametrize(
    ("attributes", "data", "told"),
    [
        (DIMMABLE, {"brightness": 200}, {"brightness": 200}),
        (DIMMABLE, {"brightness": 127.5}, {"brightness": 127}),
        (DIMMABLE, {"brightness": 400}, {"brightness": 255}),
        (DIMMABLE, {"brightness_pct": 50}, {"brightness": 128}),
        (DIMMABLE, {"brightness_step": 20}, {"brightness": 20}),
        ({**DIMMABLE, "brightness": 100}, {"brightness_step": -30}, {"brightness": 70}),
        ({**DIMMABLE, "brightness": 250}, {"brightness_step": 30}, {"brightness": 255}),
        ({**DIMMABLE, "brightness": 128}, {"brightness_step_pct": 10}, {"brightness": 153}),
        (PLAIN, {"brightness": 200}, {}),
        (PLAIN, {"rgb_color": [255, 0, 0]}, {}),
        (RGB, {"rgb_color": [255, 0, 9]}, {"rgb_color": (255, 0, 9)}),
        (RGB, {"hs_color": [0, 100]}, {"rgb_color": (255, 0, 0)}),
        (RGB, {"color_name": "Light Blue"}, {"rgb_color": (173, 216, 230)}),
        (RGB, {"color_temp_kelvin": 2700}, {"rgb_color": (255, 167, 87)}),
        (HS, {"rgb_color": [0, 255, 0]}, {"hs_color": (120.0, 100.0)}),
        (HS, {"xy_color": [0.5, 0.2]}, {"hs_color": (317.647, 100.0)}),
        (HS, {"kelvin": 4000}, {"color_temp_kelvin": 4000}),
        (HS, {"color_temp": 153}, {"color_temp_kelvin": 6535}),
        (CCT, {"color_temp_kelvin": 1000}, {"color_temp_kelvin": 2200}),
        (CCT, {"rgb_color": [255, 255, 255]}, {"color_temp_kelvin": 5962}),
        (DIMMABLE, {"hs_color": [30, 50], "brightness": 9}, {"brightness": 9}),
        ({"supported_color_modes": ["rgbw"]}, {"rgb_color": [255, 127, 127]},
         {"rgbw_color": (255, 0, 0, 253)}),
        ({"supported_color_modes": ["rgbw"]}, {"hs_color": [0, 0]},
         {"rgbw_color": (0, 0, 0, 255)}),
        ({"supported_color_modes": ["rgbww"]}, {"color_temp_kelvin": 2000, "brightness": 100},
         {"rgbww_color": (0, 0, 0, 0, 100), "brightness": 100}),
        ({"supported_color_modes": ["xy"]}, {"rgb_color": [255, 0, 0]},
         {"xy_color": (0.701, 0.299)}),
        ({"supported_color_modes": ["rgb", "white"]}, {"white": 90}, {"white": 90}),
        ({"supported_color_modes": ["rgb", "white"], "brightness": 77}, {"white": True},
         {"white": 77}),
        (RGB, {"white": 90}, {}),
        ({**DIMMABLE, "supported_features": 0}, {"transition": 2, "flash": "short"}, {}),
        ({**DIMMABLE, "supported_features": 32}, {"transition": 2}, {"transition": 2}),
        (DIMMABLE, {"transition": 2}, {"transition": 2}),
        ({**DIMMABLE, "effect_list": ["rainbow"]}, {"effect": "rainbow"}, {"effect": "rainbow"}),
        (DIMMABLE, {"effect": "rainbow"}, {}),
        (DIMMABLE, {"profile": "relax"}, {}),
        ({}, {"brightness_pct": 100, "xy_color": [0.3, 0.3]},
         {"brightness": 255, "xy_color": (0.3, 0.3)}),
    ],
)  # fmt: skip
def test_what_is_asked_is_fitted_to_the_light(
    ask: Ask, attributes: dict[str, Any], data: dict[str, Any], told: dict[str, Any]
) -> None:
    assert ask("light.turn_on", data, **attributes) == [("light.turn_on", told)]


@pytest.mark.parametrize(
    ("attributes", "data", "told"),
    [
        (DIMMABLE, {"brightness": 0}, {}),
        (DIMMABLE, {"brightness_pct": 0, "transition": 3}, {"transition": 3}),
        ({**DIMMABLE, "brightness": 20}, {"brightness_step": -20}, {}),
        (PLAIN, {"brightness": 0}, {}),
        ({"supported_color_modes": ["white"]}, {"white": 0}, {}),
    ],
)
def test_no_brightness_turns_it_off(
    ask: Ask, attributes: dict[str, Any], data: dict[str, Any], told: dict[str, Any]
) -> None:
    assert ask("light.turn_on", data, state="on", **attributes) == [("light.turn_off", told)]


def test_a_toggle_gives_each_service_the_fields_that_it_knows(ask: Ask) -> None:
    data = {"brightness": 10, "transition": 1}

    assert ask("light.toggle", data, state="off", **DIMMABLE) == [("light.turn_on", data)]
    assert ask("light.toggle", data, state="on", **DIMMABLE) == [
        ("light.turn_off", {"transition": 1})
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"rgb_color": [1, 2, 3], "hs_color": [1, 2]}, "only one of the fields for a colour"),
        ({"brightness": 3, "brightness_pct": 2}, "only one of the fields for brightness"),
        ({"rgb_color": [1, 2]}, "rgb_color: expected a list of 3 numbers"),
        ({"rgb_color": [1, 2, 256]}, "rgb_color"),
        ({"rgb_color": "255"}, "expected a list of 3 numbers"),
        ({"color_name": "lightblu"}, "Did you mean 'lightblue'"),
        ({"brightness": float("inf")}, "brightness: expected a number"),
        ({"brightnes": 1}, "Did you mean 'brightness'"),
        ({"flash": "often"}, "flash"),
    ],
)
def test_what_no_light_can_do_is_refused(ask: Ask, data: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidCommand, match=message):
        ask("light.turn_on", data, **RGB)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (
            {"brightness": 200, "hs_color": (0, 100)},
            {"color_mode": "hs", "brightness": 200, "hs_color": [0, 100],
             "rgb_color": [255, 0, 0], "xy_color": [0.701, 0.299]},
        ),
        (
            {"brightness": 80, "color_temp_kelvin": 2700},
            {"color_mode": "color_temp", "brightness": 80, "color_temp_kelvin": 2700,
             "hs_color": [28.571, 65.882], "rgb_color": [255, 167, 87],
             "xy_color": [0.525, 0.388]},
        ),
        (
            {"rgbw_color": (255, 0, 0, 255)},
            {"color_mode": "rgbw", "rgbw_color": [255, 0, 0, 255], "rgb_color": [255, 128, 128],
             "hs_color": [0.0, 49.804], "xy_color": [0.524, 0.313]},
        ),
        ({"brightness": 12}, {"color_mode": "brightness", "brightness": 12}),
        ({"color_mode": "onoff"}, {"color_mode": "onoff"}),
        ({}, {}),
    ],
)  # fmt: skip
def test_a_light_shows_its_colour_in_every_way(
    given: dict[str, Any], shown: dict[str, Any]
) -> None:
    all_of_it = readings(**given)

    assert {key: value for key, value in all_of_it.items() if value is not None} == shown
    assert "rgbww_color" in all_of_it


def test_two_colours_at_once_are_a_mistake() -> None:
    with pytest.raises(TypeError, match="at most one colour"):
        readings(hs_color=(1, 2), rgb_color=(1, 2, 3))
