"""Which automations a backtest is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from casita.backtests import BacktestRequest
from casita.errors import ConfigError, Problem, did_you_mean
from casita.ids import is_entity_id, slugify
from casita_automations.automation import Automation
from casita_automations.loading import SECTIONS, automations, scripts
from casita_automations.owner import Owner
from casita_config import Configuration, Labelled, NodeDict, load, load_config, load_text, plain

_SCRIPT: Final = "script"
_ACTIONS: Final = frozenset({"action", "actions", "sequence"})
_NOT_ACTIONS: Final = frozenset(
    {"trigger", "triggers", "condition", "conditions", "wait_for_trigger", "while", "until", "if"}
)


def current(request: BacktestRequest) -> Configuration:
    """Return the configuration of the folder as it is now. Raises `ConfigError`."""
    if request.folder is None:
        return Configuration.from_mapping({})
    return load_config(request.folder)


def tried(request: BacktestRequest, now: Configuration) -> Configuration:
    """Return the configuration to be tried: that of now, or with a file's automations instead.

    Scripts of the file are added to those of now. Raises `ConfigError`.
    """
    tree = _tree(request)
    if tree is None:
        return now
    sections = {key: shares for key, shares in now.sections.items() if key not in SECTIONS}
    if not _is_configuration(tree):
        return replace(now, sections={**sections, SECTIONS[0]: (Labelled(None, tree),)})
    given = Configuration.from_mapping(tree)
    sections.update({key: given.sections[key] for key in SECTIONS if key in given.sections})
    if _SCRIPT in given.sections:
        names = {name for share in given.sections[_SCRIPT] for name in share.node or ()}
        kept = tuple(_without(share, names) for share in now.sections.get(_SCRIPT, ()))
        sections[_SCRIPT] = (*kept, *given.sections[_SCRIPT])
    home = given.home if "home" in tree or "homeassistant" in tree else now.home
    return replace(now, sections=sections, home=home)


def chosen(request: BacktestRequest, owners: Mapping[str, Owner]) -> frozenset[str]:
    """Return the entity ids of the automations that were asked for.

    Raises `ConfigError` if there is none of that name, with the nearest one.
    """
    mine = {key: one for key, one in owners.items() if isinstance(one, Automation)}
    if request.what is None:
        return frozenset(mine)
    wanted = request.what.strip()
    ids = {f"automation.{slugify(wanted)}", wanted}
    for key, one in mine.items():
        if key in ids or wanted in (one.item_id, one.name):
            return frozenset([key])
    known = [*mine, *(one.name for one in mine.values())]
    message = f"{wanted}: there is no such automation, and no such file."
    raise ConfigError([Problem(message=message + did_you_mean(wanted, known))])


def replaced(owners: Mapping[str, Owner], new: Mapping[str, Owner]) -> frozenset[str]:
    """Return the automations of now in whose place new ones come: of the same name or ``id``."""
    ids = {one.item_id for one in new.values() if isinstance(one, Automation) and one.item_id}
    return frozenset(
        key
        for key, one in owners.items()
        if isinstance(one, Automation) and (key in new or one.item_id in ids)
    )


def commanded_in(config: Configuration) -> set[str]:
    """Return the entities that actions of a configuration name as what they act on."""
    found: set[str] = set()
    for declared in (*automations(config), *scripts(config)):
        _gather(plain(declared.node), found, within=False)
    return found


def _gather(node: Any, found: set[str], *, within: bool) -> None:
    """``within``: whether the node is a part of what is done, not of what starts it."""
    if isinstance(node, list):
        for one in node:
            _gather(one, found, within=within)
    elif isinstance(node, Mapping):
        for key, value in node.items():
            if within and key == "entity_id":
                texts = value if isinstance(value, list) else str(value).split(",")
                found.update(one for text in texts if is_entity_id(one := str(text).strip()))
            elif key not in _NOT_ACTIONS:
                _gather(value, found, within=within or key in _ACTIONS)


def _tree(request: BacktestRequest) -> Any:
    if request.text is not None:
        return load_text(request.text, file="the text that was given")
    if request.file is None:
        return None
    folder, file = request.folder, request.file
    inside = folder is not None and file.resolve().is_relative_to(folder.resolve())
    return load(file, root=_root(folder) if inside and folder else None)


def _root(folder: Path) -> Path:
    return folder.resolve()


def _is_configuration(tree: Any) -> bool:
    """Say whether a file is laid out as a main file, its automations in a section."""
    if not isinstance(tree, Mapping):
        return False
    return any(str(key).partition(" ")[0] in (*SECTIONS, _SCRIPT) for key in tree)


def _without(share: Labelled, names: set[Any]) -> Labelled:
    if not isinstance(share.node, Mapping):
        return share
    left = NodeDict((key, value) for key, value in share.node.items() if key not in names)
    return Labelled(share.label, left, share.place)
