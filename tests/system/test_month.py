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
from proofs import share

DEVICES: Final = share(100)
SETTLED_DAYS: Final = 9
"""Until then the log grows to what it is to keep."""
GROWTH_MB_A_WEEK: Final = 1.0
FILES_FOR_A_MOMENT: Final = 1
"""One may be open to be read just when they are counted."""


async def _month(folder: Path, devices: int, keep: str) -> list[dict[str, Any]]:
    tests = str(Path(__file__).parents[1])
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(long_house.__file__), str(folder), str(devices), keep,
        stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": tests},
    )  # fmt: skip
    out, _ = await process.communicate()
    assert process.returncode == 0
    days: list[dict[str, Any]] = json.loads(out)
    return days[SETTLED_DAYS:]


def _growth_mb_a_week(days: list[dict[str, Any]]) -> float:
    return statistics.linear_regression(range(len(days)), [day["mb"] for day in days]).slope * 7


async def test_a_month_leaves_memory_tasks_and_files_as_they_were(tmp_path: Path) -> None:
    days = await _month(tmp_path, DEVICES, "bounded")

    assert _growth_mb_a_week(days) < GROWTH_MB_A_WEEK
    assert len({day["tasks"] for day in days}) == 1
    assert days[-1]["files"] <= days[0]["files"] + FILES_FOR_A_MOMENT
    assert days[-1]["events"] - days[0]["events"] >= 20 * 1_000 * DEVICES


async def test_a_house_that_forgets_nothing_is_found_out(tmp_path: Path) -> None:
    days = await _month(tmp_path, DEVICES // 3, "everything")

    assert _growth_mb_a_week(days) >= GROWTH_MB_A_WEEK
