"""What the bridge makes of MQTT 5, beyond what every broker holds to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from casita.broker import LinkState
from casita.errors import AuthFailed
from casita.ids import new_id
from casita.transport import Transport
from peers.brokers import Line, MqttPeer, event, numbers, told
from peers.homes import Home, broker_of, sharing, until


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncIterator[MqttPeer]:
    if MqttPeer.needs:
        pytest.skip(MqttPeer.needs)
    made = MqttPeer(tmp_path / "mqtt")
    await made.start()
    yield made
    await made.stop()


def state(n: int, text: str | None, subject: str = "light.hall") -> Any:
    """Return a state as it goes over the wire."""
    data: dict[str, Any] = {"n": n, "state": text, "attributes": {}}
    return event(n, subject=subject, type="state.changed", data=data)


async def opened(stack: AsyncExitStack, transport: Transport) -> Line:
    """Connect; it is disconnected in the end."""
    stack.push_async_callback(transport.close)
    await transport.open()
    return Line(transport)


async def test_who_joins_later_gets_the_newest_state_of_each_entity_and_nothing_else(
    peer: MqttPeer,
) -> None:
    async with AsyncExitStack() as stack:
        cabin = await opened(stack, peer.transport("late", "cabin"))
        attic = "light.attic"
        await cabin.transport.publish(
            told(state(1, "on"), state(2, "off"), event(3), state(4, "on", attic))
        )

        main = await opened(stack, peer.transport("late", "main"))

        assert sorted(numbers(await main.next(2))) == [2, 4]
        assert await main.nothing()


async def test_a_state_that_is_gone_is_not_told_to_who_joins_later(peer: MqttPeer) -> None:
    async with AsyncExitStack() as stack:
        cabin = await opened(stack, peer.transport("gone", "cabin"))
        barn = await opened(stack, peer.transport("gone", "barn"))
        await cabin.transport.publish(told(state(1, "on"), state(2, None)))

        main = await opened(stack, peer.transport("gone", "main"))

        assert numbers(await barn.next(2)) == [1, 2]
        assert await main.nothing()


async def test_a_state_is_not_repeated_to_who_comes_back(peer: MqttPeer) -> None:
    async with AsyncExitStack() as stack:
        cabin = await opened(stack, peer.transport("back", "cabin"))
        main = await opened(stack, peer.transport("back", "main"))
        await cabin.transport.publish(told(state(1, "on")))
        await main.next(1)
        await main.transport.close()

        again = await opened(stack, peer.transport("back", "main"))

        assert await again.nothing()


async def test_a_group_shares_what_is_told(peer: MqttPeer) -> None:
    async with AsyncExitStack() as stack:
        cabin = await opened(stack, peer.transport("group", "cabin"))
        members = [
            await opened(
                stack,
                peer.transport(
                    "group", "main", options={"prefix": "group", "group": "w", "client_id": one}
                ),
            )
            for one in ("w1", "w2")
        ]

        await cabin.transport.publish(told(*(event(n) for n in range(20))))
        got = [numbers(await one.next(10)) for one in members]

        assert sorted(got[0] + got[1]) == list(range(20))


async def test_a_wrong_password_needs_a_person(tmp_path: Path) -> None:
    if MqttPeer.needs:
        pytest.skip(MqttPeer.needs)
    peer = MqttPeer(tmp_path / "mqtt", anonymous=False)
    await peer.start()
    transport = peer.transport("closed", "main")

    with pytest.raises(AuthFailed):
        await transport.open()
    await transport.close()
    await peer.stop()


async def test_a_home_that_was_away_gets_what_it_missed_even_across_a_restart_of_the_broker(
    peer: MqttPeer, tmp_path: Path
) -> None:
    shares = {"publish": {"types": ["rang"]}}
    async with sharing(peer, f"m{new_id()}", tmp_path, main={}, cabin=shares) as homes:
        main, cabin = homes["main"], homes["cabin"]
        cabin.emits("rang", "bell", n=1)
        await until(lambda: len(main.logged("rang")) == 1)
        await main.stop()
        cabin.emits("rang", "bell", n=2)
        await until(lambda: not cabin.kernel.consumers.statuses()[-1].lag)

        await peer.stop()
        await peer.start()
        cabin.emits("rang", "bell", n=3)
        await main.start()
        await until(lambda: len(main.logged("rang")) == 3)

        assert [one.data["n"] for one in main.logged("rang")] == [1, 2, 3]


async def test_durable_is_refused_and_the_plugin_needs_no_broker_of_its_own(
    peer: MqttPeer, tmp_path: Path
) -> None:
    given = broker_of(peer, f"d{new_id()}", {"main": {}}, {"durable": True})
    main = Home("main", tmp_path, peer, given)
    await main.start()
    async with asyncio.timeout(20):
        while (status := await main.status()).state is LinkState.CONNECTING:
            await asyncio.sleep(0.02)
    await main.stop()

    assert status.state is LinkState.FAILED
    assert "durable: true" in str(status.reason)
