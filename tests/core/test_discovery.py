"""What the network says is a hint; only a person adopts a device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from casita.discovery import Candidate, Status
from casita.errors import AuthFailed, CasitaError
from casita.kernel import Kernel
from casita_config import Configuration

BRIDGE = Candidate(key="A1:B2", title="Bridge", asks={"code": "the setup code"})


async def _pair(candidate: Candidate, answers: Mapping[str, str]) -> Mapping[str, Any]:
    if answers["code"] != "123":
        raise AuthFailed("Bridge: the code is wrong")
    return {"secret": "s3cret"}


@pytest.fixture
def kernel(kernel: Kernel) -> Kernel:
    kernel.discovery.adopters("test", _pair)
    kernel.discovery.found("test", BRIDGE)
    return kernel


def test_a_device_is_found_once_however_often_it_is_heard(kernel: Kernel) -> None:
    for _ in range(3):
        kernel.discovery.found("test", BRIDGE)

    assert [found.id for found in kernel.discovery.inbox()] == ["test.a1_b2"]
    assert [event.type for event in kernel.log.scan()] == ["device.found"]


async def test_adopting_needs_what_the_device_asks_for(kernel: Kernel) -> None:
    with pytest.raises(CasitaError, match=r"Bridge: to adopt it give code \(the setup code\)"):
        await kernel.discovery.adopt("test.a1_b2", {})


async def test_a_wrong_code_leaves_it_in_the_inbox(kernel: Kernel) -> None:
    with pytest.raises(AuthFailed):
        await kernel.discovery.adopt("test.a1_b2", {"code": "1"})

    assert [found.status for found in kernel.discovery.inbox()] == [Status.NEW]


async def test_an_adopted_device_stays_adopted_over_a_restart(kernel: Kernel) -> None:
    await kernel.discovery.adopt("test.a1_b2", {"code": "123"}, actor="person:ann")
    again = Kernel.assemble(Configuration.from_mapping({}), kernel.clock, kernel.log)
    again.restore()

    heard = again.discovery.found("test", BRIDGE)

    assert heard is None
    assert again.discovery.inbox() == []
    assert [one.settings for one in again.discovery.adopted()] == [{"secret": "s3cret"}]


async def test_the_settings_of_a_pairing_are_not_in_the_log(kernel: Kernel) -> None:
    await kernel.discovery.adopt("test.a1_b2", {"code": "123"})

    assert "s3cret" not in repr(list(kernel.log.scan()))


async def test_a_disowned_device_can_be_found_again(kernel: Kernel) -> None:
    await kernel.discovery.adopt("test.a1_b2", {"code": "123"})

    kernel.discovery.disown("test.a1_b2")
    kernel.discovery.found("test", BRIDGE)

    assert list(kernel.discovery.adopted()) == []
    assert [found.status for found in kernel.discovery.inbox()] == [Status.NEW]


def test_an_ignored_device_is_not_found_anew(kernel: Kernel) -> None:
    kernel.discovery.ignore("test.a1_b2", actor="person:ann")

    heard = kernel.discovery.found("test", BRIDGE)

    assert heard is None
    assert [found.status for found in kernel.discovery.inbox()] == [Status.IGNORED]


def test_a_flood_of_devices_is_bounded_and_counted(kernel: Kernel) -> None:
    for number in range(2000):
        kernel.discovery.found("test", Candidate(key=f"x{number}", title="Fake"))

    assert len(kernel.discovery.inbox()) == 500
    assert kernel.discovery.dropped == 1501


def test_an_unknown_id_is_named_with_the_nearest(kernel: Kernel) -> None:
    with pytest.raises(CasitaError, match=r"Did you mean 'test\.a1_b2'"):
        kernel.discovery.ignore("test.a1_b3")
