"""Chains of causes that rest: what waits a while is no storm."""

from __future__ import annotations

from typing import Final

from casita.events import Cause

RESTS_S: Final = 1.0
"""A wait at least this long lets the count of a chain begin anew.

The limit is there for chains that run away. Two automations that turn a pump on and off every
ten minutes make a chain without end, too, and are to go on for ever.
"""


def rested(cause: Cause) -> Cause:
    """Return a cause from which automation runs are counted anew."""
    return Cause(offset=cause.offset, root=cause.root, hops=0)
