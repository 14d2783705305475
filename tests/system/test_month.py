"""P19: month two is as day one: a month of a house's own time leaves memory, tasks and files flat.

The house runs in a process of its own on a virtual clock. The control keeps what it hears.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
from pathlib import Path
from typing import Any, Final

from peers import long_house
from proofs import FULL, share

DAYS: Final = 30
ROUNDS: Final = share(400)
"""Reports of each device a day; what follows from them makes 4 million events of all of it."""
DEVICES: Final = 100 if FULL else 15
SETTLED_DAYS: Final = 9
"""Until then the log grows to what it is to keep."""
GROWTH_MB_A_WEEK: Final = 1.0


async def _lived(folder: Path, days: int, devices: int, keep: str) -> list[dict[str, Any]]:
    tests = str(Path(__file__).parents[1])
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(long_house.__file__), str(folder),
        str(days), str(ROUNDS), str(devices), keep,
        stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": tests},
    )  # fmt: skip
    out, _ = await process.communicate()
    assert process.returncode == 0
    told: list[dict[str, Any]] = json.loads(out)
    return told[SETTLED_DAYS:]


def _growth_mb_a_week(days: list[dict[str, Any]]) -> float:
    return statistics.linear_regression(range(len(days)), [day["mb"] for day in days]).slope * 7


def _least(days: list[dict[str, Any]], what: str) -> int:
    """Return how many there were at least; more may be open for a moment when they are counted."""
    return min(int(day[what]) for day in days)


async def test_a_month_leaves_memory_tasks_and_files_as_they_were(tmp_path: Path) -> None:
    days = await _lived(tmp_path, DAYS, DEVICES, "bounded")

    assert _growth_mb_a_week(days) < GROWTH_MB_A_WEEK
    for what in ("tasks", "files"):
        assert _least(days[-7:], what) <= _least(days[:7], what)
    assert days[-1]["events"] - days[0]["events"] >= 20 * 2 * ROUNDS * DEVICES


async def test_a_house_that_forgets_nothing_is_found_out(tmp_path: Path) -> None:
    days = await _lived(tmp_path, SETTLED_DAYS + 7, 15, "everything")

    assert _growth_mb_a_week(days) >= GROWTH_MB_A_WEEK
