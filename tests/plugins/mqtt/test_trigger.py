"""The trigger ``mqtt`` and the service ``mqtt.publish``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import voluptuous as vol

from casita.errors import InvalidCommand
from casita.events import Cause, Event
from peers.mqtt_fake import FakeBroker, MqttHouse, Said, not_answering


class Fired:
    """Takes down how a trigger fires."""

    def __init__(self) -> None:
        self.variables: list[Mapping[str, Any]] = []
        self.causes: list[Cause | Event | None] = []

    def __call__(self, variables: Mapping[str, Any], cause: Cause | Event | None) -> None:
        self.variables.append(variables)
        self.causes.append(cause)

    @property
    def payloads(self) -> list[str]:
        """The payloads that it fired for."""
        return [str(one["payload"]) for one in self.variables]


def _arm(house: MqttHouse, fired: Fired, **config: Any) -> Callable[[], None]:
    vocabulary = house.kernel.vocabulary
    checked = vocabulary.triggers["mqtt"].schema(config)
    cancel = house.do(lambda: vocabulary.arm("mqtt", checked, fired))
    house.passes(1)
    return cancel


@pytest.fixture
def fired() -> Fired:
    """Takes down how a trigger fires."""
    return Fired()


def test_a_message_fires_with_home_assistants_variables(house: MqttHouse, fired: Fired) -> None:
    _arm(house, fired, topic="bell/+", qos=1)

    house.says("bell/door", '{"n": 2}')
    house.says("bell/door/deep", "x")

    assert fired.variables == [
        {
            "platform": "mqtt",
            "topic": "bell/door",
            "payload": '{"n": 2}',
            "payload_json": {"n": 2},
            "qos": 0,
            "retain": False,
            "description": "mqtt topic bell/door",
        }
    ]


def test_a_payload_that_is_not_json_has_no_payload_json(house: MqttHouse, fired: Fired) -> None:
    _arm(house, fired, topic="bell")

    house.says("bell", "ring")

    assert "payload_json" not in fired.variables[0]


@pytest.mark.parametrize(
    ("config", "payloads", "expected"),
    [
        ({"payload": "ON"}, ["ON", "OFF", "on"], ["ON"]),
        ({"payload": 1}, ["1", "2"], ["1"]),
        ({"payload": ""}, ["", "x"], [""]),
        ({"payload": "{{ 'O' ~ 'N' }}"}, ["ON", "OFF"], ["ON"]),
        (
            {"payload": "5", "value_template": "{{ value_json.n }}"},
            ['{"n": 5}', '{"n": 6}', "5"],
            ['{"n": 5}'],
        ),
    ],
)
def test_a_payload_narrows_it_down(
    house: MqttHouse,
    fired: Fired,
    config: dict[str, Any],
    payloads: list[str],
    expected: list[str],
) -> None:
    _arm(house, fired, topic="bell", **config)

    for payload in payloads:
        house.says("bell", payload)

    assert fired.payloads == expected


def test_a_message_that_fires_is_in_the_log_once_and_is_the_cause(
    house: MqttHouse, fired: Fired
) -> None:
    _arm(house, fired, topic="bell")
    _arm(house, fired, topic="#")

    house.says("bell", "ring")
    house.says("$SYS/load", "1")

    logged = [one for one in house.events if one.type == "mqtt.message"]
    assert [(one.subject, one.data["payload"]) for one in logged] == [("bell", "ring")]
    assert fired.causes == [logged[0], logged[0]]


def test_a_message_that_fires_nothing_is_not_in_the_log(house: MqttHouse, fired: Fired) -> None:
    _arm(house, fired, topic="bell", payload="ring")

    house.says("bell", "silence")

    assert not [one for one in house.events if one.type == "mqtt.message"]


def test_a_huge_payload_is_cut_in_the_log_and_whole_in_the_variables(
    house: MqttHouse, fired: Fired
) -> None:
    _arm(house, fired, topic="bell")

    house.says("bell", "x" * 50_000)

    (logged,) = [one for one in house.events if one.type == "mqtt.message"]
    assert len(logged.data["payload"]) == 10_000
    assert len(fired.payloads[0]) == 50_000


def test_what_the_broker_kept_fires_when_the_trigger_is_armed(
    house: MqttHouse, fired: Fired
) -> None:
    house.says("bell", "ring", retain=True)

    _arm(house, fired, topic="bell")

    assert [(one["payload"], one["retain"]) for one in fired.variables] == [("ring", True)]


def test_a_reconnect_fires_only_for_what_is_new(
    house: MqttHouse, broker: FakeBroker, fired: Fired
) -> None:
    house.says("same", "1", retain=True)
    house.says("other", "1", retain=True)
    _arm(house, fired, topic="#")
    house.do(broker.cut)
    house.says("other", "2", retain=True)

    house.passes(30)

    bells = [(one["topic"], one["payload"]) for one in fired.variables if one["topic"] in
             ("same", "other")]  # fmt: skip
    assert bells == [("same", "1"), ("other", "1"), ("other", "2")]


def test_a_disarmed_trigger_is_silent(house: MqttHouse, broker: FakeBroker, fired: Fired) -> None:
    cancel = _arm(house, fired, topic="bell")

    house.do(cancel)
    house.passes(1)
    house.says("bell", "ring")

    assert fired.payloads == []
    assert "bell" not in broker.listening


def test_a_trigger_outlives_a_restart_of_the_hub_and_of_its_plugin(
    house: MqttHouse, fired: Fired
) -> None:
    _arm(house, fired, topic="bell")
    house.crash()
    _arm(house, fired, topic="bell")

    house.says("bell", "ring")

    assert fired.payloads == ["ring"]


def test_an_undecodable_message_fires_nothing_and_breaks_nothing(
    house: MqttHouse, fired: Fired
) -> None:
    _arm(house, fired, topic="bell")

    house.says("bell", b"\xff\xfe")
    house.says("bell", "ring")

    assert fired.payloads == ["ring"]


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"topic": "a#"},
        {"topic": "a", "qos": 3},
        {"topic": "a", "encoding": "klingon"},
        {"topic": "a", "palyoad": "x"},
        {"topic": "a", "payload": {"a": 1}},
    ],
)
def test_a_trigger_that_is_wrong_is_refused(house: MqttHouse, config: dict[str, Any]) -> None:
    with pytest.raises(vol.Invalid):
        house.kernel.vocabulary.triggers["mqtt"].schema(config)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"topic": "a", "payload": "x"}, Said("a", "x", 0, False)),
        ({"topic": "a", "payload": "x", "qos": 1, "retain": True}, Said("a", "x", 1, True)),
        ({"topic": "a", "qos": "2", "retain": 1}, Said("a", "", 2, True)),
        ({"topic": "a", "payload": 21.5}, Said("a", "21.5", 0, False)),
        ({"topic": "a", "payload": None}, Said("a", "", 0, False)),
        (
            {"topic": "a", "payload": {"on": True, "n": [1]}},
            Said("a", '{"on":true,"n":[1]}', 0, False),
        ),
    ],
)
def test_the_service_publishes(
    house: MqttHouse, broker: FakeBroker, data: dict[str, Any], said: Said
) -> None:
    house.calls("mqtt.publish", **data)

    assert broker.said[-1] == said
    assert house.outcomes() == ["command.done"]


def test_publishing_is_a_pulse(house: MqttHouse) -> None:
    service = house.kernel.commands.service("mqtt.publish")

    assert service is not None
    assert service.kind == "pulse"


@pytest.mark.parametrize("data", [{}, {"topic": "a/#"}, {"topic": "a", "qos": 5}, {"topic": ""}])
def test_what_cannot_be_published_is_refused_before_it_is_sent(
    house: MqttHouse, broker: FakeBroker, data: dict[str, Any]
) -> None:
    house.begin()
    said = len(broker.said)

    with pytest.raises(InvalidCommand, match=r"mqtt\.publish"):
        house.calls("mqtt.publish", **data)

    assert len(broker.said) == said


def test_an_unacknowledged_message_is_uncertain(house: MqttHouse, broker: FakeBroker) -> None:
    house.begin()
    broker.answers = False

    house.calls("mqtt.publish", topic="a", payload="x", qos=1)

    assert house.outcomes() == ["command.uncertain the broker did not confirm"]


def test_a_message_without_a_broker_fails_in_time(house: MqttHouse, broker: FakeBroker) -> None:
    house.begin()
    broker.down = not_answering()
    house.do(broker.cut)

    house.calls("mqtt.publish", topic="a", payload="x")
    house.passes(6)

    (outcome,) = house.outcomes()
    assert outcome.startswith("command.failed not sent: no connection to mqtt://broker:1883")


def test_an_automation_hears_a_bell_and_its_cause_is_the_message(
    house: MqttHouse, broker: FakeBroker
) -> None:
    house.automation(
        {
            "alias": "Bell",
            "triggers": [
                {"trigger": "mqtt", "topic": "bell/+", "value_template": "{{ value_json.n }}",
                 "payload": "2"},
            ],
            "actions": [
                {"action": "mqtt.publish",
                 "data": {"topic": "heard/{{ trigger.topic }}",
                          "payload": "{{ trigger.payload_json.n + 1 }}"}},
            ],
        }
    )  # fmt: skip
    house.passes(1)

    house.says("bell/door", '{"n": 1}')
    house.says("bell/door", '{"n": 2}')

    assert broker.payloads("heard/bell/door") == ["3"]
    assert house.sent == [("mqtt.publish", "mqtt.publish")]
    why = house.why(("mqtt.publish", "mqtt.publish"))
    assert (why.root.type, why.root.subject) == ("mqtt.message", "bell/door")


def test_two_automations_that_answer_each_other_over_the_broker_are_stopped(
    house: MqttHouse, broker: FakeBroker
) -> None:
    for name, hears, says in (("Ping", "a", "b"), ("Pong", "b", "a")):
        house.automation(
            {
                "alias": name,
                "mode": "parallel",
                "triggers": [{"trigger": "mqtt", "topic": hears}],
                "actions": [{"action": "mqtt.publish", "data": {"topic": says, "payload": "x"}}],
            }
        )
    house.passes(1)

    house.says("a", "x")
    house.passes(5)

    assert 15 <= len(broker.said) <= 20
    stopped = [one for one in house.events if one.data.get("reason") == "hops"]
    assert len(stopped) == 1
