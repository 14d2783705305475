"""Blueprints: automations and scripts with gaps that their users fill."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import voluptuous as vol

from casita.errors import ConfigError, did_you_mean
from casita_automations.parsing import At, expect_mapping
from casita_config import Input, load
from casita_config.schemas import string

FOLDER: Final = "blueprints"
_USE: Final = vol.Schema({vol.Required("path"): string, vol.Optional("input"): vol.Maybe(dict)})
_REQUIRED: Final = object()


class Blueprints:
    """The blueprints in a configuration folder, each file read once."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._known: dict[str, Any] = {}

    def expand(self, node: Any, at: At, domain: str) -> Any:
        """Return an item with its blueprint filled in; one without ``use_blueprint`` as it is.

        What stands beside ``use_blueprint`` wins over what the blueprint says. Raises
        `ConfigError` if there is no such blueprint, or an input is missing or unknown.
        """
        if not isinstance(node, Mapping) or "use_blueprint" not in node:
            return node
        where = at.below("use_blueprint")
        use = where.check(_USE, expect_mapping(node["use_blueprint"], where, "path and input"))
        blueprint = self._read(f"{domain}/{use['path']}", where)
        inputs = _inputs(blueprint, use.get("input") or {}, where)
        body = {key: value for key, value in blueprint.items() if key != "blueprint"}
        own = {key: value for key, value in node.items() if key != "use_blueprint"}
        return _filled({**body, **own}, inputs, where)

    def _read(self, path: str, at: At) -> Mapping[str, Any]:
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = self._load(path, at)
        if not isinstance(known, Mapping) or not isinstance(known.get("blueprint"), Mapping):
            at.below("path").refuse(f"{path} is no blueprint: it has no 'blueprint:' section")
        return known

    def _load(self, path: str, at: At) -> Any:
        if self._folder is None:
            at.refuse("blueprints need a configuration folder")
        file = self._folder / FOLDER / path
        root = (self._folder / FOLDER).resolve()
        if not file.resolve().is_relative_to(root) or not file.is_file():
            names = [str(one.relative_to(root)) for one in root.rglob("*.yaml")]
            at.below("path").refuse(f"there is no blueprint {path!r}.{did_you_mean(path, names)}")
        try:
            return load(file, root=self._folder)
        except ConfigError as err:
            at.below("path").refuse(f"the blueprint {path!r} cannot be read: {err}")


def _inputs(blueprint: Mapping[str, Any], given: Mapping[str, Any], at: At) -> dict[str, Any]:
    declared = dict(_declared(blueprint["blueprint"].get("input") or {}))
    for name in given:
        if name not in declared:
            at.below("input", name).refuse(
                f"the blueprint has no input {name!r}.{did_you_mean(str(name), declared)}"
            )
    values = {**declared, **given}
    missing = [name for name, value in values.items() if value is _REQUIRED]
    if missing:
        at.refuse(f"the blueprint needs the input {missing[0]!r}")
    return values


def _declared(inputs: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Go through the inputs and their defaults, also those in sections."""
    for name, about in inputs.items():
        if isinstance(about, Mapping) and isinstance(about.get("input"), Mapping):
            yield from _declared(about["input"])
        elif isinstance(about, Mapping) and "default" in about:
            yield str(name), about["default"]
        else:
            yield str(name), _REQUIRED


def _filled(value: Any, inputs: Mapping[str, Any], at: At) -> Any:
    """Put the inputs in their places."""
    if isinstance(value, Input):
        if value.name not in inputs:
            at.refuse(f"the blueprint uses the input {value.name!r} and does not declare it")
        return inputs[value.name]
    if isinstance(value, Mapping):
        return {key: _filled(item, inputs, at) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, inputs, at) for item in value]
    return value
