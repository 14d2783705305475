"""Checks the automations and scripts of a configuration, and the secrets that it uses."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from casita.asking import Finding, Known, Severity
from casita.errors import ConfigError
from casita.ids import slugify
from casita.kernel import Kernel
from casita_automations import loading
from casita_automations.automation import Automation
from casita_automations.blueprints import Blueprints
from casita_automations.checking.conditions import check_conditions
from casita_automations.checking.fights import check_fights
from casita_automations.checking.loops import check_loops
from casita_automations.checking.names import check_names
from casita_automations.checking.reading import Mentions
from casita_automations.checking.report import Report
from casita_automations.checking.spelling import check_spelling
from casita_automations.checking.triggers import check_triggers
from casita_automations.checking.walk import Item, take_apart
from casita_automations.checking.world import World
from casita_automations.parsing import At
from casita_automations.templates import Templates
from casita_config import Configuration, Place, place_of

_MANY_PASSES: Final = 10_000
_WAITS: Final = ("delay", "wait_template", "wait_for_trigger")
_logger = logging.getLogger(__name__)


def check(config: Configuration, kernel: Kernel, known: Known) -> list[Finding]:
    """Return what is wrong with the automations and scripts of a configuration.

    ``kernel`` has the services, states and names of the house that it is for; nothing in it is
    changed. An item that cannot be understood at all is told by whoever compiles it.
    """
    report = Report()
    pairs = list(_items(config))
    items = [item for item, _ in pairs]
    templates = Templates(kernel)
    mentions = Mentions(templates)
    world = World(kernel, known, [*(one.entity_id for one in items), *_made_scenes(items)])
    own_events = frozenset(event for one in items for event in one.events)
    for item in items:
        for look in (
            lambda item: check_names(item, world, mentions, report),
            lambda item: check_triggers(item, world, templates, own_events, report),
            lambda item: check_conditions(item, world, templates, mentions, report),
            lambda item: check_spelling(item, report),
            lambda item: _check_time(item, mentions, report),
        ):
            with report.inside(item.use):
                _look(look, item)
    _check_ids(items, report)
    check_fights(items, report)
    check_loops(pairs, kernel, mentions, report)
    _check_secrets(config, report)
    return report.findings()


def _look(look: Callable[[Item], None], item: Item) -> None:
    """Look at an item; what is too strange for a check to read is left to the compiler."""
    try:
        look(item)
    except Exception as err:
        _logger.debug("%s: cannot be looked at", item.entity_id, exc_info=err)


def _items(config: Configuration) -> Iterator[tuple[Item, Any]]:
    """Go through the items and what stands for them once blueprints are filled in."""
    blueprints = Blueprints(config.folder)
    taken: set[str] = set()
    for number, declared in enumerate(loading.automations(config)):
        node, at, use = _expanded(blueprints, declared, "automation")
        if node is None:
            continue
        wish = node.get("alias") or declared.name or node.get("id") or f"automation {number}"
        entity_id = _free(f"automation.{slugify(str(wish))}", taken)
        yield take_apart("automation", entity_id, str(wish), node, at, use), node
    for declared in loading.scripts(config):
        node, at, use = _expanded(blueprints, declared, "script")
        if node is not None and declared.name:
            yield (
                take_apart("script", f"script.{declared.name}", declared.name, node, at, use),
                node,
            )


def _expanded(
    blueprints: Blueprints, declared: loading.Declared, domain: str
) -> tuple[Any, At, Place | None]:
    """Return an item with its blueprint filled in, where its parts stand, and where it is used."""
    try:
        node = blueprints.expand(declared.node, declared.at, domain)
    except ConfigError:
        node = None
    if not isinstance(node, Mapping) or node is declared.node:
        return node if isinstance(node, Mapping) else None, declared.at, None
    use = place_of(declared.at.tree, (*declared.at.path, "use_blueprint"))
    return node, At(node, str(declared.at)), use


def _free(wish: str, taken: set[str]) -> str:
    entity_id, number = wish, 2
    while entity_id in taken:
        entity_id = f"{wish}_{number}"
        number += 1
    taken.add(entity_id)
    return entity_id


def _made_scenes(items: list[Item]) -> Iterator[str]:
    """Go through the scenes that runs make for themselves."""
    for item in items:
        for call in item.calls:
            made = call.data.get("scene_id")
            if call.service == "scene.create" and isinstance(made, str):
                yield f"scene.{made}"


def _check_time(item: Item, mentions: Mentions, report: Report) -> None:
    """Tell of what holds everything up while it runs."""
    for text in item.texts:
        slow = mentions.of(text.source).slow
        if slow:
            report.warning("blocking-template", text.at, f"the template takes long: {slow}")
    for part in item.loops:
        count = part.data.get("count")
        waits = _waits(part.data.get("sequence"))
        if isinstance(count, int) and count > _MANY_PASSES and not waits:
            report.warning("blocking-loop", part.at, f"{count:,} passes without a wait")
        endless = {"while": "true", "until": "false"}
        for key, word in endless.items():
            source = part.data.get(key)
            only = source[0] if isinstance(source, list) and len(source) == 1 else source
            if isinstance(only, str) and only.strip(" {}").lower() == word and not waits:
                report.error(
                    "blocking-loop", part.at, f"{key!r} is always {word}, and nothing waits"
                )


def _waits(data: Any) -> bool:
    if isinstance(data, Mapping):
        return any(key in data for key in _WAITS) or any(_waits(one) for one in data.values())
    return isinstance(data, list) and any(_waits(one) for one in data)


def _check_ids(items: list[Item], report: Report) -> None:
    known: dict[str, Item] = {}
    for item in items:
        given = item.data.get("id")
        if item.kind != "automation" or given is None:
            continue
        first = known.setdefault(str(given), item)
        if first is not item:
            report.error(
                "duplicate-id", item.at.below("id"),
                f"{first.entity_id} has the id {str(given)!r} already",
            )  # fmt: skip


def _check_secrets(config: Configuration, report: Report) -> None:
    for name, place in config.unused_secrets:
        report.add(
            Finding(
                code="unused-secret", severity=Severity.WARNING,
                message=f"nothing uses the secret {name!r}; take it out",
                file=place.file if place else None, line=place.line if place else None, key=name,
            )
        )  # fmt: skip


def faults_of(automation: Automation, kernel: Kernel, known: Known) -> list[Finding]:
    """Return what is wrong with one automation that is loaded, hints left out."""
    node, at = automation.declared
    report = Report()
    item = take_apart("automation", automation.entity_id, automation.name, node, at, None)
    templates = Templates(kernel)
    mentions = Mentions(templates)
    world = World(kernel, known, ())
    _look(lambda item: check_names(item, world, mentions, report), item)
    _look(lambda item: check_triggers(item, world, templates, frozenset(), report), item)
    _look(lambda item: check_conditions(item, world, templates, mentions, report), item)
    return [one for one in report.findings() if one.severity is not Severity.HINT]
