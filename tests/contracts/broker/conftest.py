"""Every broker that we speak to, each started once; every test has a prefix of its own there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from casita.ids import new_id
from peers.brokers import PEERS, Line, Peer

Connect = Callable[..., Awaitable[Line]]


@pytest.fixture(scope="session", params=PEERS, ids=lambda one: one.name)
def running_peer(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Peer]:
    """A broker that runs for all tests."""
    if request.param.needs:
        pytest.skip(request.param.needs)
    peer: Peer = request.param(tmp_path_factory.mktemp(request.param.name))
    with asyncio.Runner() as runner:
        runner.run(peer.start())
        yield peer
        runner.run(peer.stop())


@pytest.fixture
def peer(running_peer: Peer) -> Peer:
    """The broker under test."""
    return running_peer


@pytest.fixture
def prefix() -> str:
    """What parts the test from all others at the same broker."""
    return f"t{new_id()}"


@pytest.fixture
async def connect(peer: Peer, prefix: str) -> AsyncIterator[Connect]:
    """Connect a home; it is disconnected in the end."""
    async with AsyncExitStack() as stack:

        async def connected(home: str, **plan: Any) -> Line:
            line = Line(peer.transport(prefix, home, **plan))
            stack.push_async_callback(line.transport.close)
            line.promises = await line.transport.open()
            return line

        yield connected
