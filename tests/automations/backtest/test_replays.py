"""Replay sets through ``casita backtest``: the calls are those that Home Assistant made."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from casita.cli import main

CONFORMANCE = Path(__file__).parents[4] / "shared" / "conformance"
SETS = sorted(path.parent for path in (CONFORMANCE / "replay").glob("*/meta.json"))


@pytest.mark.skipif(not SETS, reason="the replay sets are not here: put them at ../shared")
@pytest.mark.parametrize("folder", SETS, ids=lambda path: path.name)
def test_the_calls_are_those_that_home_assistant_made(folder: Path, tmp_path: Path) -> None:
    meta = json.loads((folder / "meta.json").read_text())
    (tmp_path / "casita.yaml").write_text(f"home: {{time_zone: {meta['timezone']}}}\n")
    log = CONFORMANCE / meta["log"]

    result = CliRunner().invoke(
        main,
        [
            "backtest", str(folder / "automations.yaml"), "--config", str(tmp_path), "--json",
            "--record", str(log), "--to", meta["replay_until"],
        ],
    )  # fmt: skip

    assert result.exit_code == 0, result.output
    assert _made(json.loads(result.stdout)["lines"]) == _recorded(folder / "expected.jsonl")


def _made(lines: list[dict[str, Any]]) -> Counter[tuple[datetime, str]]:
    return Counter(_call(one["time"], one["data"]) for one in lines)


def _recorded(path: Path) -> Counter[tuple[datetime, str]]:
    calls = map(json.loads, path.read_text().splitlines())
    return Counter(_call(one["ts"], one["data"]) for one in calls)


def _call(time: str, data: Any) -> tuple[datetime, str]:
    moment = datetime.fromisoformat(time).astimezone(UTC).replace(microsecond=0)
    return moment, json.dumps(data, sort_keys=True)
