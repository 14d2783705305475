"""A log of an earlier form becomes one of this, whatever happens meanwhile."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import apsw
import msgspec
import pytest

from casita.clock import VirtualClock
from casita.log import Log, LogReader, _opening, _schema
from disks.forms import Form, forms
from disks.power import Disk, lay_out, recording
from proofs import share

FATES = share(60)
"""So many ways in which each power cut can end."""
CLOCK = VirtualClock(datetime(2024, 4, 1, tzinfo=UTC))

every_form = pytest.mark.parametrize("form", forms(), ids=lambda form: f"form {form.number}")
earlier_form = pytest.mark.parametrize(
    "form",
    [form for form in forms() if form.number < _schema.FORM],
    ids=lambda form: f"form {form.number}",
)


@pytest.fixture(autouse=True)
def _few_pages_in_memory() -> Iterator[None]:
    """Let SQLite write in the midst of a transaction too."""

    def hook(connection: apsw.Connection) -> None:
        connection.pragma("cache_size", 2)
        connection.pragma("cache_spill", 1)

    apsw.connection_hooks.append(hook)
    yield
    apsw.connection_hooks.remove(hook)


def test_there_is_a_file_of_every_form() -> None:
    assert [form.number for form in forms()] == list(range(1, _schema.FORM + 1))


@every_form
def test_a_log_of_every_form_opens_with_all_that_it_holds(form: Form, tmp_path: Path) -> None:
    lay_out({"casita.db": form.file}, tmp_path / "home")

    assert _wrong_with(tmp_path / "home", form) == ""


@every_form
def test_a_log_of_every_form_is_read_without_being_changed(form: Form, tmp_path: Path) -> None:
    lay_out({"casita.db": form.file}, tmp_path / "home")

    with LogReader(tmp_path / "home") as reader:
        events = msgspec.to_builtins(list(reader.scan()))
        documents = {name: reader.items(name) for name in form.documents}

    assert (events, documents) == (form.events, form.documents)
    assert (tmp_path / "home" / "casita.db").read_bytes() == form.file


@earlier_form
def test_a_migration_may_be_killed_at_each_step(form: Form, tmp_path: Path) -> None:
    failures = list(_failures(form, tmp_path))

    assert failures == []


@earlier_form
def test_control_a_migration_in_several_transactions_is_found_out(
    form: Form, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    careful = _schema.bring_up_to_date

    def careless(connection: apsw.Connection, path: Path) -> None:
        step = _schema._STEPS[form.number]
        if _schema.form_of(connection) == form.number:
            connection.create_scalar_function("document_crc", lambda *_: 0, 3, deterministic=True)
            for statement in step.split(";"):
                connection.execute(statement)
        careful(connection, path)

    with monkeypatch.context() as patch:
        patch.setattr(_opening, "bring_up_to_date", careless)
        failure = next(_failures(form, tmp_path), None)

    assert failure is not None


def _failures(form: Form, tmp_path: Path) -> Iterator[str]:
    """Open an old log, and cut the power at each operation of that."""
    home, rng = tmp_path / "home", random.Random(form.number)
    lay_out({"casita.db": form.file}, home)
    with recording(home) as recorder:
        try:
            Log.open(home, clock=CLOCK).close()
        except apsw.Error:
            pass  # the control does not always get to its end
    disk = Disk({"casita.db": form.file})
    for number, operation in enumerate(recorder.operations):
        disk.do(operation)
        for _ in range(FATES):
            folder = tmp_path / "after"
            lay_out(disk.after_power_cut(rng), folder)
            wrong = _wrong_with(folder, form)
            if wrong:
                yield f"operation {number}, {type(operation).__name__}: {wrong}"
            shutil.rmtree(folder)


def _wrong_with(folder: Path, form: Form) -> str:
    with Log.open(folder, clock=CLOCK) as log:
        events = msgspec.to_builtins(list(log.scan()))
        documents = {name: log.items(name) for name in form.documents}
    if (folder / "aside").exists():
        return "it was taken for damaged"
    if events != form.events:
        return f"{len(form.events) - len(events)} events are lost"
    if documents != form.documents:
        return f"the documents are {documents}"
    with LogReader(folder) as reader:
        report = reader.verify()
    return "" if report.sound else str(report)
