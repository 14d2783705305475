"""A blueprint as its file has it, checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import voluptuous as vol

from casita.errors import did_you_mean
from casita_automations.blueprints.selectors import Selector, selector
from casita_automations.parsing import At
from casita_config import Input, leaves, plain, renamed, without
from casita_config.schemas import boolean, string

HOME_ASSISTANT: Final = "2026.6.0"
"""The release of Home Assistant whose vocabulary this is; a blueprint may ask for one."""
NO_DEFAULT: Final = object()
DOMAINS: Final = ("automation", "script", "template")
PLURALS: Final = {"trigger": "triggers", "condition": "conditions", "action": "actions"}


def _version(value: Any) -> str:
    text = string(value)
    parts = text.split(".")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts[:2]) or not parts[2][:1]:
        raise vol.Invalid(f"a version has three parts, as '2024.6.0'; got {text!r}")
    return text


_INPUT: Final = vol.Schema(
    {
        vol.Optional("name"): string,
        vol.Optional("description"): string,
        vol.Optional("default"): object,
        vol.Optional("selector"): lambda value: None if value is None else selector(value),
    }
)


def _input(value: Any) -> Any:
    return None if value is None else _INPUT(value)


_INPUTS: Final = {string: _input}
_SECTION: Final = vol.Schema(
    {
        vol.Optional("name"): string,
        vol.Optional("icon"): string,
        vol.Optional("description"): string,
        vol.Optional("collapsed"): boolean,
        vol.Required("input"): vol.Maybe(_INPUTS),
    }
)


def _input_or_section(value: Any) -> Any:
    if isinstance(value, Mapping) and "input" in value:
        return _SECTION(value)
    return _input(value)


_HEADER: Final = vol.Schema(
    {
        vol.Required("name"): string,
        vol.Required("domain"): string,
        vol.Optional("description"): string,
        vol.Optional("source_url"): string,
        vol.Optional("author"): string,
        vol.Optional("homeassistant"): {vol.Optional("min_version"): _version},
        vol.Optional("input"): vol.Maybe({string: _input_or_section}),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlueprintInput:
    """One gap of a blueprint."""

    name: str
    default: Any
    """`NO_DEFAULT` if the user has to give it."""
    selector: Selector | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """A blueprint that can be filled."""

    name: str
    domain: str
    inputs: Mapping[str, BlueprintInput]
    """All inputs by name, also those that stand in sections."""
    body: Mapping[str, Any]
    """What is filled; an automation's keys are in the plural."""


def parsed(tree: Any, domain: str | None = None) -> Blueprint:
    """Return the blueprint that a file holds.

    Raises `ConfigError` if it is malformed, is for another ``domain`` than this one, asks for a
    later Home Assistant, or uses an input that it does not declare.
    """
    at = At(tree, "")
    if not isinstance(tree, Mapping) or not isinstance(tree.get("blueprint"), Mapping):
        at.refuse("this is no blueprint: it has no 'blueprint:' section")
    header = at.below("blueprint").check(_HEADER, plain(tree["blueprint"]))
    _check_domain(header["domain"], domain, at.below("blueprint", "domain"))
    _check_version(header, at.below("blueprint", "homeassistant", "min_version"))
    inputs = _inputs(header.get("input") or {}, tree["blueprint"].get("input") or {}, at)
    body: Mapping[str, Any] = without(tree, "blueprint")
    _check_gaps(body, inputs, at)
    if header["domain"] == "automation":
        body = plural(body, at)
    return Blueprint(name=header["name"], domain=header["domain"], inputs=inputs, body=body)


def plural(item: Mapping[str, Any], at: At) -> Mapping[str, Any]:
    """Return an automation with its keys in the plural, so that two can be laid together."""
    for old, new in PLURALS.items():
        if old in item and new in item:
            at.below(old).refuse(f"both {old!r} and {new!r} are given; keep one")
    return renamed(item, PLURALS)


def _check_domain(domain: str, wanted: str | None, at: At) -> None:
    if wanted is not None and domain != wanted:
        at.refuse(f"this blueprint is for {domain!r}; it cannot be used for {wanted!r}")
    if domain not in DOMAINS:
        at.refuse(f"there are no blueprints for {domain!r}.{did_you_mean(domain, DOMAINS)}")


def _check_version(header: Mapping[str, Any], at: At) -> None:
    wanted = (header.get("homeassistant") or {}).get("min_version")
    if wanted is not None and _comparable(wanted) > _comparable(HOME_ASSISTANT):
        at.refuse(
            f"the blueprint needs Home Assistant {wanted}; Casita's vocabulary is that of "
            f"{HOME_ASSISTANT}: take an older version of the blueprint, or a newer Casita"
        )


def _comparable(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])


def _inputs(
    checked: Mapping[str, Any], nodes: Mapping[str, Any], at: At
) -> dict[str, BlueprintInput]:
    inputs: dict[str, BlueprintInput] = {}
    for name, about, path in _declared(checked, ("blueprint", "input")):
        if name in inputs:
            at.below(*path).refuse(f"the input {name!r} is declared twice; rename one")
        default: Any = NO_DEFAULT
        if about is not None and "default" in about:
            default = _at(nodes, (*path[2:], "default"))
        chosen = None if about is None else about.get("selector")
        inputs[name] = BlueprintInput(name=name, default=default, selector=chosen)
    return inputs


def _declared(
    inputs: Mapping[str, Any], path: tuple[str, ...]
) -> Iterator[tuple[str, Any, tuple[str, ...]]]:
    """Go through the inputs, also those in sections: name, what is said of it, where."""
    for name, about in inputs.items():
        if isinstance(about, Mapping) and "input" in about:
            yield from _declared(about["input"] or {}, (*path, name, "input"))
        else:
            yield str(name), about, (*path, name)


def _at(nodes: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        nodes = nodes[key]
    return nodes


def _check_gaps(body: Any, inputs: Mapping[str, Any], at: At) -> None:
    for leaf in leaves(body):
        if isinstance(leaf, Input) and leaf.name not in inputs:
            raise_at = at if leaf.place is None else At(leaf, "")
            raise_at.refuse(
                f"the input {leaf.name!r} is used and not declared."
                f"{did_you_mean(leaf.name, inputs)}"
            )
