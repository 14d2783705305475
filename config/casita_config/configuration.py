"""A house's whole configuration: the hub's own settings, plugins, and everybody's sections."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from casita_config._document import OWN_KEYS, Document, Labelled
from casita_config._macros import read_macros
from casita_config._merging import merged, merged_list
from casita_config._sentences import shown
from casita_config.errors import ConfigError, Problem, did_you_mean
from casita_config.household import (
    AREAS,
    FLOORS,
    LABELS,
    AreaSettings,
    EntitySettings,
    FloorSettings,
    LabelSettings,
    placed,
    read_entities,
)
from casita_config.loader import Loaded, load_tolerantly
from casita_config.nodes import Broken, NodeDict, Place, as_nodes, place_of, plain, problem_at
from casita_config.redact import Redactor
from casita_config.settings import (
    HOME,
    HTTP,
    LOG,
    NETWORK,
    HomeSettings,
    HttpSettings,
    LogSettings,
    NetworkSettings,
)
from casita_config.validation import validate

FILE: Final = "casita.yaml"
HOME_ASSISTANT_FILE: Final = "configuration.yaml"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What a configuration folder says, as far as the hub itself understands it.

    A section is anything else at the top level; the plugin that owns it checks it.
    """

    home: HomeSettings
    http: HttpSettings
    log: LogSettings
    network: NetworkSettings
    floors: Mapping[str, FloorSettings]
    """By id."""
    areas: Mapping[str, AreaSettings]
    """By id."""
    labels: Mapping[str, LabelSettings]
    """By id."""
    entities: Mapping[str, EntitySettings]
    """What is said of entities, by entity id, whether there are such entities or not."""
    plugins: Mapping[str, NodeDict | None]
    """Options of the plugins that are to run, by name."""
    sections: Mapping[str, tuple[Labelled, ...]]
    """By name without label, in the order of the files: the main file, then packages."""
    folder: Path | None = None
    """The configuration folder; None if there is none."""
    problems: tuple[Problem, ...] = ()
    """What could not be used; everything else stands."""
    redactor: Redactor = field(default_factory=Redactor)
    unused_secrets: tuple[tuple[str, Place | None], ...] = ()
    """Names in ``secrets.yaml`` that nothing uses."""
    macros: Mapping[str, str] = field(default_factory=dict)
    """Texts of ``custom_templates/*.jinja`` by the name under which templates import them."""

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any], *, folder: Path | None = None) -> Configuration:
        """Make a configuration of plain data or of a loaded tree.

        Raises `ConfigError` if one of the hub's own settings is wrong.
        """
        return _configuration(as_nodes(data), folder=folder)

    @property
    def data_folder(self) -> Path | None:
        """Where the hub keeps its log and other data; None if there is no folder."""
        return None if self.folder is None else self.folder / self.log.folder

    def items(self, key: str) -> list[Any]:
        """Return a section's items from all files; a mapping is one item."""
        return merged_list([share.node for share in self.sections.get(key, ())])

    def mapping(self, key: str) -> NodeDict:
        """Return a section's mappings from all files as one.

        Raises `ConfigError` if one is no mapping, or if two files give the same value.
        """
        shares = self.sections.get(key, ())
        wanted = "expected a mapping (lines of 'name: ...')"
        problems = [
            problem_at(share.place, f"{wanted}, got {shown(share.node)}", key)
            for share in shares
            if share.node is not None and not isinstance(share.node, Mapping)
        ]
        tree, unjoined = merged([share.node for share in shares], key)
        if problems or unjoined:
            raise ConfigError(problems or unjoined)
        return tree if isinstance(tree, NodeDict) else NodeDict()

    def section(self, key: str, schema: Any) -> Any:
        """Return what a schema makes of a section, all files joined; None if it is not there.

        Raises `ConfigError` if the section is wrong.
        """
        if key not in self.sections:
            return None
        tree, problems = merged([share.node for share in self.sections[key]], key)
        if problems:
            raise ConfigError(problems)
        return validate(schema, tree, section=key)

    def unknown_sections(self, known: Iterable[str]) -> list[Problem]:
        """Return a problem for each section that none of the known names is for."""
        names = [*known]
        return [
            problem_at(
                share.place,
                f"no plugin that runs has a section {key!r}."
                + (did_you_mean(key, [*names, *OWN_KEYS]) or " Take it out, or add its plugin."),
                key,
            )
            for key, shares in self.sections.items()
            if key not in names
            for share in shares
        ]


def load_config(
    folder: Path, *, secrets_dir: Path | None = None, environ: Mapping[str, str] | None = None
) -> Configuration:
    """Load ``casita.yaml`` of a folder, or else Home Assistant's ``configuration.yaml``.

    A part that cannot be used is left out and told in ``problems``, and logged. Raises
    `ConfigError` if the main file or one of the hub's own settings is wrong.
    """
    path = _main_file(folder)
    loaded = load_tolerantly(path, root=folder, secrets_dir=secrets_dir, environ=environ)
    tree = NodeDict() if loaded.tree is None else loaded.tree
    if isinstance(tree, Broken):
        raise ConfigError(loaded.problems)
    if not isinstance(tree, NodeDict):
        message = f"expected a mapping of sections (lines of 'home:'), got {shown(tree)}"
        raise ConfigError([*loaded.problems, Problem(message=message, file=path.name, line=1)])
    macros, unread = read_macros(folder)
    config = _configuration(tree, folder=folder.resolve(), loaded=loaded)
    config = replace(config, macros=macros, problems=(*config.problems, *unread))
    for problem in config.problems:
        _logger.warning("%s", problem)
    return config


def _main_file(folder: Path) -> Path:
    for name in (FILE, HOME_ASSISTANT_FILE):
        if (folder / name).exists():
            return folder / name
    raise ConfigError(
        [Problem(message=f"there is no {FILE} in {folder}; write one, or name another folder")]
    )


def _configuration(
    tree: NodeDict, *, folder: Path | None, loaded: Loaded | None = None
) -> Configuration:
    document = Document()
    document.add(tree)
    reading = _OwnParts(document)
    home = reading.part("home", HOME)
    parts = {
        "http": reading.part("http", HTTP),
        "log": reading.part("log", LOG),
        "network": reading.part("network", NETWORK),
        "floors": reading.household("floors", FLOORS),
        "areas": reading.household("areas", AREAS),
        "labels": reading.household("labels", LABELS),
    }
    problems = [*(loaded.problems if loaded else ()), *document.problems]
    if reading.problems:
        raise ConfigError([*problems, *reading.problems])
    plugins = _plugins(document, problems)
    entities = _entities(document, problems)
    secrets = loaded.secrets.values if loaded else ()
    return Configuration(
        home=home,
        **parts,
        entities=entities,
        plugins=MappingProxyType(plugins),
        sections=MappingProxyType({key: tuple(s) for key, s in document.sections.items()}),
        folder=folder,
        problems=tuple(problems),
        redactor=Redactor([*secrets, *_coordinates(home)]),
        unused_secrets=tuple(loaded.secrets.unused()) if loaded else (),
    )


class _OwnParts:
    """Checks the hub's own parts one by one, and gathers what is wrong."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.problems: list[Problem] = []

    def part(self, key: str, schema: Any) -> Any:
        return self._checked(key, schema, self._tree(key))

    def household(self, key: str, schema: Any) -> Any:
        """Return settings by id, each with its line."""
        tree = self._tree(key)
        settings = self._checked(key, schema, tree)
        return settings and placed(settings, tree)

    def _tree(self, key: str) -> Any:
        tree, problems = merged(self._document.own.get(key, []), key)
        self.problems += problems
        return tree

    def _checked(self, key: str, schema: Any, tree: Any) -> Any:
        try:
            return validate(schema, {} if _is_nothing(tree) else tree, section=key)
        except ConfigError as err:
            self.problems += err.problems
            return None


def _plugins(document: Document, problems: list[Problem]) -> dict[str, NodeDict | None]:
    """Return the options by plugin; what is wrong of one keeps that one from running."""
    nodes = [_names_as_mapping(node) for node in document.own.get("plugins", ())]
    tree, found = merged(nodes, "plugins")
    problems += found
    if _is_nothing(tree):
        return {}
    if not isinstance(tree, NodeDict):
        message = f"expected a mapping of plugins to their options, got {shown(tree)}"
        problems.append(problem_at(place_of(tree), message, "plugins"))
        return {}
    plugins: dict[str, NodeDict | None] = {}
    for name, options in tree.items():
        if options is None or isinstance(options, NodeDict):
            plugins[str(name)] = options
        elif not isinstance(options, Broken):
            message = f"expected the plugin's options or nothing, got {shown(options)}"
            problems.append(problem_at(place_of(tree, (name,)), message, f"plugins.{name}"))
    return plugins


def _entities(document: Document, problems: list[Problem]) -> Mapping[str, EntitySettings]:
    tree, found = merged(document.own.get("entities", []), "entities")
    problems += found
    if _is_nothing(tree) or isinstance(tree, Broken):
        return MappingProxyType({})
    if not isinstance(tree, NodeDict):
        message = f"expected a mapping of entity ids to what is said of them, got {shown(tree)}"
        problems.append(problem_at(place_of(tree), message, "entities"))
        return MappingProxyType({})
    entities, wrong = read_entities(tree)
    problems += wrong
    return entities


def _names_as_mapping(node: Any) -> Any:
    """Take a bare list of names for plugins without options."""
    if not isinstance(node, list) or not all(isinstance(name, str) for name in node):
        return node
    result = NodeDict((plain(name), None) for name in node)
    result._layout = {plain(name): place_of(node, (index,)) for index, name in enumerate(node)}
    return result


def _is_nothing(tree: Any) -> bool:
    return tree is None or (isinstance(tree, list) and not tree)


def _coordinates(home: HomeSettings) -> list[str]:
    return [str(each) for each in (home.latitude, home.longitude) if each is not None]
