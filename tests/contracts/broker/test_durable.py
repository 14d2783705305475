"""NATS is asked whether it syncs its disk before ``durable: true`` is believed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from casita.errors import NotReady, SetupFailed
from peers.brokers import NatsPeer, SyncedNatsPeer


async def _refused(peer: NatsPeer, **options: Any) -> str:
    """Return why ``durable: true`` is refused; empty if it is taken."""
    given = {"prefix": "durable", **options}
    transport = peer.transport("durable", "main", durable=True, options=given)
    await peer.start()
    try:
        promises = await transport.open()
    except SetupFailed as err:
        return str(err)
    else:
        assert promises.durable
        assert promises.notes == ()
        return ""
    finally:
        await transport.close()
        await peer.stop()


def _monitor(peer: NatsPeer) -> str:
    return f"http://127.0.0.1:{peer.monitor}"


async def test_a_server_that_syncs_is_taken(tmp_path: Path) -> None:
    peer = SyncedNatsPeer(tmp_path)

    assert await _refused(peer, monitor=_monitor(peer)) == ""


async def test_a_server_that_does_not_sync_is_refused_and_told_how_it_could(
    tmp_path: Path,
) -> None:
    peer = NatsPeer(tmp_path)

    said = await _refused(peer, monitor=_monitor(peer))

    assert "'durable: true', but it acknowledges before its disk is synced" in said
    assert "set 'sync_interval: always'" in said


async def test_a_server_that_may_sync_but_does_not_tell_is_refused(tmp_path: Path) -> None:
    peer = SyncedNatsPeer(tmp_path)

    said = await _refused(peer)

    assert "give its 'monitor:' address" in said


async def test_a_monitor_that_does_not_answer_is_asked_again_later(tmp_path: Path) -> None:
    peer = SyncedNatsPeer(tmp_path)

    with pytest.raises(NotReady, match="monitor does not answer"):
        await _refused(peer, monitor="http://127.0.0.1:1")
