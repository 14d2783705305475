"""``casita check``: what is wrong in a configuration, without running it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

import click

from casita.asking import Finding, Known, Severity
from casita.cli._options import (
    Exit,
    Failure,
    config_folder,
    config_option,
    hush,
    json_option,
    main_file,
)
from casita.cli._output import plain, say_json
from casita.cli._reading import Reading
from casita.cli._respelling import respell
from casita.clock import SystemClock, VirtualClock
from casita.errors import ConfigError, NotReady, Problem
from casita.host import Host, State, declarations, own_plugins
from casita.hub import Hub
from casita.ids import slugify
from casita.kernel import Kernel
from casita.log import MemoryLog
from casita.plugin import Plugin
from casita.workers import SECTION, WorkerSettings, worker_settings
from casita_config import Configuration, load_config, load_tolerantly, place_of, validate

_GROUP: Final = "casita"
_OLD: Final = "deprecated"
_KINDS: Final = ("area", "device", "floor", "label")


@click.command("check")
@click.argument(
    "config",
    metavar="[CONFIG_FOLDER]",
    required=False,
    type=click.Path(path_type=Path, file_okay=False),
)
@config_option
@json_option
@click.option("--hints", is_flag=True, help="Tell each old spelling, and not only how many.")
@click.option("--fix", is_flag=True, help="Rewrite old spellings in place; comments stay.")
def check_command(config: Path | None, folder: Path, as_json: bool, hints: bool, fix: bool) -> None:
    """Check a configuration, its plugins' options and its automations, without running it."""
    chosen = config_folder(config or folder)
    hush()
    findings = findings_of(chosen)
    fixed = respell(chosen, findings) if fix else []
    left = [one for one in findings if one not in fixed]
    faults = [one for one in left if one.severity is not Severity.HINT]
    if as_json:
        say_json({"problems": faults, "hints": [one for one in left if one not in faults],
                  "fixed": fixed})  # fmt: skip
    else:
        _say(chosen, left, faults, fixed, every_hint=hints)
    if faults:
        raise SystemExit(Exit.FAILED)


def _say(
    folder: Path,
    left: Sequence[Finding],
    faults: Sequence[Finding],
    fixed: Sequence[Finding],
    *,
    every_hint: bool,
) -> None:
    for one in left:
        if every_hint or one.code != _OLD:
            click.echo(plain(one))
    old = Counter(one.file for one in left if one.code == _OLD)
    for file, count in sorted(old.items(), key=lambda pair: pair[0] or ""):
        if not every_hint:
            what = "1 old spelling" if count == 1 else f"{count} old spellings"
            click.echo(f"{plain(file)}: {what}; `casita check --fix` rewrites what it can [{_OLD}]")
    if fixed:
        click.echo(f"{len(fixed)} old spelling{'' if len(fixed) == 1 else 's'} rewritten")
    click.echo(_summary(folder, len(faults)))


def findings_of(folder: Path) -> list[Finding]:
    """Return all that a check finds in a folder; those of code ``config`` keep parts from use."""
    try:
        config = load_config(folder)
    except ConfigError as err:
        return [_as_finding(one) for one in err.problems]
    broken = _broken(config)
    options = [problem for name in config.plugins for problem in _of_options(config, name)]
    problems, findings = asyncio.run(_of_sections(config))
    told = map(_as_finding, dict.fromkeys([*broken, *options, *problems]))
    return sorted([*told, *findings], key=lambda one: (one.file or "", one.line or 0))


def _as_finding(problem: Problem) -> Finding:
    return Finding(
        code="config", severity=Severity.ERROR, message=problem.message, file=problem.file,
        line=problem.line, key=problem.key,
    )  # fmt: skip


def _known(config: Configuration) -> Known:
    """Return what the hub of a folder has come to know, if one has ever run there."""
    if config.folder is None:
        return Known()
    try:
        with Reading(config.folder) as reading:
            entities: dict[str, Mapping[str, Any]] = {
                one: {} for one in reading.log.items("entity")
            }
            entities.update({one.entity_id: dict(one.attributes) for one in reading.states()})
            named = {kind: frozenset(reading.log.items(kind)) for kind in _KINDS}
    except Failure:
        return Known()
    return Known(
        entities=entities, areas=named["area"], devices=named["device"], floors=named["floor"],
        labels=named["label"], whole=True,
    )  # fmt: skip


def _broken(config: Configuration) -> list[Problem]:
    """Return a problem for each plugin that is named and cannot be loaded."""
    clock = SystemClock()
    host = Host(Kernel.assemble(config, clock, MemoryLog(clock=clock)))
    host.load()
    return [
        _at_plugin(config, one.name, str(one.reason))
        for one in host.ledger()
        if one.state is State.BROKEN
    ]


def _at_plugin(config: Configuration, name: str, message: str) -> Problem:
    """Return a problem with a plugin as a whole, at the line that names it."""
    file = main_file(config.folder) if config.folder else None
    tree = load_tolerantly(file, root=config.folder).tree if file else None
    place = place_of(tree, ("plugins", name))
    return Problem(
        message=message,
        file=place.file if place else None,
        line=place.line if place else None,
        key=f"plugins.{name}",
    )


def _of_options(config: Configuration, name: str) -> Sequence[Problem]:
    plugin = _loaded(name)
    if not isinstance(plugin, Plugin):
        return ()
    try:
        validate(plugin.options_schema, config.plugins[name] or {}, section=f"plugins.{name}")
    except ConfigError as err:
        return err.problems
    return ()


async def _of_sections(
    config: Configuration,
) -> tuple[Sequence[Problem], Sequence[Finding]]:
    """Return what the hub's own components say of their sections, with no device started.

    With it goes what a closer look at the automations finds.
    """
    own = own_plugins()
    others = set(config.plugins).difference(plugin.name for plugin in own)
    declared = declarations(others)
    hub = Hub(
        config,
        folder=None,
        clock=VirtualClock(SystemClock().now()),
        plugins=[*own, *declared],
        api=False,
        worker=_worker(config),
    )
    async with hub:
        await hub.host.started()
        problems = hub.host.problems()
        try:
            return problems, await hub.kernel.asking.answerer.check(_known(config))
        except NotReady:
            return problems, ()


def _worker(config: Configuration) -> WorkerSettings | None:
    """Return how a worker would run on a configuration that is made for one."""
    if SECTION.key not in config.sections:
        return None
    try:
        given = config.section(SECTION.key, SECTION.schema)
    except ConfigError:
        given = None  # the component that claims the section tells what is wrong with it
    return worker_settings(given or {}, "check", slugify(config.home.name))


def _loaded(name: str) -> object:
    """Return an installed plugin, or None if it cannot be loaded; `_broken` tells why not."""
    for entry in entry_points(group=_GROUP, name=name):
        try:
            return entry.load()
        except Exception:  # noqa: BLE001 - a plugin may raise anything
            return None
    return None


def _summary(folder: Path, count: int) -> str:
    if not count:
        return f"{folder}: no problems"
    return f"{folder}: {count} problem{'' if count == 1 else 's'}"
