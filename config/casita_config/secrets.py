"""Secrets: where ``!secret`` finds them, and which values nobody may be shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from pathlib import Path
from typing import Any

from casita_config._files import SECRETS_FILE
from casita_config._limits import Unreadable
from casita_config.errors import did_you_mean
from casita_config.nodes import (
    Broken,
    NodeDict,
    NodeList,
    Place,
    SecretFloat,
    SecretInt,
    SecretStr,
    leaves,
    plain,
)

LoadSecrets = Callable[[Path], Any]
"""Loads one ``secrets.yaml``; None if there is none; `Broken` if it was reported as such."""


class Secrets:
    """The ``secrets.yaml`` of a configuration, and the secret values met so far."""

    def __init__(
        self, load: LoadSecrets, root: Path | None = None, secrets_dir: Path | None = None
    ) -> None:
        """``root`` is the configuration folder; ``secrets_dir`` is looked into last."""
        self._load = load
        self._root = root
        self._last = secrets_dir
        self._files: dict[Path, Any] = {}
        self._used: set[tuple[Path, str]] = set()
        self._values: set[str] = set()

    @property
    def values(self) -> Set[str]:
        """Every secret value, as text: of all secrets in the files that were read."""
        return self._values

    def unused(self) -> list[tuple[str, Place | None]]:
        """Return name and line of each secret that nothing uses."""
        return [
            (str(name), secrets.place_at(name))
            for folder, secrets in self._files.items()
            if isinstance(secrets, NodeDict)
            for name in secrets
            if (folder, name) not in self._used
        ]

    def add(self, value: object) -> None:
        """Take a value for secret, or all values in a mapping or list."""
        self._values.update(str(plain(leaf)) for leaf in leaves(value) if _can_be_secret(leaf))

    def read(self) -> None:
        """Read the main secrets even if nothing uses them, so that all of them are known."""
        for folder in (self._root, self._last):
            if folder is not None:
                self._secrets_in(folder)

    def find(self, name: str, folder: Path, place: Place) -> Any:
        """Return the secret of a name, from ``folder`` or the nearest folder above it.

        Raises `Unreadable` if there is none of that name.
        """
        known: list[str] = []
        for each in self._folders(folder):
            secrets = self._secrets_in(each)
            if isinstance(secrets, Broken):
                return secrets
            if name in secrets:
                self._used.add((each, name))
                return _as_secret(secrets[name], place)
            known += secrets
        if not known:
            raise Unreadable(f"there is no {SECRETS_FILE} with secrets here; write one")
        raise Unreadable(f"{SECRETS_FILE} has no such name; add it.{did_you_mean(name, known)}")

    def _folders(self, folder: Path) -> Iterator[Path]:
        for each in (folder, *folder.parents):
            if self._root is None or not each.is_relative_to(self._root):
                break
            yield each
        if self._last is not None:
            yield self._last

    def _secrets_in(self, folder: Path) -> Any:
        if folder not in self._files:
            secrets = self._load(folder / SECRETS_FILE)
            self._files[folder] = NodeDict() if secrets is None else secrets
            self.add(secrets)
        return self._files[folder]


def _can_be_secret(value: object) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def _as_secret(value: Any, place: Place) -> Any:
    """Copy a secret to where it is used."""
    if isinstance(value, str):
        text = SecretStr(value)
        text._file, text._line = place
        return text
    if isinstance(value, float):
        return SecretFloat(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return SecretInt(value)
    if isinstance(value, NodeDict):
        return _placed(
            NodeDict((key, _as_secret(each, place)) for key, each in value.items()), place
        )
    if isinstance(value, NodeList):
        return _placed(NodeList(_as_secret(each, place) for each in value), place)
    return value


def _placed(node: Any, place: Place) -> Any:
    node._file, node._line = place
    return node
