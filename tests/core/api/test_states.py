"""What the API shows of the house, and how it is changed."""

from __future__ import annotations

from casita.kernel import Kernel

from .conftest import Caller


async def test_states_are_listed_by_entity_id(ask: Caller, kernel: Kernel) -> None:
    reply = await ask("GET", "/api/states")

    assert reply.status == 200
    assert [one["entity_id"] for one in reply.json] == sorted(s.entity_id for s in kernel.states)
    hall = next(one for one in reply.json if one["entity_id"] == "light.hall")
    assert (hall["state"], hall["attributes"]["friendly_name"]) == ("off", "Hall lamp")
