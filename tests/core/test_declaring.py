"""What the files say of names, areas, floors and labels holds until somebody says otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from casita.clock import VirtualClock
from casita.host import own_plugins
from casita.hub import Hub
from casita.log import MemoryLog
from casita.model import Area, EntityEntry, Floor, Label, Target
from casita_config import Configuration, load_text

GUESTS = "input_boolean.guests"
HOUSE = """\
floors: {ground: {name: Ground floor, level: 0}}
labels: {night: Night}
areas: {kitchen: {name: Kitchen, floor: ground, aliases: [galley], labels: [night]}, bath: }
input_boolean: {guests: {icon: mdi:account}}
entities:
  input_boolean.guests: {name: Visitors, area: kitchen, labels: [night], icon: mdi:bed, hidden: on}
"""
BARE = "input_boolean: {guests: {icon: mdi:account}}\n"


@asynccontextmanager
async def _house(text: str, log: MemoryLog, clock: VirtualClock) -> AsyncIterator[Hub]:
    config = Configuration.from_mapping(load_text(text))
    async with Hub(
        config, folder=None, log=log, clock=clock, plugins=own_plugins(), api=False
    ) as hub:
        await hub.host.started()
        yield hub


def _guests(hub: Hub) -> EntityEntry:
    return hub.kernel.registry.require_entity(GUESTS)


async def test_a_new_house_has_all_that_is_declared(log: MemoryLog, clock: VirtualClock) -> None:
    async with _house(HOUSE, log, clock) as hub:
        registry = hub.kernel.registry
        state = hub.kernel.states.require(GUESTS)

        assert list(registry.floors) == [Floor(id="ground", name="Ground floor", level=0)]
        assert list(registry.labels) == [Label(id="night", name="Night")]
        assert list(registry.areas) == [
            Area(id="kitchen", name="Kitchen", floor_id="ground", aliases=("galley",),
                 labels=("night",)),
            Area(id="bath", name="Bath"),
        ]  # fmt: skip
        assert _guests(hub).hidden
        assert (state.attributes["friendly_name"], state.attributes["icon"]) == (
            "Visitors",
            "mdi:bed",
        )
        assert registry.resolve(Target(floor_id=["ground"])) == (GUESTS,)
        assert registry.resolve(Target(label_id=["night"])) == (GUESTS,)
        assert hub.host.problems() == []


async def test_what_is_declared_later_reaches_entities_that_are_there(
    log: MemoryLog, clock: VirtualClock
) -> None:
    async with _house(BARE, log, clock):
        pass

    async with _house(HOUSE, log, clock) as hub:
        assert _guests(hub).shown_name == "Visitors"
        assert hub.kernel.states.require(GUESTS).attributes["friendly_name"] == "Visitors"


async def test_what_a_person_changed_stays_until_the_file_says_something_else(
    log: MemoryLog, clock: VirtualClock
) -> None:
    async with _house(HOUSE, log, clock) as hub:
        hub.kernel.registry.update_entity(GUESTS, name_by_user="Friends", area_id="bath")

    async with _house(HOUSE, log, clock) as hub:
        unchanged = _guests(hub)
    async with _house(HOUSE.replace("Visitors", "Strangers"), log, clock) as hub:
        changed = _guests(hub)

    assert (unchanged.name_by_user, unchanged.area_id) == ("Friends", "bath")
    assert (changed.name_by_user, changed.area_id) == ("Strangers", "bath")


async def test_what_is_no_longer_declared_is_taken_back_unless_a_person_changed_it(
    log: MemoryLog, clock: VirtualClock
) -> None:
    async with _house(HOUSE, log, clock) as hub:
        hub.kernel.registry.update_entity(GUESTS, area_id="bath")

    async with _house(BARE, log, clock) as hub:
        guests = _guests(hub)
        areas = [area.id for area in hub.kernel.registry.areas]
        shown = hub.kernel.states.require(GUESTS).attributes

    assert (guests.name_by_user, guests.hidden, guests.labels) == (None, False, ())
    assert guests.area_id == "bath"
    assert areas == ["kitchen", "bath"]
    assert (shown["friendly_name"], shown["icon"]) == ("guests", "mdi:account")


async def test_a_disabled_entity_is_registered_and_has_no_state(
    log: MemoryLog, clock: VirtualClock
) -> None:
    text = f"{BARE}entities: {{{GUESTS}: {{disabled: true}}}}\n"

    async with _house(text, log, clock) as hub:
        assert _guests(hub).disabled
        assert hub.kernel.states.get(GUESTS) is None
    async with _house(BARE, log, clock) as hub:
        assert hub.kernel.states.get(GUESTS) is not None


async def test_the_registry_is_written_only_when_something_is_new(
    log: MemoryLog, clock: VirtualClock
) -> None:
    async with _house(HOUSE, log, clock):
        pass
    before = len([one for one in log.scan() if one.type.startswith(("area.", "entity."))])

    async with _house(HOUSE, log, clock):
        pass

    after = len([one for one in log.scan() if one.type.startswith(("area.", "entity."))])
    assert after == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("areas: {kitchen: {floor: gruond}}\nfloors: {ground: }", "no floor 'gruond'"),
        ("areas: {kitchen: }\nentities: {light.x: {area: kitchn}}", "Did you mean 'kitchen'?"),
        ("entities: {light.x: {labels: night}}", "declare it under labels"),
    ],
)
async def test_a_name_of_nothing_is_told_with_its_line(
    text: str, said: str, log: MemoryLog, clock: VirtualClock
) -> None:
    async with _house(text, log, clock) as hub:
        (problem,) = hub.host.problems()

    assert said in problem.message
    assert problem.line is not None
