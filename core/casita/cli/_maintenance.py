"""``casita log verify|repair|backup|restore``: care for the log itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from casita.cli._options import Exit, Failure, common, data_folder
from casita.cli._output import plain, say_json

if TYPE_CHECKING:
    from casita.log import Report

_SHOWN: Final = 10


@click.command("verify")
@common
def verify(folder: Path, as_json: bool) -> None:
    """Look at every event, link, document and page; exit code 1 if anything is wrong.

    A hub may run meanwhile.
    """
    from casita.log import LogReader

    with _failing(), LogReader(data_folder(folder)) as log:
        report = log.verify()
    if as_json:
        say_json({**report._asdict(), "sound": report.sound})
    else:
        for line in _told(report):
            click.echo(line)
    if not report.sound:
        raise SystemExit(Exit.FAILED)


@click.command("repair")
@common
def repair(folder: Path, as_json: bool) -> None:
    """Cut off what is damaged, and keep it aside. No hub may run on the folder."""
    from casita.log import LogReader, repair_folder

    data = data_folder(folder)
    with _failing():
        with LogReader(data):
            pass
        done = repair_folder(data)
    if as_json:
        say_json(None if done is None else done._asdict())
    elif done is None:
        click.echo("The log is sound; there was nothing to repair.")
    else:
        click.echo(f"The log is repaired: {plain(done.why)}.")
        click.echo(f"Lost events: {_spans(done.lost)}.")
        if done.documents:
            click.echo(f"Lost documents: {_some(done.documents)}.")
        if done.aside:
            click.echo(f"What was cut off is kept in {done.aside}.")


@click.command("backup")
@common
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(folder: Path, as_json: bool, file: Path) -> None:
    """Write the whole log to FILE; a hub may run meanwhile.

    The file holds keys of devices: keep it where only you can read it.
    """
    from casita.log import backup as write_backup

    with _failing():
        manifest = write_backup(data_folder(folder), file)
    if as_json:
        say_json(manifest)
    else:
        click.echo(f"{file}: {manifest.events} events, up to {manifest.head}.")
        click.echo("It holds keys of devices: keep it where only you can read it.", err=True)


@click.command("restore")
@common
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def restore(folder: Path, as_json: bool, file: Path) -> None:
    """Put the log of the backup FILE in the place of the present one, which is kept aside.

    No hub may run on the folder. If anything is wrong with FILE, all stays as it is.
    """
    from casita.log import restore as take_backup

    with _failing():
        restored = take_backup(data_folder(folder), file)
    if as_json:
        say_json(restored)
    else:
        manifest = restored.manifest
        click.echo(f"Restored: {manifest.events} events, up to {manifest.head}.")
        click.echo(f"The former log is kept in {restored.aside}.")


maintenance: Final = (verify, repair, backup, restore)


@contextmanager
def _failing() -> Iterator[None]:
    """Say in one line why it could not be done."""
    from casita.errors import LogDamaged, LogError, LogInUse

    try:
        yield
    except LogInUse as err:
        raise Failure(str(err), Exit.REFUSED) from err
    except LogDamaged as err:
        raise Failure(f"{err}; repair it with `casita log repair`") from err
    except LogError as err:
        raise Failure(str(err)) from err
    except OSError as err:
        raise Failure(f"{err.filename or 'the disk'}: {err.strerror}") from err


def _told(report: Report) -> Iterator[str]:
    yield f"{report.events} events are sound."
    if report.lost:
        yield f"Known to be lost: {_spans(report.lost)}."
    if report.damaged:
        yield f"Damaged: {_some(map(str, report.damaged))}."
    if report.gaps:
        yield f"Missing: {_spans(report.gaps)}."
    if report.broken_links:
        yield f"Not as they were written: the batches at {_some(map(str, report.broken_links))}."
    if report.documents:
        yield f"Damaged documents: {_some(report.documents)}."
    for one in report.structure:
        yield f"The file: {plain(one)}."
    if not report.sound:
        yield "Repair it with `casita log repair`; a running hub does so by itself."


def _spans(spans: Iterable[tuple[int, int]]) -> str:
    return _some(str(first) if first == last else f"{first} to {last}" for first, last in spans)


def _some(texts: Iterable[str]) -> str:
    """Return the first of many texts, and how many more there are."""
    found = [plain(text) for text in texts]
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return (", ".join(found[:_SHOWN]) or "none") + more
