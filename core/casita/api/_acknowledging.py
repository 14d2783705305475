"""Waits until what was asked for stands in the log on disk."""

from __future__ import annotations

from typing import Final

from casita.clock import deadline
from casita.errors import NotStored
from casita.kernel import Kernel

_STORED_WITHIN_S: Final = 5.0


async def stored(kernel: Kernel, offset: int) -> bool:
    """Say, within 5 s, whether the log holds everything up to an offset for good."""
    try:
        async with deadline(kernel.clock, _STORED_WITHIN_S):
            await kernel.log.stored(offset)
    except (NotStored, TimeoutError):
        return False
    return True
