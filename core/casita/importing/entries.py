"""Integrations and helpers that were set up in Home Assistant's pages."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from casita.importing.gathered import Gathered, Origin, SecretName
from casita.importing.integrations import HOMEKIT, MQTT, answer
from casita.importing.names import EntityNames
from casita.importing.report import left, note, taken
from casita.importing.storage import Item, Stored, text_of

_TEMPLATE_FIELDS: Final = (
    "state", "unit_of_measurement", "device_class", "state_class", "availability", "options",
    "turn_on", "turn_off", "value_template", "press", "set_value", "select_option", "min", "max",
    "step", "additional_state_attributes",
)  # fmt: skip
_ADD_ON_BROKERS: Final = frozenset({"core-mosquitto", "localhost", "127.0.0.1", "::1"})
_PASSWORD: Final = "imported_mqtt_password"


class Entries:
    """The config entries, each integration told once."""

    def __init__(self, folder: Path, names: EntityNames, installed: Collection[str]) -> None:
        self._stored = Stored(folder, "core.config_entries")
        self._names = names
        self._installed = installed

    def gather(self, gathered: Gathered) -> None:
        """Gather plugins and template helpers; tell of what nothing here serves."""
        if self._stored.fault is not None:
            place = (self._stored.file, None)
            gathered.parts.append(left("file", "core.config_entries", self._stored.fault, place))
        for domain, entries in self._by_domain().items():
            if domain == "template":
                for entry in entries:
                    self._template(entry, gathered)
            elif domain == "mqtt":
                self._mqtt(entries[0], gathered)
            elif domain == "homekit_controller":
                self._homekit(entries, gathered)
            else:
                self._other(domain, entries, gathered)

    def _by_domain(self) -> dict[str, list[Item]]:
        found: dict[str, list[Item]] = {}
        for entry in self._stored.items("entries"):
            domain = text_of(entry, "domain")
            if domain is not None and entry.get("source") != "ignore":
                found.setdefault(domain, []).append(entry)
        return found

    def _place(self, entry: Item) -> Origin:
        return self._stored.place(entry, ("entry_id", "domain"))

    def _other(self, domain: str, entries: list[Item], gathered: Gathered) -> None:
        reason, plugin = answer(domain)
        count = f" ({len(entries)} entries)" if len(entries) > 1 else ""
        gathered.parts.append(
            left("integration", domain, f"{reason}{count}", self._place(entries[0]), plugin)
        )

    def _homekit(self, entries: list[Item], gathered: Gathered) -> None:
        if "homekit" in self._installed:
            gathered.plugins["homekit"] = None
        else:
            gathered.parts.append(_to_install("homekit", HOMEKIT, self._place(entries[0])))
        reason, plugin = answer("homekit_controller")
        for entry in entries:
            title = text_of(entry, "title") or "accessory"
            gathered.parts.append(
                left("accessory", f"{title} (homekit_controller)", reason, self._place(entry),
                     plugin)
            )  # fmt: skip

    def _mqtt(self, entry: Item, gathered: Gathered) -> None:
        place = self._place(entry)
        options = broker_options({**_mapping(entry, "data"), **_mapping(entry, "options")})
        if options is None:
            reason = "its entry names no broker; write one under plugins: mqtt: broker:"
            gathered.parts.append(left("integration", "mqtt", reason, place, MQTT))
            return
        if "mqtt" not in self._installed:
            told = f"{_to_install_text('mqtt', MQTT)} with the broker {options['broker']}"
            gathered.parts.append(left("integration", "mqtt", told, place, MQTT))
            return
        password = options.pop("password", None)
        if password is not None:
            gathered.secrets[_PASSWORD] = password
            options["password"] = SecretName(_PASSWORD)
        gathered.plugins["mqtt"] = options
        gathered.parts.append(taken("integration", "mqtt", place))
        host = str(options["broker"]).partition("://")[2].rpartition(":")[0]
        if host in _ADD_ON_BROKERS:
            reason = (
                f"the broker {host} is on Home Assistant's own machine; put that machine's "
                f"address there unless the hub runs on it"
            )
            gathered.parts.append(note("integration", "mqtt", reason, place))

    def _template(self, entry: Item, gathered: Gathered) -> None:
        options = {**_mapping(entry, "data"), **_mapping(entry, "options")}
        kind = text_of(options, "template_type")
        name = text_of(options, "name") or text_of(entry, "title") or "template"
        if kind is None:
            reason = "its entry does not say what kind of entity it is"
            gathered.parts.append(left("template", name, reason, self._place(entry)))
            return
        entity = {key: options[key] for key in ("name", *_TEMPLATE_FIELDS) if options.get(key)}
        entity |= {"name": name, "unique_id": str(entry.get("entry_id") or name)}
        entity_id = self._names.of_entry(str(entry.get("entry_id")))
        if entity_id is not None:
            entity["default_entity_id"] = entity_id
        gathered.append("template", {kind: [entity]}, self._place(entry))
        gathered.parts.append(taken("template", name, self._place(entry)))


def broker_options(data: Item) -> dict[str, Any] | None:
    """Return options of casita-mqtt for what Home Assistant knows of a broker."""
    host = text_of(data, "broker")
    if host is None:
        return None
    secure = bool(data.get("certificate")) or data.get("port") == 8883
    port = data.get("port")
    address = f"[{host}]" if ":" in host else host
    options: dict[str, Any] = {
        "broker": f"{'mqtts' if secure else 'mqtt'}://{address}:"
        f"{port if isinstance(port, int) else (8883 if secure else 1883)}"
    }
    for key in ("username", "password"):
        if data.get(key):
            options[key] = str(data[key])
    if str(data.get("protocol")) == "5":
        options["protocol"] = "5"
    if data.get("discovery") is False:
        options["discovery"] = False
    prefix = text_of(data, "discovery_prefix")
    if prefix not in (None, "homeassistant"):
        options["discovery_prefix"] = prefix
    return options


def _mapping(entry: Item, key: str) -> Item:
    value = entry.get(key)
    return value if isinstance(value, dict) else {}


def _to_install_text(plugin: str, package: str) -> str:
    return f"{package} is not installed; install it and write '{plugin}:' under plugins:"


def _to_install(plugin: str, package: str, place: Origin) -> Any:
    return left("integration", plugin, _to_install_text(plugin, package), place, package)
