"""Where blueprints are found, and how they are filled."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import voluptuous as vol

from casita.errors import ConfigError, Problem, did_you_mean
from casita_automations.blueprints.blueprint import NO_DEFAULT, Blueprint, parsed, plural
from casita_automations.parsing import At, expect_mapping
from casita_config import Input, joined, load, plain, rebuilt, without
from casita_config.schemas import string

FOLDER: Final = "blueprints"
_USE: Final = vol.Schema({vol.Required("path"): string, vol.Optional("input"): vol.Maybe(dict)})


class Blueprints:
    """The blueprints in a configuration folder, each file read once."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._known: dict[tuple[str, str], Blueprint | ConfigError] = {}
        self.notes: list[Problem] = []
        """What does not keep a blueprint from being used: inputs that it does not have."""

    def expand(self, node: Any, at: At, domain: str) -> Any:
        """Return an item with its blueprint filled in; one without ``use_blueprint`` as it is.

        What stands beside ``use_blueprint`` wins over what the blueprint says. Its parts know
        whether they stand in the blueprint's file or in the item's. Raises `ConfigError` if
        there is no such blueprint, it is malformed, or an input is missing.
        """
        if not isinstance(node, Mapping) or "use_blueprint" not in node:
            return node
        where = at.below("use_blueprint")
        use = expect_mapping(node["use_blueprint"], where, "path and input")
        path = where.check(_USE, plain(use))["path"]
        blueprint = self._blueprint(path, domain, where.below("path"))
        values = self._values(blueprint, use.get("input") or {}, where)
        own: Mapping[str, Any] = without(node, "use_blueprint")
        if domain == "automation":
            own = plural(own, at)
        return joined(filled(blueprint.body, values), own)

    def _blueprint(self, path: str, domain: str, at: At) -> Blueprint:
        known = self._known.get((domain, path))
        if known is None:
            known = self._known[domain, path] = self._read(path, domain, at)
        if isinstance(known, ConfigError):
            problem = at.problem(f"the blueprint {path!r} cannot be used: {_first(known)}")
            raise ConfigError([problem, *known.problems])
        return known

    def _read(self, path: str, domain: str, at: At) -> Blueprint | ConfigError:
        if self._folder is None:
            at.refuse("blueprints need a configuration folder")
        file = self.find(f"{domain}/{path}")
        if file is None:
            names = self._names(domain)
            hint = did_you_mean(path, names) or f" Put it into {FOLDER}/{domain}/."
            at.refuse(f"there is no blueprint {path!r}.{hint}")
        try:
            return parsed(load(file, root=self._folder), domain)
        except ConfigError as err:
            return err

    def find(self, path: str) -> Path | None:
        """Return the file of a blueprint, given as ``automation/author/name.yaml``."""
        if self._folder is None:
            return None
        root = (self._folder / FOLDER).resolve()
        file = (root / path).resolve()
        return file if file.is_relative_to(root) and file.is_file() else None

    def _names(self, domain: str) -> list[str]:
        if self._folder is None:
            return []
        root = self._folder / FOLDER / domain
        return [one.relative_to(root).as_posix() for one in root.rglob("*.yaml")]

    def _values(self, blueprint: Blueprint, given: Mapping[str, Any], at: At) -> dict[str, Any]:
        values = {name: given.get(name, about.default) for name, about in blueprint.inputs.items()}
        missing = [name for name, value in values.items() if value is NO_DEFAULT]
        strange = [str(name) for name in given if name not in values]
        if missing:
            near = did_you_mean(missing[0], strange).replace("Did you mean", "Is that")
            at.refuse(f"the blueprint needs the input {missing[0]!r}.{near}")
        for name in strange:
            self.notes.append(
                at.below("input", name).problem(
                    f"the blueprint has no input {name!r}: it is passed over."
                    f"{did_you_mean(name, values)}"
                )
            )
        return values


def filled(body: Any, values: Mapping[str, Any]) -> Any:
    """Return a blueprint's body with values in its gaps."""
    return rebuilt(body, lambda leaf: values[leaf.name] if isinstance(leaf, Input) else leaf)


def _first(err: ConfigError) -> str:
    return err.problems[0].message
