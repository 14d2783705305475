"""How answers look: tables and colours for people, plain aligned text for pipes, JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import click

from casita.cli._zone import home_zone

_GAP: Final = "  "


def say_json(answer: Any) -> None:
    """Write an answer as one line of JSON."""
    import msgspec

    click.echo(msgspec.json.encode(answer).decode())


def say_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows of text: as a table on a terminal, else aligned with spaces."""
    texts = [[plain(cell) for cell in row] for row in rows]
    if on_terminal():
        _say_rich(columns, texts)
    else:
        click.echo("\n".join(aligned([[name.upper() for name in columns], *texts])))


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines, their cells padded to columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        _GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def plain(value: object) -> str:
    """Return a value as text that does nothing to a terminal: names come from strangers."""
    text = "" if value is None else str(value)
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " for char in text)


def local(when: datetime) -> str:
    """Return a time as people at home write it, to the second."""
    return when.astimezone(home_zone()).strftime("%Y-%m-%d %H:%M:%S")


def on_terminal() -> bool:
    """Say whether a person is watching."""
    return sys.stdout.isatty()


def _say_rich(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name.capitalize(), overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console(highlight=False).print(table)
