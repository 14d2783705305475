"""Replay sets: a real log, automations, and every call that was recorded with them."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from casita_automations.conformance.stage import Stage
from casita_config import load, plain


def sets(folder: Path) -> list[Path]:
    """Return the folders of the sets in a folder, at any depth; it may be one itself."""
    return sorted(path.parent for path in folder.rglob("meta.json"))


def run(folder: Path, logs: Path) -> tuple[int, int, str | None]:
    """Replay a set; return how many calls there were, how many were to be, and a difference."""
    meta = json.loads((folder / "meta.json").read_text())
    rows = list(_rows(_log(meta["log"], logs)))
    made = asyncio.run(_replay(folder, meta, rows))
    wanted = [
        (datetime.fromisoformat(one["ts"]).astimezone(UTC), json.dumps(one["data"], sort_keys=True))
        for one in map(json.loads, (folder / "expected.jsonl").read_text().splitlines())
    ]
    return len(made), len(wanted), _difference(Counter(made), Counter(wanted))


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
        return [
            (one.time.replace(microsecond=0), json.dumps(one.data, sort_keys=True))
            for one in stage.calls
        ]


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
