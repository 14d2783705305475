"""Updates of a device's own software."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from casita import Command
from casita_mqtt._configs import EntityConfig
from casita_mqtt._entity import Context, MqttEntity
from casita_mqtt._message import json_of

_INSTALL: Final = 1
_PROGRESS: Final = 4
"""Bits of ``supported_features``."""
_TEXTS: Final = ("installed_version", "latest_version", "title", "release_summary", "release_url")


class UpdateConfig(EntityConfig, frozen=True, kw_only=True):
    """What a device says of its updates."""

    command_topic: str | None = None
    payload_install: str | None = None
    state_topic: str | None = None
    value_template: str | None = None
    latest_version_topic: str | None = None
    latest_version_template: str | None = None
    title: str | None = None
    release_summary: str | None = None
    release_url: str | None = None


class Update(MqttEntity[UpdateConfig]):
    """On, if there is a newer version than the one that is installed."""

    config_type: ClassVar = UpdateConfig
    in_domain: ClassVar = "update"
    default_name: ClassVar = "MQTT Update"

    def __init__(self, config: UpdateConfig, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        self.declare(supported_features=_PROGRESS | (_INSTALL if config.command_topic else 0))
        self.note(
            title=config.title,
            release_summary=config.release_summary,
            release_url=config.release_url,
            in_progress=False,
        )
        self.listen(config.state_topic, config.value_template, self._hear_state)
        self.listen(config.latest_version_topic, config.latest_version_template, self._hear_latest)
        self.can("install", self._install)

    def express(self) -> None:
        installed = self.readings.get("installed_version")
        latest = self.readings.get("latest_version")
        self.put(None if installed is None or latest is None else _newer(latest, installed))

    async def _install(self, command: Command) -> None:
        await self.send_if(command, self.config.command_topic, self.config.payload_install)

    def _hear_state(self, text: str) -> None:
        said = json_of(text)
        if isinstance(said, Mapping):
            self._hear_all(said)
        else:
            self.note(installed_version=text)

    def _hear_all(self, said: Mapping[str, Any]) -> None:
        self.note(**{key: str(said[key]) for key in _TEXTS if isinstance(said.get(key), str)})
        if "in_progress" in said:
            self.note(in_progress=bool(said["in_progress"]))
        percentage = said.get("update_percentage")
        if isinstance(percentage, (int, float)):
            self.note(update_percentage=percentage, in_progress=True)
        elif "update_percentage" in said:
            self.note(update_percentage=None)

    def _hear_latest(self, text: str) -> None:
        self.note(latest_version=text)


def _newer(latest: str, installed: str) -> bool:
    """Compare versions; those that are no numbers with points are newer if they differ."""
    try:
        return _parts(latest) > _parts(installed)
    except ValueError:
        return latest != installed


def _parts(version: str) -> list[int]:
    return [int(part) for part in version.removeprefix("v").split(".")]
