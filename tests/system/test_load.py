"""P9: 1,000 events a second for ten minutes and a burst of 20,000 are held in bounded memory.

The house runs in a process of its own, with its log on the disk and 100 automations. The control
is a house that keeps every event it hears of.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any, Final

from casita.log import LogReader
from peers import busy_house
from proofs import FULL, share

EVENTS: Final = share(600_000)
CONTROL: Final = 60_000
"""So many are enough to find out a house that forgets nothing."""
RATE: Final = 1_000 if FULL else 4_000
"""A tenth of the events in a fortieth of the time."""
BURST: Final = 20_000
GROWTH_MB: Final = 64
P99_S: Final = 0.1
"""Asked for where the machine is known: with the full counts."""
BEHIND: Final = 10
"""What is asked for everywhere: so few events come between a change and what follows from it."""


async def _loaded(folder: Path, count: int, keep: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(busy_house.__file__), str(folder), str(RATE), str(count), str(BURST),
        keep, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    assert process.returncode == 0
    figures: dict[str, Any] = json.loads(out)
    return figures


async def test_a_house_under_load_keeps_all_and_grows_little(tmp_path: Path) -> None:
    figures = await _loaded(tmp_path, EVENTS, "bounded")

    with LogReader(tmp_path) as log:
        offsets = [event.offset for event in log.scan(before=figures["acknowledged"] + 1)]
    assert offsets == list(range(1, figures["acknowledged"] + 1))
    assert figures["runs"] == figures["changes"] // 10
    assert figures["growth_mb"] <= GROWTH_MB
    assert figures["behind"] <= BEHIND
    if FULL:
        assert figures["p99_s"] <= P99_S
        assert figures["taken_s"] <= EVENTS / RATE * 1.02


async def test_a_house_that_forgets_nothing_is_found_out(tmp_path: Path) -> None:
    figures = await _loaded(tmp_path, CONTROL, "everything")

    assert figures["growth_mb"] > GROWTH_MB
