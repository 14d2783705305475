"""Backups are made while a hub writes; restoring one cannot hurt."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from casita.clock import VirtualClock
from casita.errors import LogDamaged, LogError, LogInUse
from casita.log import Log, LogReader, _backup, _files, backup, restore
from disks.forms import Form, forms

Members = list[tuple[tarfile.TarInfo, bytes]]


@pytest.fixture
def home(tmp_path: Path, clock: VirtualClock) -> Path:
    """A data folder with a past, nobody at home."""
    folder = tmp_path / "house" / "data"
    with Log.open(folder, clock=clock) as log:
        _fill(log, 300)
        log.put("things", "lamp", {"key": 1})
    return folder


@pytest.fixture
def saved(home: Path, tmp_path: Path) -> Path:
    """A backup of the home."""
    file = tmp_path / "saved.tgz"
    backup(home, file)
    return file


def test_what_was_backed_up_is_restored_and_the_former_log_is_kept(
    home: Path, saved: Path, clock: VirtualClock
) -> None:
    with Log.open(home, clock=clock) as log:
        _fill(log, 50)
        log.put("things", "lamp", {"key": 2})

    restored = restore(home, saved)

    with Log.open(home, clock=clock) as log:
        assert [event.offset for event in log.scan()] == list(range(1, 301))
        assert log.items("things") == {"lamp": {"key": 1}}
        assert log.append("t", "s", {}, source="test").offset == 301
    with LogReader(Path(restored.aside)) as former:
        assert former.head == 350


def test_a_backup_is_made_while_a_hub_writes_and_is_whole(
    home: Path, tmp_path: Path, clock: VirtualClock
) -> None:
    with Log.open(home, clock=clock) as log:
        enough = threading.Event()

        def write() -> None:
            while not enough.wait(0.0005):
                with log.together():
                    event = log.append("t", "s", {"x": "y" * 200}, source="test")
                    log.put("doc", "head", event.offset)

        writer = threading.Thread(target=write)
        writer.start()
        manifests = [backup(home, tmp_path / f"{number}.tgz") for number in range(5)]
        enough.set()
        writer.join()

    assert manifests[0].head < manifests[-1].head
    for number, manifest in enumerate(manifests):
        other = tmp_path / "other" / str(number)
        restore(other, tmp_path / f"{number}.tgz")
        with LogReader(other) as reader:
            assert reader.verify().sound
            assert [one.offset for one in reader.scan()] == list(range(1, manifest.head + 1))
            assert reader.items("doc").get("head", manifest.head) == manifest.head


def test_a_backup_is_private_and_never_overwrites(home: Path, saved: Path) -> None:
    assert saved.stat().st_mode & 0o077 == 0
    with pytest.raises(LogError, match="it exists"):
        backup(home, saved)


def test_a_damaged_log_is_not_backed_up_as_if_it_were_whole(home: Path, tmp_path: Path) -> None:
    with apsw.Connection(str(home / "casita.db")) as connection:
        connection.execute("UPDATE batches SET events = CAST('[[' AS BLOB)")

    with pytest.raises(LogDamaged, match="repair"):
        backup(home, tmp_path / "no.tgz")

    assert os.listdir(tmp_path) == ["house"]


def test_nothing_is_restored_under_a_running_hub(
    home: Path, saved: Path, clock: VirtualClock
) -> None:
    with Log.open(home, clock=clock) as log:
        with pytest.raises(LogInUse):
            restore(home, saved)
        _fill(log, 1)

        assert log.stored_head == 301


@pytest.mark.parametrize("form", forms(), ids=lambda form: f"form {form.number}")
def test_a_backup_of_every_earlier_form_is_restored(form: Form, tmp_path: Path) -> None:
    head = form.events[-1]["offset"]
    text = _manifest(form.file, form=form.number, head=head, events=len(form.events))
    members = [_file("manifest.json", text), _file("casita.db", form.file)]
    archive = _archive(tmp_path / "old.tgz", members)

    restore(tmp_path / "home", archive)

    with LogReader(tmp_path / "home") as reader:
        assert [one.offset for one in reader.scan()] == [one["offset"] for one in form.events]
        assert reader.verify().sound


def _hostile(whole: bytes) -> Iterator[Any]:
    """Yield archives that want something else than a restoration, each with its name."""
    log = whole
    good = _manifest(log)

    def case(name: str, members: Members) -> Any:
        return pytest.param(members, id=name)

    def named(name: str) -> Members:
        return [_file("manifest.json", good), _file(name, log)]

    def kind(type_: bytes, target: str = "") -> Members:
        member = tarfile.TarInfo("casita.db")
        member.type, member.linkname = type_, target
        return [_file("manifest.json", good), (member, b"")]

    def told(**changes: Any) -> Members:
        return [_file("manifest.json", _manifest(log, **changes)), _file("casita.db", log)]

    def holding(content: bytes) -> Members:
        return [_file("manifest.json", _manifest(content)), _file("casita.db", content)]

    yield case("a path upwards", named("../../escaped"))
    yield case("an absolute path", named("/tmp/casita-escaped"))
    yield case("another name", named("hub.sock"))
    yield case("a path that comes back", named("x/../casita.db"))
    yield case("a symbolic link", kind(tarfile.SYMTYPE, "../../escaped"))
    yield case("a hard link", kind(tarfile.LNKTYPE, "../../escaped"))
    yield case("a device", kind(tarfile.CHRTYPE))
    yield case("a pipe", kind(tarfile.FIFOTYPE))
    yield case("a folder", kind(tarfile.DIRTYPE))
    yield case("a sparse file", kind(tarfile.GNUTYPE_SPARSE))
    yield case("a long name", named("x" * 300))
    yield case("no manifest", [_file("casita.db", log)])
    yield case("no log", [_file("manifest.json", good)])
    yield case("nothing", [])
    yield case("two logs", [*named("casita.db"), _file("casita.db", log)])
    yield case("more than a log", [*named("casita.db"), _file("../../escaped", b"x")])
    yield case(
        "a manifest that is no JSON", [_file("manifest.json", b"{"), _file("casita.db", log)]
    )
    yield case("a manifest as large as a disk", [_file("manifest.json", b" " * 100_000)])
    yield case("a manifest with more keys", told(path="../../escaped"))
    yield case("a size below zero", told(bytes=-1))
    yield case("a size that is too small", told(bytes=4096))
    yield case("a size beyond the disk", told(bytes=1 << 60))
    yield case("another checksum", told(sha256="0" * 64))
    yield case("another head", told(head=5))
    yield case("another number of events", told(events=5))
    yield case("a log of zeros", holding(bytes(8192)))
    yield case("a log that is a text", holding(b"hello\n" * 2000))
    yield case("half a log", holding(log[: len(log) // 8192 * 4096]))
    yield case("a log with a changed event", holding(log.replace(b'"n":7', b'"n":8')))
    yield case("a log of the future", holding(_changed(log, "PRAGMA user_version = 99", _NO_FORM)))
    yield case("a log with a trigger", holding(_changed(log, _TRIGGER)))
    yield case("a log with another table", holding(_changed(log, "CREATE TABLE more (x)")))
    yield case("a log with another view", holding(_changed(log, "DROP VIEW events", _VIEW)))
    yield case("a database of somebody else", holding(_changed(b"", "CREATE TABLE t (x)")))


_NO_FORM = "DELETE FROM documents WHERE collection = 'log' AND key = 'form'"
_TRIGGER = "CREATE TRIGGER t AFTER INSERT ON batches BEGIN DELETE FROM documents; END"
_VIEW = "CREATE VIEW events AS SELECT writefile('/tmp/casita-escaped', 'x')"


def _changed(log: bytes, *statements: str) -> bytes:
    with closing(apsw.Connection(":memory:")) as connection:
        if log:
            connection.deserialize("main", log)
        for statement in statements:
            connection.execute(statement).fetchall()
        return bytes(connection.serialize("main") or b"")


def _made() -> bytes:
    """Return a log's file, for archives that are made before any fixture is."""
    import tempfile
    from datetime import UTC, datetime

    with tempfile.TemporaryDirectory() as folder:
        clock = VirtualClock(datetime(2024, 3, 12, tzinfo=UTC))
        with Log.open(Path(folder), clock=clock) as log:
            _fill(log, 40)
        with closing(apsw.Connection(str(Path(folder) / "casita.db"))) as connection:
            connection.pragma("journal_mode", "delete")
        file = Path(folder) / "casita.db"
        return file.read_bytes()


def _fill(log: Log, number: int) -> None:
    for index in range(number):
        log.append("t", f"s{index % 5}", {"n": index}, source="test")
    log.flush()


def _manifest(log: bytes, **changes: Any) -> bytes:
    told = {
        "form": 2, "head": 40, "events": 40, "bytes": len(log),
        "sha256": hashlib.sha256(log).hexdigest(), **changes,
    }  # fmt: skip
    return json.dumps(told).encode()


def _file(name: str, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    return member, content


def _archive(path: Path, members: Members) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for member, content in members:
            tar.addfile(member, io.BytesIO(content))
    return path


@pytest.mark.parametrize("members", list(_hostile(_made())))
def test_a_hostile_archive_writes_nothing_and_leaves_the_home_as_it_was(
    home: Path, tmp_path: Path, members: Members, clock: VirtualClock
) -> None:
    archive = _archive(tmp_path / "hostile.tgz", members)
    before = _everything(tmp_path)

    with pytest.raises(LogError, match=r"no backup|newer Casita"):
        restore(home, archive)

    assert _everything(tmp_path) == before
    assert not Path("/tmp/casita-escaped").exists()
    with Log.open(home, clock=clock) as log:
        assert log.head == 300


@pytest.mark.parametrize(
    "content", [b"", b"hello", gzip.compress(b"hello"), gzip.compress(bytes(10**8), 9)[:-9]]
)
def test_what_is_no_archive_is_refused(home: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "no.tgz").write_bytes(content)
    before = _everything(tmp_path)

    with pytest.raises(LogError, match="no backup"):
        restore(home, tmp_path / "no.tgz")

    assert _everything(tmp_path) == before


@pytest.mark.parametrize(
    "kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK]
)
def test_a_header_as_large_as_memory_is_not_read(home: Path, tmp_path: Path, kind: bytes) -> None:
    """A few kilobytes of an archive can say that a gigabyte of further headers follows."""
    member = tarfile.TarInfo("casita.db")
    member.type, member.size = kind, 1 << 30
    archive = tmp_path / "bomb.tgz"
    with gzip.open(archive, "wb", compresslevel=1) as out:
        out.write(member.tobuf(tarfile.GNU_FORMAT))
        for _ in range(64):
            out.write(bytes(1 << 20))
    before = _everything(tmp_path)

    tracemalloc.start()
    try:
        with pytest.raises(LogError, match="no backup"):
            restore(home, archive)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 16 << 20
    assert _everything(tmp_path) == before


def test_control_without_the_checks_a_hostile_archive_is_taken(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_backup, "_check", lambda *_: None)
    log = _changed(b"", "CREATE TABLE t (x)")
    members = [_file("manifest.json", _manifest(log)), _file("casita.db", log)]

    restore(home, _archive(tmp_path / "hostile.tgz", members))

    assert (home / "casita.db").read_bytes() == log


class _Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("step", range(12))
def test_a_restoration_that_is_killed_leaves_the_old_log_or_the_new_one(
    home: Path, saved: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    with Log.open(home, clock=clock) as log:
        _fill(log, 50)
    steps = iter(range(100))
    rename, sync = Path.rename, _files._sync

    def killed_at(path: Path, *target: Any) -> Any:
        if next(steps) == step:
            raise _Killed
        return rename(path, *target) if target else sync(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", killed_at)
        patch.setattr(_files, "_sync", killed_at)
        try:
            restore(home, saved)
        except _Killed:
            pass

    with Log.open(home, clock=clock) as log:
        offsets = [event.offset for event in log.scan()]
    assert offsets in (list(range(1, 301)), list(range(1, 351)))


def _everything(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder, but for who holds the lock."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "casita.lock"
    }
