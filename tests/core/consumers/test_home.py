"""What a plugin consumes belongs to its instance: it ends with it, and goes on with the next."""

from __future__ import annotations

from typing import ClassVar

from casita import Component, Event, Plugin
from casita.testing import House


class Notes(Component):
    """Writes down every ring: one way or another."""

    took: ClassVar[list[int]] = []
    told: ClassVar[list[int]] = []

    async def start(self) -> None:
        self.home.consume("notes", self.take, types=("rang",))
        self.home.on(self.tell, type="rang", durable="tell")

    async def take(self, event: Event) -> None:
        self.took.append(event.data["n"])

    def tell(self, event: Event) -> None:
        self.told.append(event.data["n"])


def _house() -> House:
    Notes.took.clear()
    Notes.told.clear()
    plugin = Plugin("notes", version="1")
    plugin.component(Notes)
    return House({"plugins": {"notes": None}}, plugins=[plugin])


def test_a_plugin_consumes_across_a_crash_without_a_gap() -> None:
    with _house() as house:
        house.fires("rang", n=1)
        house.passes("2s")

        house.crash()
        house.fires("rang", n=2)
        house.passes(0)

    assert Notes.took == Notes.told == [1, 2]


def test_its_consumers_are_named_after_the_instance_and_end_with_it() -> None:
    with _house() as house:
        names = [one.name for one in house.kernel.consumers.statuses()]
        kernel = house.kernel

    assert names == ["notes.notes", "notes.tell"]
    assert {one.state for one in kernel.consumers.statuses()} == {"closed"}
