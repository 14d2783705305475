"""Copies what a configuration consists of, and leaves out what the hub does not take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from casita.asking import Finding, Severity
from casita.importing.gathered import Origin
from casita.importing.integrations import answer
from casita.importing.layout import Layout, Piece
from casita.importing.report import Part, left
from casita.importing.texts import SECRETS_FILE, Texts, Unreadable, read_text
from casita.importing.writing import is_secrets, write_file

Check = Callable[[Path], Sequence[Finding]]
"""What `casita check` finds in a folder."""
_FAULT: Final = "config"
"""Code of findings on which the hub itself leaves the faulty part out."""
_NOT_TELLING: Final = ("got Broken", "a part of it could not be loaded")
_MOST_REASONS: Final = 3
_RUNNING: Final = frozenset({"automation", "automations", "script"})
_UNUSED: Final = "unused-secret"
_ROUNDS: Final = 40
_WHOLE_FOLDERS: Final = (("blueprints", ".yaml"), ("custom_templates", ".jinja"))
_NAMES: Final = ("alias", "id", "name", "platform", "unique_id", "path")


class Copy:
    """A folder under way, with the edits that make the hub accept it."""

    def __init__(self, folder: Path, main: str, check: Check, *, keep: bool) -> None:
        """``keep`` leaves in what the check finds fault with, as long as the hub loads it."""
        self._keep = keep
        self.folder = folder
        self.main = main
        self._check = check
        self.texts = Texts(folder)
        self._layout: tuple[int, Layout] | None = None
        """The last one, with the number of edits that it knows of."""
        self.parts: list[Part] = []
        """What was left out."""
        self.origin_of: Callable[[str, int], Origin] = lambda file, line: (file, line)
        """Says where a line of the copy came from."""

    def write(self) -> None:
        """Write the edited texts."""
        for file in sorted(self.texts.edited):
            write_file(self.folder / file, self.texts.text(file))
        self.texts.edited.clear()

    def layout(self) -> Layout:
        """Return where everything stands in it now."""
        if self._layout is None or self._layout[0] != self.texts.edits:
            self._layout = self.texts.edits, Layout(self.texts, self.main)
        return self._layout[1]

    def leave_out_faults(self) -> list[str]:
        """Leave out part after part until the check accepts the rest; return what it still says."""
        for _ in range(_ROUNDS):
            self.write()
            findings = self._check(self.folder)
            faults = [one for one in findings if self._is_fault(one)]
            if not faults or not self._leave_out(faults):
                break
        self._leave_out_unused_secrets(findings)
        if self.texts.edited:
            self.write()
            findings = self._check(self.folder)
        return [str(one) for one in findings if one.severity is not Severity.HINT]

    def _leave_out(self, faults: Iterable[Finding]) -> bool:
        layout = self.layout()
        units: dict[int, tuple[Piece, list[Finding]]] = {}
        blanked = False
        for fault in faults:
            if fault.file is None:
                continue
            if is_secrets(fault.file):
                blanked |= self._blank(fault.file, fault.line, fault.message)
                continue
            piece = layout.at(fault.file, fault.line)
            unit = layout.unit(piece) if piece is not None else None
            if unit is not None:
                units.setdefault(id(unit), (unit, []))[1].append(fault)
        for unit, _ in list(units.values()):
            for user in layout.users_of_anchors(unit):
                units.setdefault(id(user), (user, [_repeats(user, unit)]))
        for unit, found in units.values():
            self._comment_out(unit, found)
        return blanked or bool(units)

    def _is_fault(self, finding: Finding) -> bool:
        if finding.code == _FAULT:
            return True
        return finding.severity is Severity.ERROR and not self._keep

    def _comment_out(self, unit: Piece, faults: Sequence[Finding]) -> None:
        self.texts.comment_out(unit.file, unit.first, unit.last)
        platform = unit.value("platform")
        reason, plugin = self._reason(unit, faults), None
        if platform and platform != "template" and unit.section not in _RUNNING:
            reason, plugin = answer(platform)
        name = unit.file if unit.whole_file else name_of(unit)
        origin = self.origin_of(unit.file, unit.first)
        self.parts.append(left(unit.section or "package", name, reason, origin, plugin))

    def _reason(self, unit: Piece, faults: Sequence[Finding]) -> str:
        """Return what the check said, with the lines that are not the unit's first."""
        telling = [one for one in faults if not one.message.endswith(_NOT_TELLING)] or faults
        told = {one.message: self.origin_of(one.file or "", one.line or 1) for one in telling}
        first = self.origin_of(unit.file, unit.first)
        reasons = [
            f"{message} (line {place[1]})" if place[0] == first[0] and place != first else message
            for message, place in [*told.items()][:_MOST_REASONS]
        ]
        return "; ".join(reasons)

    def _leave_out_unused_secrets(self, findings: Iterable[Finding]) -> None:
        for one in findings:
            if one.code == _UNUSED and one.file is not None:
                self._blank(one.file, one.line, "nothing that was taken uses it")

    def _blank(self, file: str, line: int | None, reason: str) -> bool:
        layout = Layout(self.texts, file)
        piece = layout.at(file, line)
        top = next((one for one in piece.up() if one.parent is None), None) if piece else None
        if top is None or not top.apart:
            return False
        self.texts.blank(file, top.first, top.last, str(top.role[0]))
        self.parts.append(left("secret", str(top.role[0]), reason, (file, top.first)))
        return True


def _repeats(user: Piece, gone: Piece) -> Finding:
    message = f"it repeats, by an alias, a part of {name_of(gone)}, which is not taken"
    return Finding(
        code=_FAULT, severity=Severity.ERROR, message=message, file=user.file, line=user.first
    )


def name_of(piece: Piece) -> str:
    """Return what people call a piece: its alias, its key, or its number in the list."""
    key = piece.own_role[-1] if piece.own_role else piece.role[-1]
    if isinstance(key, str) and len(piece.own_role) > 1:
        return key
    for each in _NAMES:
        if name := piece.value(each):
            return name
    return str(key) if isinstance(key, str) else f"number {key + 1}"


def copied_files(texts: Texts, layout: Layout) -> Iterator[tuple[str, str]]:
    """Go through the files that belong to a configuration, with their texts.

    Beside those that it includes these are the secrets beside and above them, blueprints
    and custom templates. What cannot be read is left out.
    """
    names = {file for file in layout.files if file not in layout.broken or _readable(texts, file)}
    for file in sorted({*names, *_secrets_for(layout.files)}):
        if _readable(texts, file):
            yield file, texts.text(file)
    for folder, suffix in _WHOLE_FOLDERS:
        for path in sorted((texts.folder / folder).rglob(f"*{suffix}")):
            try:
                yield path.relative_to(texts.folder).as_posix(), read_text(path)
            except Unreadable:
                continue


def _secrets_for(files: Iterable[str]) -> set[str]:
    return {
        (folder / SECRETS_FILE).as_posix()
        for file in files
        for folder in PurePosixPath(file).parents
    }


def _readable(texts: Texts, file: str) -> bool:
    try:
        texts.text(file)
    except Unreadable:
        return False
    return True
