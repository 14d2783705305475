"""What several components have in common: how they say on and off, numbers and choices."""

from __future__ import annotations

import math
from collections.abc import Collection

from casita.errors import did_you_mean
from casita_mqtt._entity import NONE


def truth(text: str, on: str, off: str) -> bool | None:
    """Return whether a payload says on; None if it says unknown. Raises `ValueError`."""
    if text == on:
        return True
    if text == off:
        return False
    if text == NONE:
        return None
    raise ValueError(f"{text!r} is neither {on!r} nor {off!r}")


def number(text: str) -> float:
    """Return a finite number. Raises `ValueError`."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is no number")
    return value


def plain(value: float) -> int | float:
    """Return a number without a point where it needs none."""
    return int(value) if value == int(value) else value


def choice(text: str, options: Collection[str]) -> str | None:
    """Return one of the options; None if the device does not know. Raises `ValueError`."""
    if text == NONE:
        return None
    if text not in options:
        listed = ", ".join(options)
        raise ValueError(f"{text!r} is none of {listed}.{did_you_mean(text, options)}")
    return text
