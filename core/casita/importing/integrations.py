"""What stands in for each of Home Assistant's integrations here, as far as anything does."""

from __future__ import annotations

from typing import Final, NamedTuple

from casita_config import did_you_mean


class Answer(NamedTuple):
    """Why an integration is not taken, and the package that serves its devices."""

    reason: str
    plugin: str | None = None


HOMEKIT: Final = "casita-homekit"
MQTT: Final = "casita-mqtt"

_BY_MQTT: Final = (
    "there is no plugin for it; let its devices speak MQTT, then casita-mqtt finds them by "
    "their announcements"
)
_THROUGH: Final = {
    **dict.fromkeys(("zha", "deconz"), "Zigbee2MQTT"),
    "zwave_js": "Z-Wave JS UI, with MQTT discovery on",
    "esphome": "the device's own mqtt: component",
    "shelly": "the device's own MQTT settings",
    "tasmota": "the device's own MQTT settings, with SetOption19 1",
    "wled": "the device's own MQTT settings",
    "rfxtrx": "rfxcom2mqtt",
    "ble_monitor": "Theengs Gateway",
    "bluetooth": "Theengs Gateway",
    "frigate": "Frigate's own MQTT settings",
    "valetudo": "Valetudo's own MQTT settings",
}
_HOMEKIT_READY: Final = frozenset({"hue", "lutron_caseta", "nanoleaf", "ecobee", "abode"})
"""Integrations whose devices mostly are HomeKit accessories as well."""
_BUILT_IN: Final = {
    "api": "the hub always has its HTTP API",
    "backup": "back up the folder .casita",
    "config": "the configuration is in files",
    "conversation": "the hub has no voice assistant",
    "assist_pipeline": "the hub has no voice assistant",
    "cloud": "the hub works without a cloud",
    "default_config": "what the hub needs of it is always there",
    "energy": "there is no energy page",
    "frontend": "the hub has a page of its own",
    "history": "the log keeps the past; see casita log",
    "homeassistant_alerts": "these are alerts about Home Assistant",
    "analytics": "the hub tells nobody anything",
    "http": "its options mean other things here; write http: anew if the defaults do not suit",
    "logbook": "the log keeps the past; see casita log",
    "logger": "casita run --verbose says more",
    "lovelace": "dashboards are not taken",
    "map": "there is no map",
    "mobile_app": "the phone app speaks to Home Assistant alone",
    "my": "it links to Home Assistant's pages",
    "onboarding": "it is of Home Assistant's pages",
    "recorder": "the log keeps the past; log: says how long",
    "ssdp": "plugins look for devices themselves",
    "dhcp": "plugins look for devices themselves",
    "usb": "plugins look for devices themselves",
    "zeroconf": "plugins look for devices themselves",
    "system_health": "see casita plugin list",
    "system_log": "see casita log",
    "sun": "the sun is always there once the house has coordinates",
    "websocket_api": "the hub has an event stream over HTTP",
    "webhook": "the hub answers webhooks of automations itself",
    "tts": "the hub does not speak",
    "media_source": "the hub keeps no media",
    "stream": "the hub shows no video",
    "shell_command": "the hub runs no commands of the machine; write a plugin for it",
    "command_line": "the hub runs no commands of the machine; write a plugin for it",
    "python_script": "write a plugin for it; its automations are Python",
    "pyscript": "write a plugin for it; its automations are Python",
    "rest_command": "there is no plugin that calls web addresses",
    "rest": "there is no plugin that reads web addresses",
    "notify": "a notification shows in the hub until a plugin takes it",
    "alert": "write it as an automation with repeat:",
    "tag": "tags are events; triggers on them are kept in the automations",
    "hacs": "its extensions are made for Home Assistant",
    "hassio": "add-ons are run by Home Assistant's own system",
    "supervisor": "add-ons are run by Home Assistant's own system",
    "radio_browser": "the hub plays no media",
    "google_translate": "the hub does not speak",
    "met": "there is no plugin for it that asks for the weather",
    "go2rtc": "the hub shows no video",
    "shopping_list": "the hub keeps no lists",
    "thread": "the hub needs no settings for it",
    "homekit": "the hub does not show its devices to Apple's Home; casita-homekit does the reverse",
}  # fmt: skip
_HELPERS: Final = {
    "group": "write it under group:, or as a template entity; made in pages, its entity is of "
             "the members' domain, which group: has not",
    "derivative": "write it as a template entity with a trigger",
    "integration": "write it as a template entity with a trigger",
    "min_max": "write it as a template entity",
    "statistics": "write it as a template entity with a trigger",
    "threshold": "write it as a template entity",
    "trend": "write it as a template entity with a trigger",
    "utility_meter": "write it as a template entity with a trigger",
    "tod": "write it under schedule:",
    "switch_as_x": "write it as a template entity",
    "generic_thermostat": "write it as an automation",
    "bayesian": "write it as a template entity",
    "filter": "write it as a template entity with a trigger",
    "history_stats": "write it as a template entity with a trigger",
    "random": "write it as a template entity",
}  # fmt: skip

_NAMED: Final = ("homekit_controller", "mqtt", *_THROUGH, *_HOMEKIT_READY, *_BUILT_IN, *_HELPERS)


def answer(integration: str) -> Answer:
    """Return why an integration is not taken, and what serves in its place."""
    if integration == "homekit_controller":
        return Answer(
            "casita-homekit serves its accessories: remove each from Home Assistant, then adopt "
            "it here with its code",
            HOMEKIT,
        )
    if integration == "mqtt":
        return Answer(
            "casita-mqtt takes entities that their devices announce, and none that are written "
            "by hand; turn on discovery at the device, or write a template entity",
            MQTT,
        )
    if integration in _THROUGH:
        return Answer(f"{_BY_MQTT}: {_THROUGH[integration]}", MQTT)
    if integration in _HOMEKIT_READY:
        return Answer(
            "there is no plugin for it; most of its devices are HomeKit accessories, which "
            "casita-homekit adopts",
            HOMEKIT,
        )
    known = _BUILT_IN.get(integration) or _HELPERS.get(integration)
    return Answer(known or "there is no plugin for it")


def answer_to_section(name: str, sections: frozenset[str]) -> Answer:
    """Return why a section of the files is not taken; a misspelt one gets a hint."""
    found = answer(name)
    if found.reason == "there is no plugin for it":
        return Answer(f"there is no plugin for it.{did_you_mean(name, [*sections, *_NAMED])}")
    return found
