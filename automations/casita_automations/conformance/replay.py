"""Replay sets: a real log, automations, and every call that was recorded with them."""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from casita.backtests import BacktestRequest
from casita_automations.backtest import tool as backtest
from casita_automations.conformance.stage import Stage
from casita_config import load, plain

Run = Callable[[Path, Path], tuple[int, int, str | None]]
"""Replays a set over its log: how many calls there were, were to be, and a difference."""


def sets(folder: Path) -> list[Path]:
    """Return the folders of the sets in a folder, at any depth; it may be one itself."""
    return sorted(path.parent for path in folder.rglob("meta.json"))


def run(folder: Path, logs: Path) -> tuple[int, int, str | None]:
    """Replay a set; return how many calls there were, how many were to be, and a difference."""
    meta = json.loads((folder / "meta.json").read_text())
    rows = list(_rows(_log(meta["log"], logs)))
    return _compared(folder, asyncio.run(_replay(folder, meta, rows)))


def run_as_backtest(folder: Path, logs: Path) -> tuple[int, int, str | None]:
    """Do the same through a backtest, with the log as a record of another system."""
    meta = json.loads((folder / "meta.json").read_text())
    with TemporaryDirectory() as home:
        zone = json.dumps({"home": {"time_zone": meta["timezone"]}})
        (Path(home) / "casita.yaml").write_text(zone)
        request = BacktestRequest(
            folder=Path(home), file=folder / "automations.yaml", record=_log(meta["log"], logs),
            end=datetime.fromisoformat(meta["replay_until"]), lines=sys.maxsize,
        )  # fmt: skip
        report = backtest.run(request, lambda _share: None)
    return _compared(folder, [_call(one.time, one.data) for one in report.lines])


def _compared(folder: Path, made: list[tuple[datetime, str]]) -> tuple[int, int, str | None]:
    recorded = map(json.loads, (folder / "expected.jsonl").read_text().splitlines())
    wanted = [_call(datetime.fromisoformat(one["ts"]), one["data"]) for one in recorded]
    return len(made), len(wanted), _difference(Counter(made), Counter(wanted))


def _call(time: datetime, data: Any) -> tuple[datetime, str]:
    """Return a call as it is compared: to the second, as Home Assistant recorded it."""
    return time.astimezone(UTC).replace(microsecond=0), json.dumps(data, sort_keys=True)


async def _replay(
    folder: Path, meta: dict[str, Any], rows: list[dict[str, Any]]
) -> list[tuple[datetime, str]]:
    config = plain(load(folder / "automations.yaml"))
    first = rows[0]["ts"]
    initial = [row for row in rows if row["ts"] == first]
    start = datetime.fromisoformat(first).astimezone(UTC)
    stage = Stage(
        {"home": {"time_zone": meta["timezone"]}, **config}, start, initial=initial
    )  # fmt: skip
    async with stage:
        for row in rows[len(initial) :]:
            await stage.until(datetime.fromisoformat(row["ts"]))
            stage.set(row)
        await stage.until(datetime.fromisoformat(meta["replay_until"]))
        return [_call(one.time, one.data) for one in stage.calls]


def _log(name: str, logs: Path) -> Path:
    """Return a set's log: by its file name, packed or not, at any depth of the logs' folder."""
    if logs.is_file():
        return logs
    stem = Path(name).name.removesuffix(".gz")
    for path in sorted(logs.rglob(f"{stem}*")):
        if path.name in (stem, f"{stem}.gz"):
            return path
    raise FileNotFoundError(f"{logs} has no {stem} and no {stem}.gz")


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        for line in lines:
            yield json.loads(line)


def _difference(made: Counter[Any], wanted: Counter[Any]) -> str | None:
    missing, extra = wanted - made, made - wanted
    if not missing and not extra:
        return None
    first = sorted([*missing, *extra])[0]
    what = "missing" if first in missing else "not recorded"
    return (
        f"{missing.total()} calls are missing, {extra.total()} were not recorded; the first at "
        f"{first[0].isoformat()}: {first[1]} ({what})"
    )
