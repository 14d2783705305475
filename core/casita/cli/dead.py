"""``casita dead``: the events that consumers could not deal with."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from casita.cli._client import Client, segment
from casita.cli._options import Exit, Failure, common
from casita.cli._output import local, plain, say_json, say_table
from casita.errors import did_you_mean


@click.group("dead")
def dead_command() -> None:
    """Look at the events that consumers could not deal with, and send them again."""


@dead_command.command("ls")
@common
@click.option("--consumer", metavar="NAME", help="Only those of one consumer.")
def list_all(folder: Path, as_json: bool, consumer: str | None) -> None:
    """List the dead letters, oldest first."""
    letters = [one for one in _letters(folder) if consumer in (None, one["consumer"])]
    if as_json:
        say_json(letters)
        return
    say_table(
        ("id", "since", "event", "about", "tries", "error"),
        [
            (
                one["id"], local(datetime.fromisoformat(one["since"])), one["event"]["type"],
                one["event"]["subject"], one["tries"], one["error"],
            )
            for one in letters
        ],
    )  # fmt: skip


@dead_command.command("show")
@common
@click.argument("letter_id", metavar="ID")
def show(folder: Path, as_json: bool, letter_id: str) -> None:
    """Show one dead letter whole: the event, and why it is here."""
    by_id = {one["id"]: one for one in _letters(folder)}
    if letter_id not in by_id:
        hint = did_you_mean(letter_id, by_id)
        raise Failure(f"{letter_id}: there is no such dead letter.{hint}")
    letter = by_id[letter_id]
    if as_json:
        say_json(letter)
        return
    click.echo(f"{plain(letter['consumer'])} gave it up after {letter['tries']} tries:")
    click.echo(f"  {plain(letter['error'])}")
    for key, value in letter["event"].items():
        click.echo(f"{key}: {plain(value)}")


@dead_command.command("redrive")
@common
@click.argument("letter_ids", metavar="[ID]...", nargs=-1)
@click.option("--all", "of_all", is_flag=True, help="All of them, or all of --consumer.")
@click.option("--consumer", metavar="NAME", help="With --all: only those of one consumer.")
def redrive(
    folder: Path, as_json: bool, letter_ids: tuple[str, ...], of_all: bool, consumer: str | None
) -> None:
    """Give dead letters to their consumer once more; those that fail again stay."""
    client = Client(folder)
    failed: list[Failure] = []
    done: list[str] = []
    for one in _chosen(client, letter_ids, of_all, consumer):
        try:
            client.ask("POST", f"/api/dead/{segment(one)}/redrive", {})
        except Failure as failure:
            failed.append(failure)
        else:
            done.append(one)
    _tell(done, "dealt with", as_json)
    if failed:
        raise Failure("\n".join(one.message for one in failed), Exit(failed[0].exit_code))


@dead_command.command("drop")
@common
@click.argument("letter_ids", metavar="[ID]...", nargs=-1)
@click.option("--all", "of_all", is_flag=True, help="All of them, or all of --consumer.")
@click.option("--consumer", metavar="NAME", help="With --all: only those of one consumer.")
def drop(
    folder: Path, as_json: bool, letter_ids: tuple[str, ...], of_all: bool, consumer: str | None
) -> None:
    """Forget dead letters."""
    client = Client(folder)
    chosen = _chosen(client, letter_ids, of_all, consumer)
    for one in chosen:
        client.ask("DELETE", f"/api/dead/{segment(one)}")
    _tell(chosen, "forgotten", as_json)


def _letters(folder: Path) -> list[dict[str, Any]]:
    """Ask the hub, or read what it has left behind."""
    try:
        answer: list[dict[str, Any]] = Client(folder).get("/api/dead")
    except Failure as failure:
        if failure.exit_code != Exit.NO_HUB:
            raise
    else:
        return answer
    from casita.cli._reading import Reading

    with Reading(folder) as reading:
        stored = reading.log.items("dead_letter").values()
    return sorted(stored, key=lambda one: str(one["since"]))


def _chosen(
    client: Client, letter_ids: tuple[str, ...], of_all: bool, consumer: str | None
) -> list[str]:
    if of_all == bool(letter_ids):
        raise Failure("name the dead letters by their ids, or say --all", Exit.USAGE)
    if not of_all:
        return list(letter_ids)
    return [one["id"] for one in client.get("/api/dead") if consumer in (None, one["consumer"])]


def _tell(letter_ids: list[str], what: str, as_json: bool) -> None:
    if as_json:
        say_json({"ids": letter_ids})
        return
    for one in letter_ids:
        click.echo(f"{plain(one)} is {what}.")
