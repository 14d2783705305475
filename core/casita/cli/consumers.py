"""``casita consumers``: who reads the log at its own pace, and how far each is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from casita.cli._client import Client, segment
from casita.cli._options import Exit, Failure, common
from casita.cli._output import say_json, say_table


@click.group("consumers", invoke_without_command=True)
@common
@click.pass_context
def consumers_command(context: click.Context, folder: Path, as_json: bool) -> None:
    """Show who reads the log at its own pace, and how far each is."""
    if context.invoked_subcommand is not None:
        return
    found = _found(folder)
    if as_json:
        say_json(found)
        return
    say_table(
        ("consumer", "state", "told", "cursor", "behind", "dead", "last error"),
        [
            (
                one["name"], one["state"], "at least once" if one["durable"] else "at most once",
                one["cursor"], one["lag"], one["dead"] or "", one.get("last_error"),
            )
            for one in found
        ],
    )  # fmt: skip


@consumers_command.command("forget")
@common
@click.argument("name", metavar="NAME")
def forget(folder: Path, as_json: bool, name: str) -> None:
    """Forget the cursor of a consumer that will not come back."""
    Client(folder).ask("DELETE", f"/api/consumers/{segment(name)}")
    if as_json:
        say_json({"name": name, "status": "forgotten"})
    else:
        click.echo(f"{name} is forgotten.")


def _found(folder: Path) -> list[dict[str, Any]]:
    """Ask the hub, or read what it has left behind."""
    try:
        answer: list[dict[str, Any]] = Client(folder).get("/api/consumers")
    except Failure as failure:
        if failure.exit_code != Exit.NO_HUB:
            raise
        return _stored(folder)
    return answer


def _stored(folder: Path) -> list[dict[str, Any]]:
    from collections import Counter

    import msgspec

    from casita.cli._reading import Reading
    from casita.consumers import ConsumerState, ConsumerStatus

    with Reading(folder) as reading:
        head, cursors = reading.log.head, reading.log.cursors()
        dead = Counter(key.rpartition(":")[0] for key in reading.log.items("dead_letter"))
    found = [
        ConsumerStatus(
            name=name, state=ConsumerState.CLOSED, durable=True, cursor=cursor,
            lag=max(0, head - cursor), dead=dead[name],
        )
        for name, cursor in sorted(cursors.items())
    ]  # fmt: skip
    return [msgspec.to_builtins(one) for one in found]
