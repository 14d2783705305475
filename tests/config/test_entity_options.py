"""Options that name entities are the permission request."""

from __future__ import annotations

from typing import Any

import pytest
import voluptuous as vol

from casita_config import ConfigError, entities, entities_in, entity, validate
from casita_config.schemas import duration, ensure_list

SCHEMA = vol.Schema(
    {
        vol.Required("sensor"): entity("binary_sensor"),
        vol.Required("light"): entity("light", "switch"),
        vol.Optional("others", default=list): entities("light"),
        vol.Optional("hold", default="5m"): duration,
        "note": str,
        "rooms": {str: {"lamp": entity("light")}},
        "steps": vol.All(ensure_list, [vol.Any({"open": entity("cover")}, entity())]),
    }
)


def test_an_entity_of_another_domain_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"sensor: 'light.hall' is no binary_sensor"):
        validate(SCHEMA, {"sensor": "light.hall", "light": "light.hall"}, section="x")


def test_an_entity_may_be_of_several_domains() -> None:
    assert entity("light", "switch")("switch.fan") == "switch.fan"
    assert entities("light")("light.a, light.b") == ["light.a", "light.b"]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({}, set()),
        ({"others": ["light.a", "light.b"]}, {"light.a", "light.b"}),
        ({"note": "light.secret"}, set()),
        ({"rooms": {"bath": {"lamp": "light.bath"}}}, {"light.bath"}),
        ({"steps": [{"open": "cover.gate"}, "lock.door"]}, {"cover.gate", "lock.door"}),
        ({"steps": "lock.door"}, {"lock.door"}),
    ],
)
def test_the_entities_of_a_checked_value_are_those_its_schema_names(
    more: dict[str, Any], found: set[str]
) -> None:
    given = {"sensor": "binary_sensor.hall", "light": "light.hall", **more}

    value = validate(SCHEMA, given, section="x")

    assert entities_in(SCHEMA, value) == found | {"binary_sensor.hall", "light.hall"}


@pytest.mark.parametrize(
    ("schema", "value", "found"),
    [
        (vol.Any(entity("light"), str), "lock.door", set()),
        (vol.Any(entity("light"), str), "light.hall", {"light.hall"}),
        (vol.Any({"a": entity()}, {"b": entity("fan")}), {"b": "fan.x"}, {"fan.x"}),
        (
            vol.Any({"kind": "a", "x": entity()}, {"kind": "b", "x": str}),
            {"kind": "b", "x": "lock.door"},
            set(),
        ),
        (
            {entity("light"): int, str: str},
            {"light.hall": 5, "note": "lock.door"},
            {"light.hall"},
        ),
        ([vol.Any(None, entities("light"))], [["light.a"], None], {"light.a"}),
        ({vol.Extra: object}, {"a": "lock.door"}, set()),
    ],
)
def test_what_another_alternative_took_is_not_asked_for(
    schema: Any, value: Any, found: set[str]
) -> None:
    checked = validate(schema, value, section="x")

    assert entities_in(vol.Schema(schema), checked) == found
