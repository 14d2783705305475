"""What came of an import: every part that was taken or not, with its place and the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final

import msgspec


class Fate(StrEnum):
    """What became of a part of the source."""

    TAKEN = "taken"
    LEFT = "not taken"
    NOTE = "to look at"
    """It was taken, and a person should look at it."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the source: an automation, an area, an integration."""

    kind: str
    """What it is, in one word or two: ``automation``, ``area``, ``integration``."""
    name: str
    fate: Fate
    reason: str = ""
    """Why it was not taken, or what to look at, and what to do. Never holds a secret."""
    plugin: str | None = None
    """The package that serves it."""
    file: str | None = None
    """Path in the source folder."""
    line: int | None = None

    @property
    def place(self) -> str:
        """The place, as ``automations.yaml:12``."""
        return ":".join(str(one) for one in (self.file, self.line) if one is not None)

    def __str__(self) -> str:
        told = f"{self.kind} {self.name}: {self.reason}" if self.reason else self.name
        return f"{self.place}: {told}" if self.place else told


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an import."""

    source: str
    target: str
    parts: Sequence[Part]
    problems: Sequence[str] = ()
    """What ``casita check`` still says of the result; nothing, if all went well."""

    def of(self, fate: Fate) -> list[Part]:
        """Return the parts that had this fate, by their places."""
        found = [part for part in self.parts if part.fate is fate]
        return sorted(found, key=lambda part: (part.file or "", part.line or 0, part.name))

    def counts(self) -> list[tuple[str, int]]:
        """Return how many parts of each kind were taken, the most frequent first."""
        return Counter(part.kind for part in self.of(Fate.TAKEN)).most_common()

    def as_text(self) -> Iterator[str]:
        """Go through the lines that tell a person what came of it."""
        taken = ", ".join(_counted(kind, count) for kind, count in self.counts()) or "nothing"
        yield f"taken: {taken}"
        for fate in (Fate.LEFT, Fate.NOTE):
            parts = self.of(fate)
            if parts:
                yield f"{fate.value}:"
                yield from (f"  {part}" for part in parts)
        if self.problems:
            yield "casita check still says:"
            yield from (f"  {one}" for one in self.problems)

    def as_markdown(self) -> str:
        """Return the report as a page, with all that was taken."""
        return "\n".join(self._page()) + "\n"

    def _page(self) -> Iterator[str]:
        yield "# What was taken from Home Assistant"
        yield ""
        yield f"From `{self.source}`, which was only read. Lines are those of the source; in the"
        yield "files here they are the same. What was not taken is commented out where it stood."
        for title, fate in (
            ("Not taken", Fate.LEFT), ("To look at", Fate.NOTE), ("Taken", Fate.TAKEN),
        ):  # fmt: skip
            yield from _chapter(title, self.of(fate))
        if self.problems:
            yield from ("", "## What `casita check` still says", "")
            yield from (f"- {_in_page(one)}" for one in self.problems)
        yield from _NEXT


_NEXT: Final = (
    "", "## What to do next", "",
    "1. `casita check` says whether all is well; `casita run` starts the hub.",
    "2. Adopt the devices that it finds: `casita devices`, then `casita adopt`.",
    "3. Turn the automations off in Home Assistant before they run here, or both will act.",
)  # fmt: skip
_PLURALS: Final = {"entity": "entities"}


def _chapter(title: str, parts: Sequence[Part]) -> Iterator[str]:
    if not parts:
        return
    yield from ("", f"## {title}", "", "| what | where | why |", "|---|---|---|")
    for part in parts:
        what = f"{part.kind} {part.name}"
        yield f"| {_in_page(what)} | {_in_page(part.place)} | {_in_page(part.reason)} |"


def _in_page(text: str) -> str:
    """Return a text that cannot break out of its cell or bring markup: it is from anywhere."""
    line = " ".join(text.split())
    for sign in "\\`*_[]<>|":
        line = line.replace(sign, f"\\{sign}" if sign != "<" else "&lt;")
    return line


def _counted(kind: str, count: int) -> str:
    if count == 1:
        return f"1 {kind}"
    return f"{count} {_PLURALS.get(kind, f'{kind}s')}"


def left(kind: str, name: str, reason: str, place: tuple[str | None, int | None],
         plugin: str | None = None) -> Part:  # fmt: skip
    """Return a part that was not taken."""
    return Part(kind=kind, name=name, fate=Fate.LEFT, reason=reason, plugin=plugin,
                file=place[0], line=place[1])  # fmt: skip


def taken(kind: str, name: str, place: tuple[str | None, int | None]) -> Part:
    """Return a part that was taken."""
    return Part(kind=kind, name=name, fate=Fate.TAKEN, file=place[0], line=place[1])


def note(kind: str, name: str, reason: str, place: tuple[str | None, int | None]) -> Part:
    """Return a part that was taken and should be looked at."""
    return Part(kind=kind, name=name, fate=Fate.NOTE, reason=reason, file=place[0], line=place[1])


def without(parts: Iterable[Part], gone: Iterable[Part]) -> list[Part]:
    """Return parts without those of which another part tells that they were not taken."""
    places = {part.place for part in gone}
    return [part for part in parts if not part.place or part.place not in places]
