"""Devices announce themselves, change, move and go."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from peers.mqtt_fake import FakeBroker, MqttHouse

SWITCH = {"name": "Pump", "uniq_id": "u1", "cmd_t": "pump/set", "stat_t": "pump/state"}
GARDEN = {"ids": ["g1"], "name": "Garden", "mf": "Us", "mdl": "G", "sw": "1.2"}


def test_an_announced_component_is_an_entity_of_its_device(house: MqttHouse) -> None:
    device = {**GARDEN, "sa": "Yard", "via_device": "bridge"}
    house.announce("switch", {**SWITCH, "dev": device, "ic": "mdi:pump"})

    state = house.shown("switch.garden_pump")
    assert state.state == "unknown"
    assert state.attributes == {"friendly_name": "Garden Pump", "icon": "mdi:pump"}
    (entry,) = house.kernel.registry.devices
    assert (entry.name, entry.manufacturer, entry.model, entry.sw_version) == (
        "Garden", "Us", "G", "1.2",
    )  # fmt: skip
    area = house.kernel.registry.area_of("switch.garden_pump")
    assert area is not None
    assert area.name == "Yard"


def test_a_bridge_and_what_speaks_through_it_hang_together(house: MqttHouse) -> None:
    house.announce("sensor", {"uniq_id": "b", "stat_t": "b", "dev": {"ids": "bridge"}})
    house.announce("switch", {**SWITCH, "dev": {**GARDEN, "via_device": "bridge"}}, object_id="two")

    devices = {one.name: one for one in house.kernel.registry.devices}
    assert devices["Garden"].via_device_id == devices["bridge"].id


@pytest.mark.parametrize(
    ("said", "entity_id", "name"),
    [
        ({"name": "Pump"}, "switch.pump", "Pump"),
        ({"name": "Pump", "dev": GARDEN}, "switch.garden_pump", "Garden Pump"),
        ({"name": None, "dev": GARDEN}, "switch.garden", "Garden"),
        ({}, "switch.mqtt_switch", "MQTT Switch"),
        ({"dev_cla": "outlet", "dev": GARDEN}, "switch.garden_outlet", "Garden Outlet"),
        ({"name": "Pump", "obj_id": "my_pump"}, "switch.my_pump", "Pump"),
        ({"name": "Pump", "def_ent_id": "switch.own"}, "switch.own", "Pump"),
    ],
)
def test_names_are_home_assistants(
    house: MqttHouse, said: dict[str, Any], entity_id: str, name: str
) -> None:
    house.announce("switch", {"uniq_id": "u", "cmd_t": "c", **said})

    assert house.shown(entity_id).attributes["friendly_name"] == name


def test_the_same_unique_id_in_two_domains_is_two_entities(house: MqttHouse) -> None:
    house.announce("switch", SWITCH)
    house.announce("sensor", {"name": "Pump", "uniq_id": "u1", "stat_t": "s"})

    assert house.state("switch.pump") is not None
    assert house.state("sensor.pump") is not None


def test_a_unique_id_that_is_taken_is_refused_and_says_by_whom(
    house: MqttHouse, caplog: pytest.LogCaptureFixture
) -> None:
    house.announce("switch", SWITCH)
    house.announce("switch", {**SWITCH, "name": "Other"}, object_id="two")

    assert house.only().entity_id == "switch.pump"
    assert "'u1' belongs to homeassistant/switch/one/config already" in caplog.text


def test_the_same_announcement_again_changes_nothing(house: MqttHouse) -> None:
    house.announce("switch", SWITCH)
    house.says("pump/state", "ON")
    head = house.kernel.log.head

    house.announce("switch", SWITCH)

    assert house.kernel.log.head == head


def test_a_changed_announcement_changes_the_entity_and_keeps_its_state(
    house: MqttHouse, broker: FakeBroker
) -> None:
    house.announce("switch", SWITCH)
    house.says("pump/state", "ON")

    house.announce("switch", {**SWITCH, "name": "Big pump", "stat_t": "big/state"})
    kept = house.shown("switch.pump")
    house.says("pump/state", "OFF")
    deaf = house.shown("switch.pump")
    house.says("big/state", "OFF")

    assert (kept.state, kept.attributes["friendly_name"]) == ("on", "Big pump")
    assert deaf.state == "on"
    assert house.shown("switch.pump").state == "off"
    assert "pump/state" not in broker.listening


def test_a_changed_announcement_that_is_wrong_leaves_the_entity_alone(house: MqttHouse) -> None:
    house.announce("switch", SWITCH)

    house.announce("switch", {"name": "Pump", "uniq_id": "u1"})
    house.says("pump/state", "ON")

    assert house.shown("switch.pump").state == "on"


def test_an_empty_message_takes_the_component_back(house: MqttHouse, broker: FakeBroker) -> None:
    house.announce("switch", SWITCH)

    house.announce("switch", "")

    assert list(house.kernel.states) == []
    assert len(house.kernel.registry.entities) == 0
    assert "pump/state" not in broker.listening


def test_a_component_that_went_may_come_again(house: MqttHouse) -> None:
    house.announce("switch", SWITCH)
    house.announce("switch", "")

    house.announce("switch", SWITCH)
    house.says("pump/state", "ON")

    assert house.shown("switch.pump").state == "on"


def _device(**components: Any) -> dict[str, Any]:
    return {"dev": GARDEN, "o": {"name": "us"}, "cmps": components}


def test_a_device_adds_and_takes_back_its_components(house: MqttHouse) -> None:
    pump = {"p": "switch", **SWITCH}
    air = {"p": "sensor", "name": "Air", "uniq_id": "u2", "stat_t": "air"}

    house.announce("device", _device(pump=pump, air=air))
    both = sorted(one.entity_id for one in house.kernel.states)
    house.announce("device", _device(pump=pump, air={"p": "sensor"}))
    one = sorted(one.entity_id for one in house.kernel.states)
    house.announce("device", "")

    assert both == ["sensor.garden_air", "switch.garden_pump"]
    assert one == ["switch.garden_pump"]
    assert list(house.kernel.states) == []


def test_a_component_that_moves_to_its_device_stays_the_same_entity(house: MqttHouse) -> None:
    house.announce("switch", {**SWITCH, "dev": GARDEN})
    house.says("pump/state", "ON")
    (before,) = house.kernel.registry.entities

    house.announce("switch", {"migr_discvry": True})
    house.announce("device", _device(pump={"p": "switch", **SWITCH}))
    house.announce("switch", "")
    house.says("pump/state", "OFF")

    assert [one.added for one in house.kernel.registry.entities] == [before.added]
    assert house.changes("switch.garden_pump") == ["unknown", "on", "off"]


def test_a_component_that_was_to_move_and_did_not_is_gone_in_the_end(house: MqttHouse) -> None:
    house.announce("switch", SWITCH)
    house.announce("switch", {"migr_discvry": True})
    waiting = house.state("switch.pump")

    house.announce("switch", "")

    assert waiting is not None
    assert house.state("switch.pump") is None


@pytest.mark.parametrize(
    ("component", "payload", "complaint"),
    [
        ("switch", "{", "not JSON"),
        ("switch", {"name": "x", "comand_topic": "y"}, "Did you mean 'comand_topic'?"),
        ("light", {"cmd_t": "c", "schema": "jason"}, "Did you mean 'json'?"),
        ("switch", {"cmd_t": "c", "val_tpl": "{{ value", "stat_t": "s"}, "no valid template"),
        ("swich", {"cmd_t": "c"}, "Did you mean 'switch'?"),
        ("number", {"cmd_t": "c", "min": 5, "max": 1}, "max: 1 is below min, 5"),
        ("vacuum", {"sup_feat": ["startt"]}, "Did you mean 'start'?"),
        ("cover", {"set_pos_t": "s"}, "set_position_topic: it needs position_topic"),
    ],
)
def test_what_cannot_be_used_is_told_once(
    house: MqttHouse, caplog: pytest.LogCaptureFixture, component: str, payload: Any, complaint: str
) -> None:
    for _ in range(3):
        house.announce(component, payload)

    told = [one.message for one in caplog.records if "not taken" in one.message]
    refused = [one for one in house.events if one.type == "mqtt.refused"]
    assert len(told) == len(refused) == 1
    assert f"homeassistant/{component}/one/config" in told[0]
    assert complaint in told[0]
    assert refused[0].subject == f"homeassistant/{component}/one/config"
    assert list(house.kernel.states) == []


def test_what_was_wrong_and_is_right_now_is_taken(house: MqttHouse) -> None:
    house.announce("switch", {"name": "Pump", "uniq_id": "u1"})

    house.announce("switch", SWITCH)

    assert house.only().entity_id == "switch.pump"


def test_a_broken_component_disables_nothing_else(house: MqttHouse) -> None:
    house.announce(
        "device",
        _device(
            pump={"p": "switch", **SWITCH},
            bad={"p": "sensor", "stat_t": "s", "val_tpl": "{{"},
            worse={"p": "nonsense", "x": 1},
        ),
    )

    assert house.only().entity_id == "switch.garden_pump"


def test_a_flood_of_components_ends_somewhere(
    house: MqttHouse, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("casita_mqtt._discovery._ENTITY_LIMIT", 10)

    house.announce(
        "device",
        _device(**{f"s{i}": {"p": "sensor", "stat_t": "s", "uniq_id": f"{i}"} for i in range(30)}),
    )

    assert len(house.kernel.states) == 10
    assert caplog.text.count("no more taken") == 1


def test_a_component_that_is_not_wanted_by_default_is_not_shown(
    house: MqttHouse, caplog: pytest.LogCaptureFixture
) -> None:
    house.announce("switch", {**SWITCH, "en": False})

    assert list(house.kernel.states) == []
    assert "not taken" not in caplog.text


def test_an_entity_that_a_person_disabled_and_enabled_again_hears_again(house: MqttHouse) -> None:
    house.announce("switch", SWITCH)
    house.do(lambda: house.kernel.registry.update_entity("switch.pump", disabled=True))
    gone = house.state("switch.pump")

    house.do(lambda: house.kernel.registry.update_entity("switch.pump", disabled=False))
    house.passes(1)
    house.says("pump/state", "ON")

    assert gone is None
    assert house.shown("switch.pump").state == "on"


def test_a_renamed_entity_hears_and_obeys_under_its_new_id(
    house: MqttHouse, broker: FakeBroker
) -> None:
    house.announce("switch", SWITCH)
    house.do(lambda: house.kernel.registry.rename_entity("switch.pump", "switch.fountain"))

    house.says("pump/state", "ON")
    house.calls("switch.turn_off", "switch.fountain")

    assert house.shown("switch.fountain").state == "on"
    assert broker.payloads("pump/set") == ["OFF"]


def test_after_a_restart_states_stand_before_and_after_the_device_spoke(
    house: MqttHouse, broker: FakeBroker
) -> None:
    house.announce("switch", SWITCH)
    house.says("pump/state", "ON", retain=True)
    before = house.changes("switch.pump")

    house.crash()
    house.passes(5)

    assert house.changes("switch.pump") == before == ["unknown", "on"]
    house.says("pump/state", "OFF")
    assert house.shown("switch.pump").state == "off"


def test_another_prefix_is_listened_to(broker: FakeBroker) -> None:
    with MqttHouse(broker, discovery_prefix="my/home") as house:
        house.says("homeassistant/switch/one/config", '{"cmd_t": "c", "name": "Not"}')
        house.says("my/home/switch/one/config", '{"cmd_t": "c", "name": "Mine"}')

        assert house.only().entity_id == "switch.mine"


def test_without_discovery_nothing_is_listened_to(broker: FakeBroker) -> None:
    with MqttHouse(broker, discovery=False) as house:
        house.announce("switch", SWITCH)

        assert list(house.kernel.states) == []
        assert broker.listening == set()


def test_no_payload_and_no_handler_raises_out(
    house: MqttHouse, caplog: pytest.LogCaptureFixture
) -> None:
    house.announce(
        "sensor", {"uniq_id": "a", "stat_t": "s", "unit_of_meas": "W", "json_attr_t": "s"}
    )
    house.announce("cover", {"uniq_id": "b", "pos_t": "s"})
    house.announce("light", {"uniq_id": "c", "stat_t": "s", "cmd_t": "c", "schema": "json"})
    house.announce("event", {"uniq_id": "d", "stat_t": "s", "event_types": ["x"]})

    for payload in (b"\xff\xfe", b"[]", b"{", b'{"state": {}}', b"1e999", b'"', b"nan", b"\0"):
        house.says("s", payload)

    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]
    (status,) = [one for one in house.hub.host.ledger() if one.name == "mqtt"]
    assert status.instances[0].errors == 0


def test_a_device_that_talks_nonsense_all_day_does_not_fill_the_log(
    house: MqttHouse, caplog: pytest.LogCaptureFixture
) -> None:
    house.announce("sensor", {"uniq_id": "a", "stat_t": "s", "unit_of_meas": "W"})

    for number in range(200):
        house.says("s", f"nonsense {number}")

    assert caplog.text.count("nonsense") <= 10


def _forgotten(house: MqttHouse, broker: FakeBroker) -> None:
    """Let the broker forget an announcement while the hub is away."""
    house.announce("switch", {**SWITCH, "dev": GARDEN})
    house.says("pump/state", "ON")
    broker.kept.clear()
    house.crash()


def test_what_is_not_announced_any_more_after_a_restart_is_out_of_reach(
    house: MqttHouse, broker: FakeBroker
) -> None:
    _forgotten(house, broker)
    at_once = house.shown("switch.garden_pump").state
    house.passes(5)
    house.calls("switch.turn_off", "switch.garden_pump")

    state = house.shown("switch.garden_pump")
    assert (at_once, state.state) == ("on", "unavailable")
    assert state.attributes["friendly_name"] == "Garden Pump"
    assert "no way to turn_off" in house.outcomes()[-1]
    assert broker.payloads("pump/set") == []


def test_what_is_announced_late_after_a_restart_is_there_again(
    house: MqttHouse, broker: FakeBroker
) -> None:
    _forgotten(house, broker)
    house.passes(5)

    house.announce("switch", {**SWITCH, "dev": GARDEN})
    house.says("pump/state", "OFF")

    assert house.shown("switch.garden_pump").state == "off"
    assert len(house.kernel.registry.entities) == 1


def test_what_is_taken_back_after_a_restart_is_gone_for_good(
    house: MqttHouse, broker: FakeBroker
) -> None:
    _forgotten(house, broker)
    house.passes(5)

    house.announce("switch", "")
    house.crash()
    house.passes(5)

    assert house.state("switch.garden_pump") is None
    assert len(house.kernel.registry.entities) == 0
