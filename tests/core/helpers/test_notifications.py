"""Messages stay until somebody has seen them."""

from __future__ import annotations

from collections.abc import Callable

from casita.helpers import Helpers
from casita.testing import House

MakeHouse = Callable[..., House]


def _open(house: House) -> list[tuple[str, str | None, str]]:
    component = house.hub.host.component("helpers")
    assert isinstance(component, Helpers)
    return [(one.notification_id, one.title, one.message) for one in component.notifications.open()]


def _told(house: House) -> list[tuple[str, str]]:
    return [
        (event.type.partition(".")[2], event.subject)
        for event in house.events
        if event.type.startswith("persistent_notification.")
    ]


def test_a_message_stays_until_it_is_dismissed(make_house: MakeHouse) -> None:
    house = make_house()
    house.calls("persistent_notification.create", message="The bin!", title="Thursday",
                notification_id="bin")  # fmt: skip
    house.calls("persistent_notification.create", message="2", notification_id="two")

    house.crash()

    assert _open(house) == [("bin", "Thursday", "The bin!"), ("two", None, "2")]
    house.calls("persistent_notification.dismiss", notification_id="bin")
    house.calls("persistent_notification.dismiss", notification_id="bin")
    assert _open(house) == [("two", None, "2")]
    assert _told(house) == [("created", "bin"), ("created", "two"), ("dismissed", "bin")]


def test_one_of_the_same_id_takes_the_place_of_the_first(make_house: MakeHouse) -> None:
    house = make_house()
    for message in ("first", "second"):
        house.calls("persistent_notification.create", message=message, notification_id="x")

    assert _open(house) == [("x", None, "second")]


def test_all_can_be_dismissed_at_once(make_house: MakeHouse) -> None:
    house = make_house()
    for number in range(3):
        house.calls("persistent_notification.create", message=str(number))

    house.calls("persistent_notification.dismiss_all")

    assert _open(house) == []


def test_a_flood_of_messages_is_bounded(make_house: MakeHouse) -> None:
    house = make_house()
    for number in range(205):
        house.calls("persistent_notification.create", message=str(number))
        house.passes(1)

    assert [message for _, _, message in _open(house)] == [str(n) for n in range(5, 205)]


def test_a_message_to_nobody_is_shown_here(make_house: MakeHouse) -> None:
    house = make_house()

    house.calls("notify.notify", message="Hello", data={"notification_id": "h"})

    assert _open(house) == [("h", None, "Hello")]


def test_a_message_goes_to_everybody_who_takes_one(make_house: MakeHouse) -> None:
    house = make_house()
    for name in ("ann", "bob"):
        house.sees(f"notify.{name}", "unknown")

    house.calls("notify.notify", message="Hello", title="Hey", target=["x"])

    sent = [event for event in house.events if event.type == "command.sent"]
    data = [event.data["data"] for event in sent if event.subject == "notify.ann"]
    assert house.sent == [
        ("notify.send_message", "notify.ann"),
        ("notify.send_message", "notify.bob"),
    ]
    assert data == [{"message": "Hello", "title": "Hey"}]
    assert _open(house) == []
