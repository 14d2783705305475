"""How much a suite that proves a promise does: a tenth by default, all of it on request."""

from __future__ import annotations

import os
from typing import Final

FULL: Final = os.environ.get("CASITA_PROOFS") == "full"
"""Whether the full counts are asked for, as ``poe proofs`` does."""


def share(full: int) -> int:
    """Return a tenth of a count, or all of it if the full counts are asked for."""
    return full if FULL else max(1, full // 10)
