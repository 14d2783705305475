"""Finds plugins one by one, so that one that is broken is a line in a list and nothing more."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, TypeVar, get_args

import pluggy

from casita import hookspecs
from casita.errors import PluginError, did_you_mean
from casita.plugin import Component, ConfigSection, Device, Found, Plugin
from casita.services import Service
from casita.transport import BrokerKind
from casita.vocabulary import AutomationKind, Word

GROUP: Final = "casita"
HUB_DISTRIBUTION: Final = "casita"
_PREFIX: Final = "casita_register_"
_T = TypeVar("_T")

_logger = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Loaded:
    """A plugin that was looked for: what it declares, or why it cannot be used."""

    name: str
    version: str | None = None
    distribution: str | None = None
    reason: str | None = None
    """Why it cannot be used."""
    enabled: bool = True
    plugin: object = None
    sections: Sequence[ConfigSection] = ()
    components: Sequence[type[Component]] = ()
    devices: Sequence[type[Device]] = ()
    discoveries: Sequence[Found] = ()
    automations: Sequence[AutomationKind] = ()
    words: Sequence[Word] = ()
    services: Sequence[Service] = ()
    brokers: Sequence[BrokerKind] = ()
    errors: list[str] = field(default_factory=list)

    @property
    def trusted(self) -> bool:
        """Whether it comes with the hub itself."""
        return self.distribution == HUB_DISTRIBUTION


def installed(enabled: Iterable[str]) -> list[Loaded]:
    """Load the plugins of this environment that are enabled or come with the hub.

    The others are listed and not imported.
    """
    wanted = set(enabled)
    found = sorted(entry_points(group=GROUP), key=lambda one: one.name)
    loaded = [_from_entry_point(one, wanted) for one in found]
    known = [one.name for one in loaded]
    for name in sorted(wanted.difference(known)):
        package = f"casita-{name.replace('_', '-')}"
        hint = did_you_mean(name, known) or f" Install the package that does, as {package}."
        loaded.append(Loaded(name=name, reason=f"no installed package supplies it.{hint}"))
    return loaded


def keep_off_devices(loaded: Loaded) -> None:
    """Leave of a plugin what a worker can use: it has no devices, and listens to no network."""
    loaded.devices = loaded.discoveries = ()
    if not loaded.trusted:
        loaded.components = [one for one in loaded.components if one.triggers]


def given(plugins: Sequence[Plugin]) -> list[Loaded]:
    """Take plugins that are at hand, as tests have them; each is as trusted as the hub."""
    return [
        _declared(Loaded(name=one.name, version=one.version, distribution=HUB_DISTRIBUTION), one)
        for one in plugins
    ]


def own() -> list[Plugin]:
    """Return the plugins that come with the hub itself."""
    found = entry_points(group=GROUP)
    mine = [one for one in found if one.dist is not None and one.dist.name == HUB_DISTRIBUTION]
    return [plugin for one in mine if isinstance(plugin := one.load(), Plugin)]


def _from_entry_point(entry: EntryPoint, wanted: set[str]) -> Loaded:
    distribution = entry.dist
    loaded = Loaded(
        name=entry.name,
        version=distribution.version if distribution else None,
        distribution=distribution.name if distribution else None,
    )
    loaded.enabled = loaded.trusted or entry.name in wanted
    if not loaded.enabled:
        return loaded
    try:
        plugin = entry.load()
    except Exception as err:
        _logger.debug("plugin %s", entry.name, exc_info=err)
        loaded.reason = f"importing {entry.value} failed: {type(err).__name__}: {err}"
        return loaded
    return _declared(loaded, plugin)


def _declared(loaded: Loaded, plugin: object) -> Loaded:
    """Ask a plugin for what it declares."""
    loaded.plugin = plugin
    try:
        manager = _register(loaded.name, plugin)
        loaded.sections = _ask(manager, "config", ConfigSection)
        loaded.components = _ask_types(manager, "components", Component)
        loaded.devices = _ask_types(manager, "devices", Device)
        loaded.discoveries = _ask(manager, "discoveries", Found)
        loaded.automations = _ask(manager, "automations", AutomationKind)
        loaded.words = _ask(manager, "vocabulary", Word)
        loaded.services = _ask(manager, "services", Service)
        loaded.brokers = _ask(manager, "brokers", BrokerKind)
    except Exception as err:
        _logger.debug("plugin %s", loaded.name, exc_info=err)
        reason = str(err) if isinstance(err, PluginError) else f"{type(err).__name__}: {err}"
        return Loaded(
            name=loaded.name,
            version=loaded.version,
            distribution=loaded.distribution,
            reason=reason,
        )
    return loaded


def _register(name: str, plugin: object) -> pluggy.PluginManager:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    known = [one for one in vars(hookspecs) if one.startswith(_PREFIX)]
    for attribute in dir(plugin):
        if attribute.startswith(_PREFIX) and attribute not in known:
            raise PluginError(f"there is no hook {attribute!r}.{did_you_mean(attribute, known)}")
    manager.register(plugin, name)
    manager.check_pending()
    if not manager.get_hookcallers(plugin):
        raise PluginError(
            f"{plugin!r} implements no hook; its entry point names a casita.Plugin, or a module "
            f"with functions marked casita.hookimpl"
        )
    return manager


def _ask(manager: pluggy.PluginManager, thing: str, expected: Any) -> list[Any]:
    answers = _answers(manager, thing)
    for one in answers:
        if not isinstance(one, expected):
            raise PluginError(
                f"{_PREFIX}{thing} returned {one!r}; it returns a list of {_named(expected)}"
            )
    return answers


def _named(expected: Any) -> str:
    return " or ".join(one.__name__ for one in get_args(expected) or (expected,))


def _ask_types(manager: pluggy.PluginManager, thing: str, expected: type[_T]) -> list[type[_T]]:
    answers = _answers(manager, thing)
    for one in answers:
        if not (isinstance(one, type) and issubclass(one, expected)):
            raise PluginError(
                f"{_PREFIX}{thing} returned {one!r}; it returns a list of subclasses of "
                f"{expected.__name__}"
            )
    return answers


def _answers(manager: pluggy.PluginManager, thing: str) -> list[Any]:
    caller: pluggy.HookCaller = getattr(manager.hook, f"{_PREFIX}{thing}")
    return [one for answer in caller() for one in answer]
