"""Whether a NATS server has synced its disk before it acknowledges: its monitor tells."""

from __future__ import annotations

from typing import Any, Final

import aiohttp

from casita.errors import NotReady

_WITHIN: Final = aiohttp.ClientTimeout(total=5)
_STRICTER: Final = "set 'sync_interval: always' in the server's 'jetstream' block"


async def syncs_always(monitor: str) -> bool:
    """Return whether the server syncs each message. Raises `NotReady` if the monitor is silent."""
    try:
        async with (
            aiohttp.ClientSession(timeout=_WITHIN) as session,
            session.get(f"{monitor}/varz") as answer,
        ):
            told: dict[str, Any] = await answer.json()
    except (TimeoutError, aiohttp.ClientError, ValueError) as err:
        raise NotReady(f"{monitor}: the server's monitor does not answer: {err}") from err
    config = told.get("jetstream", {}).get("config", {})
    return bool(config.get("sync_always"))


def weakness(monitor: str | None, replicas: int) -> str:
    """Say in a sentence why an acknowledged message may be lost, and what to do."""
    if replicas > 1:
        return ""
    if monitor is None:
        return (
            "it may acknowledge before its disk is synced; give its 'monitor:' address so that "
            f"this can be known, and {_STRICTER}"
        )
    return f"it acknowledges before its disk is synced: a power cut there loses events; {_STRICTER}"
