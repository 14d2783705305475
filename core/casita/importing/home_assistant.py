"""Makes a configuration of Casita's out of a Home Assistant folder, which is only read."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from casita.errors import CasitaError
from casita.ids import is_entity_id, slugify
from casita.importing.copying import Check, Copy, copied_files, name_of
from casita.importing.entries import Entries
from casita.importing.gathered import Gathered, Origin
from casita.importing.household import gather_entities, gather_home, gather_places
from casita.importing.integrations import answer, answer_to_section
from casita.importing.layout import Layout, Piece
from casita.importing.leftovers import leftovers
from casita.importing.names import EntityNames
from casita.importing.registry_ids import name_entities
from casita.importing.report import Part, Report, left, note, taken, without
from casita.importing.stored_helpers import gather_helpers, gather_people_and_places
from casita.importing.texts import SECRETS_FILE, Texts, Unreadable
from casita.importing.writing import as_yaml, move_into, write_file
from casita_config import Redactor, load_tolerantly, place_of

MAIN: Final = "configuration.yaml"
OURS: Final = "casita.yaml"
PAGE: Final = "IMPORT.md"
_PACKAGE: Final = "home_assistant"
_HOUSE: Final = "homeassistant"
_TAIL: Final = "# From here on: what `casita import hass` added.\n"
_HEAD: Final = "# Written by `casita import hass`, from what Home Assistant keeps in .storage.\n"
_RUNNING: Final = frozenset({"automation", "script", "scene"})


class ImportFailed(CasitaError):
    """Nothing was imported; the message says why and what to do."""


def import_home_assistant(
    source: Path,
    target: Path,
    *,
    sections: Collection[str],
    installed: Collection[str],
    check: Check,
    replace: bool = False,
    keep: bool = False,
) -> Report:
    """Read a Home Assistant folder and write one of Casita's; return what came of it.

    ``sections`` are the top-level keys that the hub knows, ``installed`` the names of the
    plugins that can run. ``keep`` takes also what the check finds fault with, as long as the
    hub loads it. ``replace`` allows a target that holds something; its files of the
    same names are replaced, and others stay. Raises `ImportFailed`, and then no file is written.
    """
    _refuse(source, target, replace=replace)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".casita-import-", dir=target.parent) as place:
        copy = Copy(Path(place), OURS, check, keep=keep)
        importing = _Import(source, copy, frozenset(sections), installed)
        report = importing.run(target)
        move_into(Path(place), target)
    return report


def _refuse(source: Path, target: Path, *, replace: bool) -> None:
    if not (source / MAIN).is_file():
        raise ImportFailed(
            f"{source}: there is no {MAIN} here; name the folder that Home Assistant calls /config"
        )
    here, there = source.resolve(), target.resolve()
    if here.is_relative_to(there) or there.is_relative_to(here):
        raise ImportFailed(
            f"{target}: it would lie in or around {source}, which is only read; name another folder"
        )
    if target.exists() and not target.is_dir():
        raise ImportFailed(f"{target}: it is a file; name a folder")
    if target.is_dir() and any(target.iterdir()) and not replace:
        raise ImportFailed(
            f"{target}: it is not empty; name another folder, or replace its files with --force"
        )


class _Import:
    def __init__(
        self,
        source: Path,
        copy: Copy,
        sections: frozenset[str],
        installed: Collection[str],
    ) -> None:
        self._source = source
        self._sections = sections
        self._installed = installed
        self._texts = Texts(source)
        self._copy = copy
        self._names = EntityNames(source)
        self._gathered = Gathered()
        self._parts: list[Part] = []
        self._redactor = Redactor()

    def run(self, target: Path) -> Report:
        self._leave_unknown_sections()
        layout = Layout(self._texts, MAIN)
        self._gather()
        own_lines = len(self._texts.text(MAIN).splitlines())
        for file, text in copied_files(self._texts, layout):
            self._copy.texts.put(OURS if file == MAIN else file, text)
        self._name_entities()
        self._add_gathered()
        self._copy.origin_of = self._origins(own_lines)
        problems = self._copy.leave_out_faults()
        self._tell_taken(own_lines)
        self._parts += leftovers(self._source, {*layout.files, SECRETS_FILE})
        gathered = without(self._gathered.parts, self._copy.parts)
        parts = [*self._parts, *gathered, *self._copy.parts]
        report = Report(
            source=str(self._source),
            target=str(target),
            parts=[self._without_secrets(part) for part in parts],
            problems=tuple(self._redactor.text(one) for one in problems),
        )
        write_file(self._copy.folder / PAGE, report.as_markdown())
        return report

    def _without_secrets(self, part: Part) -> Part:
        return msgspec.structs.replace(
            part, name=self._redactor.text(part.name), reason=self._redactor.text(part.reason)
        )

    # What is left out as a whole

    def _leave_unknown_sections(self) -> None:
        layout = Layout(self._texts, MAIN)
        if MAIN in layout.broken:
            raise ImportFailed(f"{self._source / MAIN}: {layout.broken[MAIN]}")
        for piece in list(layout.sections()):
            if piece.section in self._sections or piece.role == (_HOUSE,):
                continue
            self._tell_unknown(piece, layout)
            if piece.apart:
                self._texts.comment_out(piece.file, piece.first, piece.last)

    def _tell_unknown(self, piece: Piece, layout: Layout) -> None:
        """Tell of a section, or of each platform under a domain that has no entities here."""
        place = (piece.file, piece.first)
        platforms = [one for one in layout.items_of(piece) if one.value("platform")]
        for one in platforms:
            platform = one.value("platform")
            name = one.value("name")
            reason, plugin = answer(platform)
            self._parts.append(
                left(piece.section, f"{platform} {name}".strip(), reason, (one.file, one.first),
                     plugin)
            )  # fmt: skip
        if piece.section == _HOUSE:
            reason = "it is read in the main file alone; name its entities under entities:"
            self._parts.append(left("section", f"{_HOUSE} of a package", reason, place))
        elif not platforms:
            reason, plugin = answer_to_section(piece.section, self._sections)
            self._parts.append(left("section", piece.section, reason, place, plugin))

    # What is gathered beside the files

    def _gather(self) -> None:
        gathered = self._gathered
        house = self._house()
        gather_home(self._source, house.keys(), gathered)
        gather_places(self._source, gathered)
        gather_entities(self._names, gathered)
        self._customize(house)
        gather_helpers(self._source, self._names, gathered)
        gather_people_and_places(self._source, self._names, gathered)
        Entries(self._source, self._names, self._installed).gather(gathered)
        self._redactor.add(*gathered.secrets.values())

    def _house(self) -> Mapping[str, Any]:
        loaded = load_tolerantly(self._source / MAIN, root=self._source)
        self._redactor.add(*loaded.secrets.values)
        tree = loaded.tree
        house = tree.get(_HOUSE) if isinstance(tree, Mapping) else None
        return house if isinstance(house, Mapping) else {}

    def _customize(self, house: Mapping[str, Any]) -> None:
        """Take names and icons of entities from ``customize:``, which win over the pages'."""
        for key in ("customize_domain", "customize_glob"):
            if house.get(key):
                reason = "it changes many entities at once; name each under entities:"
                self._parts.append(left("section", key, reason, _place(house, key)))
        customize = house.get("customize")
        if not isinstance(customize, Mapping):
            return
        for entity_id, said in customize.items():
            if isinstance(said, Mapping) and is_entity_id(str(entity_id)):
                self._customize_entity(str(entity_id), said, _place(customize, entity_id))

    def _customize_entity(self, entity_id: str, said: Mapping[str, Any], place: Origin) -> None:
        words = {"friendly_name": "name", "icon": "icon"}
        found = {ours: str(said[theirs]) for theirs, ours in words.items() if said.get(theirs)}
        if found:
            if self._gathered.add("entities", entity_id, found, place):
                self._gathered.parts.append(taken("entity", entity_id, place))
            else:
                self._gathered.sections["entities"][entity_id].update(found)
        others = sorted(str(key) for key in said if key not in words)
        if others:
            reason = f"{', '.join(others)}: only names and icons can be changed"
            self._parts.append(left("customize", entity_id, reason, place))

    # What is written

    def _name_entities(self) -> None:
        self._copy.write()  # folders that are included are looked up on the disk
        for piece, entities in name_entities(self._copy.texts, self._copy.layout(), self._names):
            reason = f"it named a device of Home Assistant; here it names {entities}"
            place = (MAIN if piece.file == OURS else piece.file, piece.first)
            self._parts.append(note(piece.section, "device_id", reason, place))

    def _add_gathered(self) -> None:
        texts, gathered = self._copy.texts, self._gathered
        tail: dict[str, Any] = {}
        if gathered.home:
            tail["home"] = gathered.home
        if gathered.plugins:
            tail["plugins"] = gathered.plugins
        text = as_yaml(tail) if tail else ""
        if gathered.sections:
            file = self._package_file()
            texts.put(file, _HEAD + as_yaml(gathered.sections))
            text += f"packages:\n  {_PACKAGE}: !include {file}\n"
        if text:
            texts.append(OURS, f"\n{_TAIL}{text}")
        if gathered.secrets:
            texts.append(SECRETS_FILE, as_yaml(gathered.secrets))

    def _package_file(self) -> str:
        file = f"{_PACKAGE}.yaml"
        while self._exists(file):
            file = f"from_{file}"
        return file

    def _exists(self, file: str) -> bool:
        try:
            self._texts.text(file)
        except Unreadable:
            return False
        return True

    def _origins(self, own_lines: int) -> Any:
        """Return a function from lines of the copy to places in the source."""
        by_line = {
            (piece.file, piece.first): self._gathered.origins[piece.own_role[:2]]
            for piece in self._copy.layout().pieces
            if piece.role[:2] == ("packages", _PACKAGE)
            and piece.own_role[:2] in self._gathered.origins
        }

        def origin_of(file: str, line: int) -> Origin:
            if (file, line) in by_line:
                return by_line[(file, line)]
            if file != OURS:
                return file, line
            return (MAIN, line) if line <= own_lines else (".storage", None)

        return origin_of

    # What is told

    def _tell_taken(self, own_lines: int) -> None:
        layout = self._copy.layout()
        for section in layout.sections():
            generated = section.file == OURS and section.first > own_lines
            if generated or section.role[:2] == ("packages", _PACKAGE):
                continue
            if section.section == _HOUSE:
                self._parts.append(taken("section", _HOUSE, (MAIN, section.first)))
                continue
            for item in layout.items_of(section):
                place = self._copy.origin_of(item.file, item.first)
                kind = section.section.removesuffix("s") if section.section == (
                    "automations"
                ) else section.section  # fmt: skip
                self._parts.append(taken(kind, name_of(item), place))
                if kind == "automation":
                    self._tell_renamed(item, place)
        for piece in layout.pieces:
            if piece.section in _RUNNING and piece.role[-1] == "device_id":
                self._tell_devices(piece)
        self._tell_whole_files()

    def _tell_renamed(self, item: Piece, place: Origin) -> None:
        unique_id, alias = item.value("id"), item.value("alias")
        before = self._names.entity_of("automation", "automation", unique_id)
        now = f"automation.{slugify(alias or unique_id)}"
        if unique_id and before is not None and before != now:
            reason = f"it was {before} and is {now} here, after its alias; change what names it"
            self._parts.append(note("automation", alias or unique_id, reason, place))

    def _tell_devices(self, piece: Piece) -> None:
        nodes = piece.node.value if isinstance(piece.node, yaml.SequenceNode) else [piece.node]
        for node in nodes:
            entities = self._names.of_device(str(getattr(node, "value", "")))
            if entities is not None:
                named = ", ".join(entities) or "none that is left"
                reason = f"this device id is Home Assistant's; name its entities: {named}"
                place = self._copy.origin_of(piece.file, piece.first)
                self._parts.append(note(piece.section, "device_id", reason, place))

    def _tell_whole_files(self) -> None:
        for folder, kind in (("blueprints", "blueprint"), ("custom_templates", "custom template")):
            for path in sorted((self._source / folder).rglob("*.*")):
                name = path.relative_to(self._source).as_posix()
                if (self._copy.folder / name).is_file():
                    self._parts.append(taken(kind, name, (name, None)))


def _place(tree: Any, key: Any) -> Origin:
    place = place_of(tree, (key,))
    return (place.file, place.line) if place is not None else (MAIN, None)
