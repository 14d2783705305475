"""JSON as the API writes it."""

from __future__ import annotations

from typing import Any

import msgspec


def encoded(value: Any) -> bytes:
    """Return a value as JSON; what JSON has no word for becomes text."""
    return msgspec.json.encode(value, enc_hook=str)
