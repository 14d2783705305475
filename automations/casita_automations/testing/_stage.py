"""The house that a test runs in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

from casita.host import declarations, own_plugins
from casita.ids import is_entity_id
from casita.testing import START, House
from casita_automations import loading
from casita_automations.backtest import commanded_in, effect_of
from casita_config import Configuration, plain


def house_of(config: Configuration, start: str | None = None) -> House:
    """Return a house with a configuration, in which entities that are commanded exist.

    It opens no network and starts no plugin but the hub's own; services that those do not supply
    do nothing. Raises ``ValueError`` if ``start`` is no time.
    """
    plugins = declarations(set(config.plugins).difference(one.name for one in own_plugins()))
    known = {one.name for one in plugins}
    lean = replace(config, plugins={k: v for k, v in config.plugins.items() if k in known})
    house = House(lean, plugins=plugins, start=_start(start, config), effect=effect_of)
    house.stands_in(*commanded_in(config), *_given_to_kinds(config))
    house.accepts(*_services_in(config))
    return house


def _start(text: str | None, config: Configuration) -> datetime:
    if text is None:
        return START
    zone = config.home.zone
    try:
        moment = datetime.combine(START.astimezone(zone).date(), time.fromisoformat(text))
    except ValueError:
        moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _given_to_kinds(config: Configuration) -> Iterator[str]:
    """Yield the entities that are given to automations of plugins."""
    for declared in loading.automations(config):
        node = plain(declared.node)
        given = node.get("with") if isinstance(node, Mapping) else None
        for value in given.values() if isinstance(given, Mapping) else ():
            texts = value if isinstance(value, list) else [value]
            yield from (one for one in texts if isinstance(one, str) and is_entity_id(one))


def _services_in(config: Configuration) -> set[str]:
    """Return the services that actions name."""
    found: set[str] = set()
    for declared in (*loading.automations(config), *loading.scripts(config)):
        _gather(plain(declared.node), found)
    return found


def _gather(node: Any, found: set[str]) -> None:
    if isinstance(node, list):
        for one in node:
            _gather(one, found)
    elif isinstance(node, Mapping):
        for key, value in node.items():
            if key in ("action", "service") and isinstance(value, str) and is_entity_id(value):
                if not value.startswith(("script.", "automation.")):
                    found.add(value)
            else:
                _gather(value, found)
