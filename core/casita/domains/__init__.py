"""What things of each domain can be asked to do: Home Assistant's words, fields and units."""

from __future__ import annotations

from typing import Final

from casita.domains import (
    alarm_control_panel,
    button,
    climate,
    cover,
    date_time,
    fan,
    homeassistant,
    humidifier,
    lawn_mower,
    light,
    lock,
    media_player,
    notify,
    number,
    remote,
    scene,
    select,
    siren,
    switch,
    text,
    update,
    vacuum,
    valve,
    water_heater,
    weather,
)
from casita.plugin import Plugin
from casita.services import Service

_OF_ONE_DOMAIN: Final = tuple(
    service
    for module in (
        alarm_control_panel, button, climate, cover, date_time, fan, humidifier, lawn_mower, light,
        lock, media_player, notify, number, remote, scene, select, siren, switch, text, update,
        vacuum, valve, water_heater, weather,
    )
    for service in module.SERVICES
)  # fmt: skip
SERVICES: Final[tuple[Service, ...]] = (*_OF_ONE_DOMAIN, *homeassistant.across(_OF_ONE_DOMAIN))

plugin = Plugin("domains", version="0.1.0")
for _service in SERVICES:
    plugin.add_service(_service)
