"""Kinds of trigger, condition and action beyond those that the recordings have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from casita.events import Event
from casita.testing import House
from casita.webhooks import Delivery
from casita_automations.sentences import Pattern

Declare = Callable[..., House]
HOME = {"home": {"latitude": 52.37, "longitude": 4.9, "time_zone": "UTC"}}


def events(house: House, kind: str) -> list[Event]:
    return [event for event in house.events if event.type == kind]


def told(house: House) -> list[dict[str, Any]]:
    """Return what automations told by the event ``told``."""
    return [dict(event.data) for event in events(house, "told")]


def tell(**data: str) -> dict[str, Any]:
    return {"event": "told", "event_data": data}


def deliver(house: House, method: str = "POST", **more: Any) -> None:
    delivery = Delivery(
        webhook_id=more.pop("webhook_id", "secret"), method=method, query=more.pop("query", {}),
        **{"remote": "192.168.1.7", **more},
    )  # fmt: skip
    house.do(lambda: house.kernel.webhooks.deliver(delivery))


def at_webhook(**trigger: Any) -> dict[str, Any]:
    return {
        "trigger": {"trigger": "webhook", "webhook_id": "secret", **trigger},
        "action": tell(json="{{ trigger.json }}", query="{{ trigger.query.a }}"),
    }


# Webhooks


def test_a_webhook_tells_the_fields_of_a_form(home: Declare) -> None:
    house = home(
        {**at_webhook(), "action": tell(a="{{ trigger.data.a }}", b="{{ 'json' in trigger }}")}
    )

    deliver(house, form={"a": "1"})

    assert told(house) == [{"a": 1, "b": False}]


def test_a_webhook_tells_what_was_sent(home: Declare) -> None:
    house = home(at_webhook())

    deliver(house, body={"n": 1}, query={"a": "x"})

    assert told(house) == [{"json": {"n": 1}, "query": "x"}]


@pytest.mark.parametrize(
    ("trigger", "delivery", "fires"),
    [
        ({}, {"method": "PUT"}, True),
        ({}, {"method": "GET"}, False),
        ({"allowed_methods": ["GET"]}, {"method": "GET"}, True),
        ({"allowed_methods": ["get"]}, {"method": "POST"}, False),
        ({}, {"remote": "93.184.216.34"}, False),
        ({}, {"remote": None}, True),
        ({}, {"remote": "::1"}, True),
        ({"local_only": False}, {"remote": "93.184.216.34"}, True),
        ({}, {"webhook_id": "guess"}, False),
    ],
)
def test_a_webhook_takes_only_what_it_allows(
    home: Declare, trigger: dict[str, Any], delivery: dict[str, Any], fires: bool
) -> None:
    house = home(at_webhook(**trigger))

    deliver(house, **delivery)

    assert bool(told(house)) is fires


def test_a_webhook_hears_nothing_once_its_automation_is_off(home: Declare) -> None:
    house = home({"alias": "hook", **at_webhook()})
    house.calls("automation.turn_off", "automation.hook")

    deliver(house)

    assert told(house) == []


# Tags, messages, calendars, places


def test_a_tag_is_scanned(home: Declare) -> None:
    house = home(
        {
            "trigger": {"trigger": "tag", "tag_id": ["door", "desk"], "device_id": "phone"},
            "action": tell(tag="{{ trigger.event.data.tag_id }}"),
        }
    )

    for tag, device in (("door", "phone"), ("door", "other"), ("bed", "phone")):
        house.fires("tag_scanned", tag_id=tag, device_id=device)

    assert told(house) == [{"tag": "door"}]


def test_messages_are_added_updated_and_removed(home: Declare) -> None:
    house = home(
        {
            "trigger": {"trigger": "persistent_notification", "notification_id": "bin"},
            "action": tell(
                kind="{{ trigger.update_type }}", text="{{ trigger.notification.message }}"
            ),
        }
    )

    for text in ("full", "very full"):
        house.calls("persistent_notification.create", message=text, notification_id="bin")
    house.calls("persistent_notification.create", message="else")
    house.calls("persistent_notification.dismiss", notification_id="bin")

    assert [one["kind"] for one in told(house)] == ["added", "updated", "removed"]


def test_a_calendar_entry_begins(home: Declare) -> None:
    house = home(
        {
            "trigger": {
                "trigger": "calendar", "entity_id": "calendar.bins", "event": "start",
                "offset": "-00:30:00",
            },
            "action": tell(what="{{ trigger.calendar_event.summary }}"),
        },
        **HOME,
    )  # fmt: skip
    entry = {
        "message": "Paper", "start_time": "2024-03-12 10:00:00",
        "end_time": "2024-03-12 11:00:00",
    }  # fmt: skip

    house.sees("calendar.bins", "off", **entry)
    house.sees("calendar.bins", "off", **entry, location="street")
    house.passes("29m")
    before = told(house)
    house.passes("2m")

    assert (before, told(house)) == ([], [{"what": "Paper"}])


def test_a_quake_comes_near(home: Declare) -> None:
    house = home(
        {
            "trigger": {
                "trigger": "geo_location", "source": "Quakes", "zone": "zone.home",
                "event": "enter",
            },
            "action": tell(who="{{ trigger.entity_id }}", why="{{ trigger.source }}"),
        },
        **HOME,
    )  # fmt: skip
    near = {"latitude": 52.37, "longitude": 4.9}
    house.sees("zone.home", "0", **near, radius=1000)

    house.sees("geo_location.a", "5", **near, source="quakes")
    house.sees("geo_location.b", "5", **near, source="fires")
    house.sees("geo_location.c", "5", latitude=50.0, longitude=4.9, source="quakes")

    assert told(house) == [{"who": "geo_location.a", "why": "quakes"}]


# Sentences


@pytest.mark.parametrize(
    ("pattern", "said", "heard"),
    [
        ("good night", "Good night!", {}),
        ("turn (on|off) [the] {thing}", "turn off the big lamp", {"thing": "big lamp"}),
        ("turn (on|off) [the] {thing}", "turn it", None),
        ("light[s] out", "lights out", {}),
        ("light[s] out", "Light out.", {}),
        ("[please] (open|lift) [the] blind[s]", "please lift blinds", {}),
        ("set {room} to {value} degrees", "set the hall to 21 degrees",
         {"room": "the hall", "value": "21"}),
        ("it's late", "It's late", {}),
        ("good night", "good nightmare", None),
    ],
)  # fmt: skip
def test_sentences_are_matched(pattern: str, said: str, heard: Any) -> None:
    assert Pattern(pattern).match(said) == heard


@pytest.mark.parametrize("pattern", ["turn (on", "turn on)", "set {a b}", "set {}", "[a"])
def test_brackets_have_partners(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"bracket|slot"):
        Pattern(pattern)


def test_a_sentence_is_answered(home: Declare) -> None:
    house = home(
        {
            "trigger": {"trigger": "conversation", "command": ["how warm is {room}"]},
            "action": [
                {"set_conversation_response": "{{ trigger.slots.room }} is 21 degrees"},
                tell(said="{{ trigger.sentence }}", room="{{ trigger.details.room.value }}"),
            ],
        },
        {
            "trigger": {"trigger": "event", "event_type": "ask"},
            "action": [
                {
                    "action": "conversation.process",
                    "data": {"text": "How warm is it?"},
                    "response_variable": "reply",
                },
                tell(answer="{{ reply.response.speech.plain.speech }}"),
            ],
        },
    )

    house.fires("ask")

    assert told(house) == [
        {"said": "How warm is it?", "room": "it"},
        {"answer": "it is 21 degrees"},
    ]


# Devices


def at_device(**config: Any) -> dict[str, Any]:
    return {"device_id": "0123456789abcdef", **config}


@pytest.mark.parametrize(
    ("trigger", "states"),
    [
        ({"domain": "light", "type": "turned_on", "entity_id": "light.a"}, ["off", "on"]),
        ({"domain": "binary_sensor", "type": "no_motion", "entity_id": "binary_sensor.a"},
         ["on", "off"]),
        ({"domain": "cover", "type": "opened", "entity_id": "cover.a"}, ["closed", "open"]),
        ({"domain": "lock", "type": "unlocked", "entity_id": "lock.a"}, ["locked", "unlocked"]),
        ({"domain": "switch", "type": "changed_states", "entity_id": "switch.a"}, ["on", "off"]),
        ({"domain": "sensor", "type": "temperature", "above": 20, "entity_id": "sensor.a"},
         ["19", "21"]),
        ({"domain": "alarm_control_panel", "type": "triggered",
          "entity_id": "alarm_control_panel.a"}, ["armed_away", "triggered"]),
    ],
)  # fmt: skip
def test_device_triggers_are_those_of_their_entities(
    home: Declare, trigger: dict[str, Any], states: list[str]
) -> None:
    house = home(
        {
            "trigger": {"trigger": "device", **at_device(**trigger)},
            "action": tell(p="{{ trigger.platform }}", e="{{ trigger.entity_id }}"),
        }
    )

    for state in states:
        house.sees(trigger["entity_id"], state)

    assert told(house)[-1] == {"p": "device", "e": trigger["entity_id"]}
    assert len(told(house)) == (3 if trigger["type"] == "changed_states" else 1)


@pytest.mark.parametrize(
    ("condition", "state", "holds"),
    [
        ({"domain": "light", "type": "is_on", "entity_id": "light.a"}, "on", True),
        ({"domain": "light", "type": "is_off", "entity_id": "light.a"}, "on", False),
        ({"domain": "binary_sensor", "type": "is_not_open", "entity_id": "binary_sensor.a"},
         "off", True),
        ({"domain": "sensor", "type": "is_humidity", "below": 50, "entity_id": "sensor.a"},
         "40", True),
        ({"domain": "cover", "type": "is_closed", "entity_id": "cover.a"}, "open", False),
        ({"domain": "device_tracker", "type": "is_not_home", "entity_id": "device_tracker.a"},
         "not_home", True),
        ({"domain": "light", "type": "is_on", "entity_id": "0123456789abcdef"}, "on", False),
    ],
)  # fmt: skip
def test_device_conditions_are_those_of_their_entities(
    home: Declare, condition: dict[str, Any], state: str, holds: bool
) -> None:
    house = home(
        {
            "trigger": {"trigger": "event", "event_type": "go"},
            "condition": {"condition": "device", **at_device(**condition)},
            "action": tell(),
        }
    )
    if "." in condition["entity_id"]:
        house.sees(condition["entity_id"], state)

    house.fires("go")

    assert bool(told(house)) is holds


@pytest.mark.parametrize(
    ("action", "sent"),
    [
        ({"domain": "light", "type": "toggle", "entity_id": "light.a"}, "light.toggle"),
        ({"domain": "light", "type": "brightness_increase", "entity_id": "light.a"},
         "light.turn_on"),
        ({"domain": "cover", "type": "close", "entity_id": "cover.a"}, "cover.close_cover"),
        ({"domain": "lock", "type": "lock", "entity_id": "lock.a"}, "lock.lock"),
    ],
)  # fmt: skip
def test_device_actions_are_those_of_their_entities(
    home: Declare, action: dict[str, Any], sent: str
) -> None:
    house = home(
        {
            "trigger": {"trigger": "event", "event_type": "go"},
            "action": at_device(**action),
        }
    )
    house.sees(action["entity_id"], "on", brightness=100, supported_features=15)

    house.fires("go")

    assert [one[1] for one in house.sent] == [action["entity_id"]]
    assert sent in {one[0] for one in house.sent} or sent == "light.toggle"


# What is not taken


@pytest.mark.parametrize(
    ("trigger", "message"),
    [
        ({"trigger": "zone.entered"}, "triggers for a purpose are not taken; use a state"),
        ({"trigger": "hass", "event": "start"}, "write 'homeassistant'"),
        ({"trigger": "stat", "entity_id": "light.a"}, "Did you mean 'state'?"),
        ({"trigger": "calendar", "entity_id": "sensor.a"}, "sensor.a is no calendar"),
        ({"trigger": "webhook"}, "'webhook_id' is missing"),
        ({"trigger": "conversation", "command": "turn (on"}, "has no partner"),
    ],
)
def test_what_is_not_taken_says_what_to_do(
    home: Declare, trigger: dict[str, Any], message: str
) -> None:
    house = home({"trigger": trigger, "action": []})

    problems = [str(event.data["message"]) for event in events(house, "config.problem")]

    assert any(message in one for one in problems), problems


def test_a_device_that_only_home_assistant_knows_is_a_note(home: Declare) -> None:
    config = at_device(domain="zha", type="remote_button_short_press", subtype="button_1")
    house = home({"alias": "x", "trigger": {"trigger": "device", **config}, "action": []})

    problems = [str(event.data["message"]) for event in events(house, "config.problem")]

    assert "never fires; use a trigger on the device's entity" in problems[0]
    state = house.state("automation.x")
    assert state is not None
    assert state.state == "on"
