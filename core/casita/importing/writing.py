"""Writes configuration that was not copied, and puts a finished folder in its place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from casita.importing.gathered import SecretName
from casita.importing.texts import SECRETS_FILE

_PRIVATE: Final = 0o600
_PRIVATE_FOLDER: Final = 0o700


class _Dumper(yaml.SafeDumper):
    """Writes lists indented, as people do, and secrets by their names."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _secret(dumper: yaml.SafeDumper, secret: SecretName) -> yaml.Node:
    return dumper.represent_scalar("!secret", secret.name, style="")


_Dumper.add_representer(SecretName, _secret)


def as_yaml(data: Mapping[str, Any]) -> str:
    """Return data as YAML, in its order."""
    return yaml.dump(
        dict(data), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100,
        default_flow_style=False,
    )  # fmt: skip


def write_file(path: Path, text: str) -> None:
    """Write a file that only its owner may read: a home's files hold what is nobody's business."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        os.fchmod(file.fileno(), _PRIVATE)
        file.write(text)


def move_into(built: Path, target: Path) -> None:
    """Move every file of a folder to its place in another; what else is there stays."""
    target.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
    for path in sorted(built.rglob("*")):
        place = target / path.relative_to(built)
        if path.is_dir():
            if place.is_symlink():
                place.unlink()  # it may lead into the source, which is only read
            place.mkdir(exist_ok=True, mode=_PRIVATE_FOLDER)
        else:
            os.replace(path, place)


def is_secrets(file: str) -> bool:
    """Say whether a file holds secrets by name."""
    return file.rpartition("/")[2] == SECRETS_FILE
