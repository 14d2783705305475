"""Names, areas, floors and labels, as the configuration declares them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

import voluptuous as vol

from casita_config.errors import Problem
from casita_config.nodes import Place, place_of, problem_at
from casita_config.schemas import boolean, ensure_list, entity_id, integer, slug, string
from casita_config.validation import validate_entries


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorSettings:
    """A storey of the house."""

    name: str
    level: int | None = None
    """0: the ground floor."""
    aliases: tuple[str, ...] = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaSettings:
    """A room, or another part of the house."""

    name: str
    floor: str | None = None
    """Id of a floor."""
    aliases: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    """Ids of labels."""
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSettings:
    """A word to address devices, entities and areas together."""

    name: str
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitySettings:
    """What a person says of an entity; None and nothing stand for what is not said."""

    name: str | None = None
    area: str | None = None
    """Id of an area."""
    labels: tuple[str, ...] = ()
    """Ids of labels."""
    icon: str | None = None
    disabled: bool = False
    hidden: bool = False
    place: Place | None = None


def _tuple(value: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value))


def _named(value: Any) -> Any:
    """Take a bare name for a mapping that holds nothing else, and nothing for ``{}``."""
    if value is None:
        return {}
    return value if isinstance(value, Mapping) else {"name": string(value)}


def _or_empty(value: Any) -> Any:
    return {} if value is None else value


_WORDS: Final = vol.All(ensure_list, [string], _tuple)
_IDS: Final = vol.All(ensure_list, [slug], _tuple)


def _by_id(settings: type[Any], fields: Mapping[str, Any]) -> vol.Schema:
    """Return the schema of a mapping of ids to names, or to a name and more."""

    def make(value: dict[str, dict[str, Any]]) -> Mapping[str, Any]:
        return MappingProxyType(
            {key: settings(**{"name": _name_of(key), **given}) for key, given in value.items()}
        )

    return vol.Schema(vol.All({slug: vol.All(_named, {"name": string, **fields})}, make))


def _name_of(key: str) -> str:
    return key.replace("_", " ").capitalize()


FLOORS: Final = _by_id(FloorSettings, {"level": vol.Maybe(integer), "aliases": _WORDS})
AREAS: Final = _by_id(
    AreaSettings, {"floor": vol.Maybe(slug), "aliases": _WORDS, "labels": _IDS}
)  # fmt: skip
LABELS: Final = _by_id(LabelSettings, {})
_ENTITY: Final = vol.Schema(
    vol.All(
        _or_empty,
        {
            "name": vol.Maybe(string),
            "area": vol.Maybe(slug),
            "labels": _IDS,
            "icon": vol.Maybe(string),
            "disabled": boolean,
            "hidden": boolean,
        },
        lambda value: EntitySettings(**value),
    )
)


def placed(settings: Mapping[str, Any], tree: Any) -> Mapping[str, Any]:
    """Return settings by id with the lines at which they stand."""
    return MappingProxyType(
        {key: replace(one, place=place_of(tree, (key,))) for key, one in settings.items()}
    )


def read_entities(tree: Mapping[Any, Any]) -> tuple[Mapping[str, EntitySettings], list[Problem]]:
    """Return what is said of each entity, by entity id; what is wrong of one spoils no other."""
    good, problems = validate_entries(_ENTITY, tree, section="entities")
    entities: dict[str, EntitySettings] = {}
    for key, settings in good.items():
        place = place_of(tree, (key,))
        try:
            entities[entity_id(key)] = replace(settings, place=place)
        except vol.Invalid as err:
            problems.append(problem_at(place, str(err), f"entities.{key}"))
    return MappingProxyType(entities), problems
