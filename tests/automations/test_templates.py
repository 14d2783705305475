"""Words of templates, beside those that the recorded vectors hold."""

from __future__ import annotations

from typing import Any

import pytest

from casita.testing import House


def rendered(template: str) -> Any:
    """Return what a template gives in a house with a lamp and a label."""
    go = {
        "alias": "a",
        "trigger": {"trigger": "event", "event_type": "go"},
        "action": [{"event": "told", "event_data": {"value": template}}],
    }
    with House({"automation": [go]}) as house:
        house.sees("light.lamp", "on")
        house.fires("go")
        (told,) = [one for one in house.events if one.type == "told"]
    return told.data["value"]


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ version('2024.12.1') > '2024.9.3' }}", True),
        ("{{ ('1.10.0' | version) < '1.9.0' }}", False),
        ("{{ version('2.0.0b1').beta }}", True),
        ("{{ label_description('none') is none }}", True),
        ("{{ config_entry_id('light.lamp') is none }}", True),
        ("{{ issues() | length }}", 0),
        ("{{ issue('a', 'b') is none }}", True),
    ],
)
def test_words_that_people_use(template: str, value: Any) -> None:
    assert rendered(template) == value
