"""Floors, areas, labels and what is said of entities: read, with the line of each."""

from __future__ import annotations

import pytest

from casita_config import ConfigError, EntitySettings, Place, load_config

from .conftest import Write

HOUSE = """\
floors:
  ground:
  attic: {name: Attic, level: 2, aliases: [top, roof]}
areas:
  kitchen: {floor: ground, aliases: cook's place, labels: [warm]}
  bath: Badezimmer
labels:
  warm: Heated
packages:
  more:
    areas:
      study: {floor: attic}
    entities:
      light.hall: {name: Hall lamp, area: kitchen, labels: warm, icon: mdi:lamp}
      sensor.noise: {disabled: true, hidden: true}
"""


def test_the_household_is_read_from_all_files(write: Write) -> None:
    config = load_config(write({"casita.yaml": HOUSE}))

    assert config.problems == ()
    assert [(one.name, one.level) for one in config.floors.values()] == [
        ("Ground", None),
        ("Attic", 2),
    ]
    assert {key: (one.name, one.floor) for key, one in config.areas.items()} == {
        "kitchen": ("Kitchen", "ground"),
        "bath": ("Badezimmer", None),
        "study": ("Study", "attic"),
    }
    assert config.areas["kitchen"].aliases == ("cook's place",)
    assert config.labels["warm"].name == "Heated"
    assert config.entities["light.hall"] == EntitySettings(
        name="Hall lamp",
        area="kitchen",
        labels=("warm",),
        icon="mdi:lamp",
        place=Place("casita.yaml", 14),
    )
    assert config.entities["sensor.noise"].disabled


def test_a_fault_in_one_entity_leaves_the_others(write: Write) -> None:
    text = "entities:\n  light.hall: {nmae: x}\n  nonsense: {}\n  light.bath: {name: Bath}\n"

    config = load_config(write({"casita.yaml": text}))

    assert list(config.entities) == ["light.bath"]
    said = [str(problem) for problem in config.problems]
    assert "casita.yaml:2: entities.light.hall.nmae" in said[0]
    assert "Did you mean 'name'?" in said[0]
    assert "casita.yaml:3: entities.nonsense: 'nonsense' is not an entity id" in said[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("floors: {attic: {level: high}}", "casita.yaml:1: floors.attic.level"),
        ("areas: {bath: {flor: attic}}", "Did you mean 'floor'?"),
        ("labels: [night]", "casita.yaml:1: labels"),
    ],
)
def test_a_fault_in_a_floor_an_area_or_a_label_is_raised(
    write: Write, text: str, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write({"casita.yaml": text}))

    assert said in str(caught.value)
