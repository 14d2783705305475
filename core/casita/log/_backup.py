"""Copies of the log in one file, made while a hub writes; and the way back.

A backup is a compressed tar file with two members: ``manifest.json`` and ``casita.db``. What is
restored is checked as if it came from a stranger, and the present log is put aside, not lost.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
import zlib
from contextlib import closing
from pathlib import Path
from typing import IO, Final, Self

import apsw
import msgspec

from casita.errors import LogDamaged, LogError
from casita.log._check import Report, verify
from casita.log._files import FILE, Mark, finish_replacement, replace
from casita.log._finding import hold
from casita.log._opening import damage_told, open_for_reading
from casita.log._schema import bring_up_to_date, form_of, header_is_damaged, schema_is_damaged
from casita.log._store import Reader

_MANIFEST: Final = "manifest.json"
_MANIFEST_MOST_BYTES: Final = 65_536
_CHUNK_BYTES: Final = 1 << 20
_MEMBER_KINDS: Final = (tarfile.REGTYPE, tarfile.AREGTYPE)
_PARTIAL: Final = "casita.db.partial"


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a backup says of itself."""

    form: int
    head: int
    """Offset of the newest event."""
    events: int
    bytes: int
    """Size of the log's file."""
    sha256: str


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What a restoration has done."""

    manifest: Manifest
    aside: str
    """Where the former log is kept."""


def backup(folder: Path, target: Path) -> Manifest:
    """Write all that is stored into one file, readable by its owner only; a hub may run.

    Raises `LogError` if there is no log or the target exists, `LogDamaged` if the log is not
    sound: it is to be repaired first.
    """
    if target.exists():
        raise LogError(f"{target}: it exists; name a file that does not")
    copy = target.with_name(f".{target.name}.db")
    packed = target.with_name(f".{target.name}.partial")
    try:
        manifest = _copied(folder, copy)
        _pack(copy, manifest, packed)
        packed.rename(target)
    finally:
        _unlink(copy)
        packed.unlink(missing_ok=True)
    return manifest


def restore(folder: Path, archive: Path) -> Restored:
    """Put the log of a backup in the place of a folder's; the former is kept aside.

    Raises `LogInUse` if a hub runs on the folder, and `LogError` if the archive is not a sound
    backup; the folder is then as it was.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with hold(folder):
        finish_replacement(folder)
        partial = folder / _PARTIAL
        try:
            manifest = _unpack(archive, partial)
            _check(archive, partial, manifest)
        except BaseException:
            _unlink(partial)
            raise
        Mark(folder).set(manifest.head)
        return Restored(manifest=manifest, aside=str(replace(folder, partial)))


def _copied(folder: Path, copy: Path) -> Manifest:
    _unlink(copy)
    copy.touch(mode=0o600)
    with (
        closing(open_for_reading(folder)) as source,
        closing(apsw.Connection(str(copy))) as target,
        damage_told(folder),
    ):
        with target.backup("main", source, "main") as copying:
            copying.step(-1)
        target.pragma("journal_mode", "delete")
        report = verify(target)
        if not report.sound:
            raise LogDamaged(f"{folder}: the log is damaged; repair it first: casita log repair")
        form, head = form_of(target), Reader(target).head()
    with copy.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Manifest(
        form=form, head=head, events=report.events, bytes=copy.stat().st_size, sha256=digest
    )


def _pack(copy: Path, manifest: Manifest, packed: Path) -> None:
    text = msgspec.json.encode(manifest)
    descriptor = os.open(packed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as out:
        with tarfile.open(
            fileobj=out, mode="w:gz", compresslevel=6, format=tarfile.GNU_FORMAT
        ) as tar:
            _add(tar, _MANIFEST, io.BytesIO(text), len(text))
            with copy.open("rb") as file:
                _add(tar, FILE, file, manifest.bytes)
        out.flush()
        os.fsync(out.fileno())


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes], size: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    tar.addfile(member, content)


def _unpack(archive: Path, partial: Path) -> Manifest:
    """Read the two members, by name and in order; nothing in the archive says where to write."""
    try:
        with tarfile.open(archive, mode="r|gz", tarinfo=_PlainMember) as tar:
            manifest = _manifest(_member(tar, _MANIFEST, _MANIFEST_MOST_BYTES))
            _write(_member(tar, FILE, manifest.bytes), manifest, partial)
            if tar.next() is not None:
                raise LogError("it holds more than a log")
    except LogError as err:
        raise LogError(f"{archive}: this is no backup: {err}") from err
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, msgspec.MsgspecError) as err:
        raise LogError(f"{archive}: this is no backup, or it is damaged: {err}") from err
    return manifest


class _PlainMember(tarfile.TarInfo):
    """A member that says all of itself in its header.

    Further headers, as for long names, are read into memory as a whole however large they say
    they are, and a backup needs none.
    """

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        member = super().frombuf(buf, encoding, errors)
        if member.type not in _MEMBER_KINDS:
            raise LogError(f"{member.name!r} is no plain file")
        return member


def _member(tar: tarfile.TarFile, name: str, most_bytes: int) -> IO[bytes]:
    member = tar.next()
    if member is None or member.name != name:
        found = "nothing" if member is None else repr(member.name)
        raise LogError(f"{name} is expected, and {found} is there")
    content = tar.extractfile(member)
    if content is None:
        raise LogError(f"{name} is no plain file")
    if member.size > most_bytes:
        raise LogError(f"{name} has {member.size} bytes; {most_bytes} are expected at most")
    return content


def _manifest(content: IO[bytes]) -> Manifest:
    manifest = msgspec.json.decode(content.read(), type=Manifest)
    if manifest.bytes < 0 or manifest.head < 0:
        raise LogError("its manifest is wrong")
    return manifest


def _write(content: IO[bytes], manifest: Manifest, partial: Path) -> None:
    _unlink(partial)
    space = os.statvfs(partial.parent)
    if manifest.bytes > space.f_bavail * space.f_frsize:
        raise LogError(f"there is no room for {manifest.bytes} bytes")
    digest = hashlib.sha256()
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as out:
        while chunk := content.read(_CHUNK_BYTES):
            digest.update(chunk)
            out.write(chunk)
    if digest.hexdigest() != manifest.sha256:
        raise LogError("its content does not bear its checksum")


def _check(archive: Path, partial: Path, manifest: Manifest) -> None:
    """See to it that a file is a sound log; it is brought to this version's form."""
    try:
        if header_is_damaged(partial):
            raise LogDamaged("it is no log")
        with damage_told(archive), closing(apsw.Connection(str(partial))) as connection:
            connection.pragma("trusted_schema", 0)
            connection.pragma("journal_mode", "delete")
            if connection.execute("SELECT 1 FROM sqlite_schema WHERE type = 'trigger'").fetchall():
                raise LogDamaged("it holds more than a log")
            bring_up_to_date(connection, archive)
            report = Report() if schema_is_damaged(connection) else verify(connection)
            if not report.sound or report.events != manifest.events:
                raise LogDamaged("its log is damaged")
            if Reader(connection).head() != manifest.head:
                raise LogDamaged("its manifest does not fit its log")
    except apsw.Error as err:
        raise LogError(f"{archive}: this is no backup: {err}") from err
    except LogDamaged as err:
        raise LogError(f"{archive}: this is no backup: {err}") from err


def _unlink(file: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
