"""What an import gathers from ``.storage``, to be written as configuration of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from casita.importing.report import Part

Origin = tuple[str | None, int | None]


@dataclass(slots=True)
class Gathered:
    """Sections to write, where their entries come from, and what is to be told."""

    sections: dict[str, Any] = field(default_factory=dict)
    """Sections of the package that is written: mappings by name, or lists."""
    home: dict[str, Any] = field(default_factory=dict)
    """What is said of the house itself; it stands in the main file."""
    plugins: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    """Plugins to run, with their options."""
    secrets: dict[str, str] = field(default_factory=dict)
    """Values that the options name by ``!secret``."""
    origins: dict[tuple[Any, ...], Origin] = field(default_factory=dict)
    """Where an entry came from, by section and name or index."""
    parts: list[Part] = field(default_factory=list)

    def add(self, section: str, name: str, value: Any, origin: Origin) -> bool:
        """Add an entry of a section that is a mapping; say whether the name was free."""
        entries = self.sections.setdefault(section, {})
        if name in entries:
            return False
        entries[name] = value
        self.origins[(section, name)] = origin
        return True

    def append(self, section: str, value: Any, origin: Origin) -> None:
        """Add an item to a section that is a list."""
        items = self.sections.setdefault(section, [])
        self.origins[(section, len(items))] = origin
        items.append(value)


@dataclass(frozen=True, slots=True)
class SecretName:
    """Stands for ``!secret name`` in what is written."""

    name: str
