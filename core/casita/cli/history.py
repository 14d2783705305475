"""``casita history`` and ``casita stats``: what the states of an entity were."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from casita.cli._options import Exit, Failure, common, data_folder
from casita.cli._output import local, say_json, say_table
from casita.cli._reading import Reading
from casita.errors import CasitaError, LogError

_Command = TypeVar("_Command", bound=Callable[..., Any])
_POINT: Final = ("at", "state", "attributes", "offset")


def _since(ctx: click.Context, param: click.Parameter, value: str) -> timedelta:
    import voluptuous as vol

    from casita_config.schemas import duration

    try:
        return duration(value)
    except vol.Invalid as err:
        raise click.BadParameter(str(err)) from err


def _exports(command: _Command) -> _Command:
    """Give a command the span that it is about, and the files that it can write."""
    file = click.Path(path_type=Path, dir_okay=False)
    options = (
        click.option(
            "--since", default="24h", callback=_since, metavar="TIME", show_default=True,
            help="Of the last 30m, 1h, 30d, ...",
        ),
        click.option("--csv", "csv_file", type=file, metavar="FILE", help="Write a CSV file."),
        click.option(
            "--parquet", type=file, metavar="FILE",
            help="Write a Parquet file (needs: pip install 'casita[parquet]').",
        ),
    )  # fmt: skip
    for option in options:
        command = option(command)
    return command


@click.command("history")
@common
@click.argument("entity_id", metavar="ENTITY")
@_exports
def history_command(
    folder: Path,
    as_json: bool,
    entity_id: str,
    since: timedelta,
    csv_file: Path | None,
    parquet: Path | None,
) -> None:
    """Show the states that an entity took on, the newest last."""
    from casita.history import history_of

    with Reading(folder) as reading:
        end = datetime.now(UTC)
        points = history_of(reading.log, _names(reading, entity_id), end - since, end)
        if not points:
            raise _nothing(reading, entity_id)
    rows = [[getattr(one, name) for name in _POINT] for one in points]
    if as_json:
        say_json(points)
    elif not _written(_POINT, rows, csv_file, parquet):
        say_table(
            ("time", "state", "event"),
            [(local(one.at), one.state or "(none)", one.offset) for one in points],
        )


@click.command("stats")
@common
@click.argument("entity_id", metavar="ENTITY")
@click.option(
    "--period", type=click.Choice(["5m", "hour", "day"]), default="hour", show_default=True,
    help="How long each row is.",
)  # fmt: skip
@_exports
def stats_command(
    folder: Path,
    as_json: bool,
    entity_id: str,
    period: str,
    since: timedelta,
    csv_file: Path | None,
    parquet: Path | None,
) -> None:
    """Show an entity's statistics: of numbers min, max, mean, growth and last, else durations."""
    from casita.statistics import Row, StatisticsReader, rows_of

    end = datetime.now(UTC)
    try:
        with StatisticsReader.open(data_folder(folder)) as reader:
            known = _last_alive(folder)
            rows = rows_of(reader, entity_id, period, end - since, end, known, _zone(folder))
    except LogError as err:
        raise Failure(f"{err} Start it: casita run {folder}", Exit.NO_HUB) from err
    if not rows:
        with Reading(folder) as reading:
            raise _nothing(reading, entity_id)
    columns = tuple(Row.__struct_fields__)
    cells = [[getattr(one, name) for name in columns] for one in rows]
    if as_json:
        say_json(rows)
    elif not _written(columns, cells, csv_file, parquet):
        say_table(
            ("start", "min", "mean", "max", "sum", "last", "states"),
            [
                (local(one.start), *map(_number, (one.min, one.mean, one.max, one.sum, one.last)),
                 _durations(one.states))
                for one in rows
            ],
        )  # fmt: skip


def _written(
    columns: Sequence[str], rows: list[list[Any]], csv_file: Path | None, parquet: Path | None
) -> bool:
    """Write the files that are asked for; say whether there were any."""
    from casita.exporting import as_csv, write_parquet

    try:
        if csv_file is not None:
            csv_file.write_text(as_csv(columns, rows), encoding="utf-8")
        if parquet is not None:
            write_parquet(parquet, columns, rows)
    except (CasitaError, OSError) as err:
        raise Failure(str(err)) from err
    for file in (csv_file, parquet):
        if file is not None:
            click.echo(f"{file}: {len(rows)} rows")
    return csv_file is not None or parquet is not None


def _names(reading: Reading, entity_id: str) -> tuple[str, ...]:
    entry = reading.log.items("entity").get(entity_id, {})
    return (entity_id, *entry.get("previous_ids", ()))


def _nothing(reading: Reading, entity_id: str) -> Failure:
    if any(one.entity_id == entity_id for one in reading.states()):
        return Failure(f"{entity_id}: there is nothing of that time yet")
    return reading.unknown(entity_id)


def _last_alive(folder: Path) -> datetime:
    """Return the hub's last sign of life: how far what is known of a state goes."""
    with Reading(folder) as reading:
        newest = reading.log.event(reading.log.head)
        alive = reading.log.items("uptime").get("alive", 0.0)
    shown = datetime.fromtimestamp(alive, UTC)
    return shown if newest is None else max(newest.time, shown)


def _zone(folder: Path) -> Any:
    from zoneinfo import ZoneInfo

    from casita.errors import ConfigError
    from casita_config import load_config

    try:
        return load_config(folder).home.zone
    except ConfigError:
        return ZoneInfo("UTC")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _durations(states: Any) -> str:
    return ", ".join(
        f"{state} {timedelta(seconds=round(seconds))}" for state, seconds in states.items()
    )
