"""What the log costs: on the loop, on the disk, and in reading."""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from casita.clock import SystemClock
from casita.log import Log, LogReader

EVENTS = 200_000
ATTRIBUTES = {"friendly_name": "Hall temperature", "unit_of_measurement": "°C", "value": 21.5}


def append_and_store(folder: Path) -> tuple[float, float]:
    """Return seconds that appending took, and until everything was on the disk."""
    with Log.open(folder, clock=SystemClock()) as log:
        began = time.perf_counter()
        for number in range(EVENTS):
            log.append_state(
                f"sensor.s{number % 200}", str(number), ATTRIBUTES, old=None, source="bench"
            )
        appended = time.perf_counter() - began
        log.flush()
        return appended, time.perf_counter() - began


async def stall(folder: Path, rate: int, duration_s: float) -> float:
    """Return the longest time for which the loop was held at so many events a second."""
    longest = 0.0
    with Log.open(folder, clock=SystemClock()) as log:
        end = time.perf_counter() + duration_s
        last = time.perf_counter()
        while last < end:
            for number in range(rate // 1000):
                log.append_state(f"sensor.s{number}", "1", ATTRIBUTES, old=None, source="bench")
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            longest = max(longest, now - last - 0.001)
            last = now
    return longest


def scan(folder: Path) -> float:
    """Return how long reading everything takes."""
    with LogReader(folder) as log:
        began = time.perf_counter()
        count = sum(1 for _ in log.scan())
        took = time.perf_counter() - began
    assert count >= EVENTS
    return took


def main() -> int:
    """Print the figures; return 1 if a limit is passed."""
    with tempfile.TemporaryDirectory() as name:
        appended, stored = append_and_store(Path(name) / "a")
        scanned = scan(Path(name) / "a")
        held = [asyncio.run(stall(Path(name) / f"b{turn}", 10_000, 1)) for turn in range(5)]
    longest = statistics.median(held)
    print(f"append: {appended / EVENTS * 1e6:.1f} µs an event on the loop")
    print(f"store: {EVENTS / stored:,.0f} events/s to the disk with FULL (limit 100,000)")
    print(f"scan: {EVENTS / scanned:,.0f} events/s")
    print(f"stall: {longest * 1000:.1f} ms in a second of 10,000 events (limit 5)")
    return int(stored > EVENTS / 100_000 or longest > 0.005)


if __name__ == "__main__":
    sys.exit(main())
