"""Files of a Home Assistant folder that have no part in a configuration here."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from casita.importing.report import Part, left

_FOLDERS: Final = {
    "custom_components": "",
    "appdaemon": "AppDaemon is a program of its own; write plugins for its apps",
    "deps": "",
    "esphome": "ESPHome is a program of its own; it goes on as it is",
    "pyscript": "write a plugin for it; its automations are Python",
    "python_scripts": "write a plugin for it; its automations are Python",
    "themes": "themes are for Home Assistant's pages",
    "tts": "",
    "www": "files for Home Assistant's pages are not taken",
    "zigbee2mqtt": "Zigbee2MQTT is a program of its own; it goes on as it is",
}
"""Why each is not taken; no reason: it is not worth a word."""
_DATABASE: Final = "home-assistant_v2.db"
_DASHBOARDS: Final = "lovelace"


def leftovers(folder: Path, taken: Collection[str]) -> Iterator[Part]:
    """Go through what is in the folder and was not taken."""
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            yield from _of_folder(path)
        elif path.name == _DATABASE:
            reason = "the past is not taken; the log here begins anew"
            yield left("history", "of states", reason, (path.name, None))
        elif path.suffix == ".yaml" and path.name not in taken and not path.name.startswith("."):
            reason = "nothing that was taken includes it"
            yield left("file", path.name, reason, (path.name, None))
    for path in sorted((folder / ".storage").glob(f"{_DASHBOARDS}*")):
        if path.name not in (f"{_DASHBOARDS}_dashboards", f"{_DASHBOARDS}_resources"):
            place = (f".storage/{path.name}", None)
            yield left("dashboard", path.name, "dashboards are not taken", place)


def _of_folder(path: Path) -> Iterator[Part]:
    if path.name == "custom_components":
        reason = "it is made for Home Assistant; look for a plugin for its devices"
        for each in sorted(path.iterdir()):
            if each.is_dir() and not each.name.startswith(("_", ".")):
                place = (f"{path.name}/{each.name}", None)
                yield left("custom integration", each.name, reason, place)
    elif _FOLDERS.get(path.name):
        yield left("folder", path.name, _FOLDERS[path.name], (path.name, None))
