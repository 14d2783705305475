"""Damages files: flips a bit, cuts the end off."""

from __future__ import annotations

import random
from pathlib import Path


def flip_bit(path: Path, rng: random.Random) -> int:
    """Flip one bit somewhere in a file; return at which byte."""
    content = bytearray(path.read_bytes())
    at = rng.randrange(len(content))
    content[at] ^= 1 << rng.randrange(8)
    path.write_bytes(content)
    return at


def cut(path: Path, rng: random.Random) -> int:
    """Cut a file at a random length; return the length."""
    length = rng.randrange(path.stat().st_size)
    with path.open("r+b") as file:
        file.truncate(length)
    return length
