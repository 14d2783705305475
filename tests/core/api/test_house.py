"""What the API shows of the house, and how the house is changed by it."""

from __future__ import annotations

import pytest

from casita.discovery import Candidate
from casita.host import Host
from casita.kernel import Kernel
from casita.log import MemoryLog
from casita.model import Label

from .conftest import Caller

LAMP = Candidate(key="AA:BB", title="Desk lamp", asks={"code": "the code on its back"})


# States and registry


async def test_states_are_listed_by_entity_id(ask: Caller, kernel: Kernel) -> None:
    reply = await ask("GET", "/api/states")

    assert [one["entity_id"] for one in reply.json] == sorted(s.entity_id for s in kernel.states)
    hall = next(one for one in reply.json if one["entity_id"] == "light.hall")
    assert (hall["state"], hall["attributes"]["friendly_name"]) == ("off", "Hall lamp")
    assert hall["last_changed"] == "2024-03-12T09:00:00Z"


async def test_states_can_be_of_some_domains(ask: Caller) -> None:
    reply = await ask("GET", "/api/states?domain=lock,automation")

    assert [one["entity_id"] for one in reply.json] == ["automation.night", "lock.front"]


async def test_an_unknown_entity_is_named_with_the_nearest(ask: Caller) -> None:
    reply = await ask("GET", "/api/states/light.hal")

    assert (reply.status, reply.code) == (404, "unknown_entity")
    assert "Did you mean 'light.hall'?" in reply.json["error"]["message"]


async def test_an_unknown_query_is_refused(ask: Caller) -> None:
    reply = await ask("GET", "/api/states?domian=light")

    assert (reply.status, reply.json["error"]["field"]) == (400, "domian")
    assert "Did you mean 'domain'?" in reply.json["error"]["message"]


async def test_an_entity_is_renamed_and_moved(ask: Caller, kernel: Kernel, log: MemoryLog) -> None:
    body = {"name": "Lamp", "entity_id": "light.lamp", "area_id": "hall", "disabled": True}

    reply = await ask("PATCH", "/api/entities/light.hall", body)

    assert reply.status == 200
    entry = kernel.registry.require_entity("light.lamp")
    assert (entry.name_by_user, entry.area_id, entry.disabled) == ("Lamp", "hall", True)
    assert reply.json["entity_id"] == "light.lamp"
    renamed = next(iter(log.scan(types=["entity.renamed"])))
    assert renamed.actor == "token:ann"


async def test_an_entity_is_labelled_and_hidden(ask: Caller, kernel: Kernel) -> None:
    kernel.registry.labels.write("night", Label(id="night", name="Night"))
    body = {"labels": ["night"], "icon": "mdi:lamp", "hidden": True}

    reply = await ask("PATCH", "/api/entities/light.hall", body)

    entry = kernel.registry.require_entity("light.hall")
    assert reply.status == 200
    assert (entry.labels, entry.icon, entry.hidden) == (("night",), "mdi:lamp", True)


@pytest.mark.parametrize(
    ("body", "status"),
    [({"entity_id": "lock.hall"}, 400), ({"entity_id": "light.broken"}, 400),
     ({"area_id": "hal"}, 404), ({"name": "a\nb"}, 400), ({"name": ""}, 400),
     ({"icno": "x"}, 400), ({"labels": ["none"]}, 404), ({"disabled": "yes"}, 400)],
)  # fmt: skip
async def test_a_wrong_change_changes_nothing(
    ask: Caller, kernel: Kernel, body: dict[str, str], status: int
) -> None:
    before = kernel.registry.require_entity("light.hall")

    reply = await ask("PATCH", "/api/entities/light.hall", {"name": "New", **body})

    assert reply.status == status
    assert kernel.registry.require_entity("light.hall") == before


async def test_an_area_is_made_once(ask: Caller) -> None:
    first = await ask("POST", "/api/areas", {"name": "Küche"})
    second = await ask("POST", "/api/areas", {"name": "küche"})
    listed = await ask("GET", "/api/areas")

    assert first.json["id"] == second.json["id"] == "kuche"
    assert [one["name"] for one in listed.json] == ["Hall", "Küche"]


async def test_a_device_is_renamed_and_moved(ask: Caller, kernel: Kernel, host: Host) -> None:
    from casita.model import DeviceInfo

    device = kernel.registry.add_device("test", DeviceInfo(identifiers=["x"], name="Lamp"))

    reply = await ask("PATCH", f"/api/devices/{device.id}", {"name": "Desk", "area_id": "hall"})
    listed = await ask("GET", "/api/devices")

    assert (reply.json["name_by_user"], reply.json["area_id"]) == ("Desk", "hall")
    assert listed.json == [reply.json]


# Discovery


async def test_a_found_device_is_adopted_with_its_code_and_disowned(
    ask: Caller, kernel: Kernel, host: Host
) -> None:
    kernel.discovery.found("lamps", LAMP)

    inbox = (await ask("GET", "/api/discovery")).json
    path = f"/api/discovery/{inbox[0]['id']}/adopt"
    missing = await ask("POST", path)
    wrong = await ask("POST", path, {"answers": {"code": "0000"}})
    right = await ask("POST", path, {"answers": {"code": "1234"}})
    adopted = await ask("GET", "/api/devices/adopted")
    gone = await ask("DELETE", f"/api/devices/adopted/{inbox[0]['id']}")
    await host.stop()

    assert inbox[0]["candidate"]["asks"] == {"code": "the code on its back"}
    assert missing.status == 400
    assert "code (the code on its back)" in missing.json["error"]["message"]
    assert (wrong.status, wrong.code) == (422, "auth_failed")
    assert right.json == {"id": "lamps.aa_bb", "source": "lamps", "title": "Desk lamp"}
    assert adopted.json == [right.json]
    assert gone.status == 200
    assert not list(kernel.discovery.adopted())


async def test_what_a_pairing_gave_is_never_shown(
    ask: Caller, kernel: Kernel, host: Host, log: MemoryLog
) -> None:
    kernel.discovery.found("lamps", LAMP)
    await ask("POST", "/api/discovery/lamps.aa_bb/adopt", {"answers": {"code": "1234"}})

    shown = [
        await ask("GET", path)
        for path in ("/api/devices/adopted", "/api/devices", "/api/discovery", "/api/plugins",
                     "/api/log?limit=1000")
    ]  # fmt: skip
    await host.stop()

    assert not [one.body for one in shown if b"canary" in one.body or b"1234" in one.body]


async def test_a_found_device_can_be_ignored(ask: Caller, kernel: Kernel) -> None:
    kernel.discovery.found("lamps", LAMP)

    await ask("POST", "/api/discovery/lamps.aa_bb/ignore")
    inbox = await ask("GET", "/api/discovery")
    unknown = await ask("POST", "/api/discovery/lamps.cc/ignore")

    assert inbox.json[0]["status"] == "ignored"
    assert unknown.status == 400


# The hub itself


async def test_health_says_nothing_but_ok(ask: Caller) -> None:
    reply = await ask("GET", "/api/health", token=None)

    assert reply.json == {"status": "ok"}


async def test_plugins_are_listed(ask: Caller) -> None:
    reply = await ask("GET", "/api/plugins")

    assert [(one["name"], one["state"]) for one in reply.json] == [("lamps", "running")]


async def test_problems_of_the_configuration_are_listed(ask: Caller, kernel: Kernel) -> None:
    problem = {"file": "casita.yaml", "line": 3, "key": "areas", "message": "there is no such key"}
    kernel.bus.emit("config.problem", "casita.yaml", problem, source="casita")

    reply = await ask("GET", "/api/problems")

    assert reply.json == [problem]
