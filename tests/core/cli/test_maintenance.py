"""``casita log verify|repair|backup|restore``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest
from click.testing import Result

from casita.clock import SystemClock
from casita.log import Log

Cli = Callable[..., Result]
Answer = Callable[..., Any]


@pytest.fixture
def damaged(lived_in: Path) -> Path:
    """A home one of whose events does not bear its checksum."""
    with closing(apsw.Connection(str(lived_in / ".casita" / "casita.db"))) as connection:
        ((events,),) = connection.execute(
            "SELECT CAST(events AS TEXT) FROM batches WHERE first = 1"
        ).fetchall()
        changed = str(events).replace('"demo"', '"dEmo"', 1).encode()
        connection.execute("UPDATE batches SET events = ? WHERE first = 1", (changed,))
    return lived_in


def test_a_sound_log_is_found_sound(casita: Cli, answer: Answer, lived_in: Path) -> None:
    said = casita("log", "verify", "--config", lived_in)

    assert said.exit_code == 0
    assert "events are sound" in said.stdout
    assert answer("log", "verify", "--config", lived_in)["sound"] is True


def test_a_damaged_log_is_told_repaired_and_sound_again(
    casita: Cli, answer: Answer, damaged: Path
) -> None:
    found = casita("log", "verify", "--config", damaged)
    repaired = casita("log", "repair", "--config", damaged)
    after = casita("log", "verify", "--config", damaged)
    again = casita("log", "repair", "--config", damaged)

    assert found.exit_code == 1
    assert "Damaged: " in found.stdout
    assert repaired.exit_code == 0, repaired.output
    assert "is kept in" in repaired.stdout
    assert after.exit_code == 0
    assert "Known to be lost: " in after.stdout
    assert "nothing to repair" in again.stdout


def test_a_backup_is_written_and_restored(
    casita: Cli, answer: Answer, lived_in: Path, tmp_path: Path
) -> None:
    file = tmp_path / "saved.tgz"
    before = casita("log", "--config", lived_in, "--json").stdout
    made = answer("log", "backup", "--config", lived_in, file)
    with Log.open(lived_in / ".casita", clock=SystemClock()) as log:
        log.append("t", "s", {}, source="test")

    restored = answer("log", "restore", "--config", lived_in, file)

    assert restored["manifest"] == made
    assert Path(restored["aside"]).is_dir()
    assert casita("log", "--config", lived_in, "--json").stdout == before


def test_what_cannot_be_done_is_said_in_one_line(
    casita: Cli, lived_in: Path, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "no.tgz").write_bytes(b"hello")
    with Log.open(home / ".casita", clock=SystemClock()):
        in_use = casita("log", "repair", "--config", home)
    no_backup = casita("log", "restore", "--config", lived_in, tmp_path / "no.tgz")
    exists = casita("log", "backup", "--config", lived_in, tmp_path / "no.tgz")
    misplaced = casita("log", "--config", lived_in, "verify")

    assert (in_use.exit_code, no_backup.exit_code, exists.exit_code) == (4, 1, 1)
    assert "another hub" in in_use.stderr
    assert "this is no backup" in no_backup.stderr
    assert "it exists" in exists.stderr
    assert "--config is to stand behind verify" in misplaced.stderr
