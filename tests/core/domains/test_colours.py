"""Colours are converted as Home Assistant does it, and survive the way there and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casita import units
from casita.domains._colour import COLOUR_FIELDS, Whites, converted
from casita.domains._colour_names import colours_by_name
from casita.domains.light import readings

WARM, COLD = 2702, 6493


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (units.rgb_to_xy((255, 255, 255)), (0.323, 0.329)),
        (units.rgb_to_xy((255, 0, 0)), (0.701, 0.299)),
        (units.rgb_to_xy((0, 255, 0)), (0.172, 0.747)),
        (units.rgb_to_xy((0, 0, 255)), (0.136, 0.04)),
        (units.rgb_to_xy((0, 0, 0)), (0, 0)),
        (units.xy_to_rgb((0.35, 0.35)), (255, 243, 222)),
        (units.xy_to_rgb((1, 0)), (255, 0, 60)),
        (units.xy_to_rgb((0, 1)), (0, 255, 0)),
        (units.xy_to_rgb((0, 0)), (0, 63, 255)),
        (units.rgb_to_rgbw((255, 255, 255)), (0, 0, 0, 255)),
        (units.rgb_to_rgbw((255, 127, 0)), (255, 127, 0, 0)),
        (units.rgb_to_rgbw((255, 127, 127)), (255, 0, 0, 253)),
        (units.rgb_to_rgbw((0, 0, 0)), (0, 0, 0, 0)),
        (units.rgbw_to_rgb((255, 0, 0, 253)), (255, 127, 127)),
        (units.rgbw_to_rgb((0, 0, 0, 127)), (127, 127, 127)),
        (units.rgb_to_rgbww((255, 255, 255), WARM, COLD), (0, 54, 98, 255, 255)),
        (units.rgb_to_rgbww((128, 128, 128), WARM, COLD), (0, 27, 49, 128, 128)),
        (units.rgb_to_rgbww((255, 0, 0), WARM, COLD), (255, 0, 0, 0, 0)),
        (units.rgbww_to_rgb((0, 54, 98, 255, 255), WARM, COLD), (255, 255, 255)),
        (units.rgbww_to_rgb((255, 255, 255, 0, 0), WARM, COLD), (255, 255, 255)),
        (units.kelvin_to_rgb(6600), (255, 255, 255)),
        (units.kelvin_to_rgb(999), units.kelvin_to_rgb(0)),
        (units.kelvin_to_rgb(40001), units.kelvin_to_rgb(999999)),
        (units.kelvin_to_rgbww(WARM, 200, WARM, COLD), (0, 0, 0, 0, 200)),
        (units.kelvin_to_rgbww(COLD, 200, WARM, COLD), (0, 0, 0, 200, 0)),
        (colours_by_name()["darkslateblue"], (72, 61, 139)),
        (len(colours_by_name()), 148),
    ],
)
def test_known_colours_are_converted_as_elsewhere(found: Any, expected: Any) -> None:
    assert found == expected


byte = st.integers(0, 255)


@given(rgb=st.tuples(byte, byte, byte), mode=st.sampled_from(["hs", "rgbw", "rgbww"]))
def test_a_colour_keeps_its_hue_in_every_mode(rgb: tuple[int, int, int], mode: str) -> None:
    found = converted("rgb", rgb, [mode], Whites(WARM, COLD), 255)

    assert found is not None
    shown = readings(
        {"min_color_temp_kelvin": WARM, "max_color_temp_kelvin": COLD},
        **{COLOUR_FIELDS[found[0]]: found[1]},
    )
    hue, saturation = units.rgb_to_hs(rgb)
    if saturation > 30 and max(rgb) > 100:
        turned = abs(shown["hs_color"][0] - hue)
        assert min(turned, 360 - turned) < 4
        assert abs(shown["hs_color"][1] - saturation) < 4


modes = st.sampled_from(sorted(COLOUR_FIELDS))
colours = {
    "hs": st.tuples(st.floats(0, 360), st.floats(0, 100)),
    "rgb": st.tuples(byte, byte, byte),
    "rgbw": st.tuples(byte, byte, byte, byte),
    "rgbww": st.tuples(byte, byte, byte, byte, byte),
    "xy": st.tuples(st.floats(0, 1), st.floats(0, 1)),
    "color_temp": st.integers(1, 100_000),
}


@given(mode=modes, target=modes, brightness=byte, data=st.data())
def test_every_colour_can_be_shown_in_every_mode(
    mode: str, target: str, brightness: int, data: st.DataObject
) -> None:
    value = data.draw(colours[mode])

    found = converted(mode, value, [target], Whites(WARM, COLD), brightness)

    assert found is not None
    assert found[0] == target
    if target in ("rgb", "rgbw", "rgbww"):
        assert all(0 <= part <= 255 for part in found[1])
    elif target == "color_temp":
        assert WARM <= found[1] <= COLD
    elif target == "hs":
        assert 0 <= found[1][0] <= 360
        assert 0 <= found[1][1] <= 100
