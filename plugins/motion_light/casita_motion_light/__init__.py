"""Light while there is motion, off once it has been quiet for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

import voluptuous as vol

from casita import Changed, Mode, Plugin, duration, entity

if TYPE_CHECKING:
    from casita_automations.handlers import RunHome, Settings

plugin = Plugin("motion_light", version="0.1.0")


@plugin.automation(
    config={
        vol.Required("sensor"): entity("binary_sensor"),
        vol.Required("light"): entity("light"),
        vol.Optional("hold", default="5m"): duration,
    },
    on=Changed("{sensor}", to="on"),
    mode=Mode.RESTART,
)
async def motion_light(event: Changed, config: Settings, home: RunHome) -> None:
    """Light while there is motion, off once it has been quiet for `hold`."""
    await home.call("light.turn_on", config.light)
    await home.wait(Changed(config.sensor, to="off", held=config.hold), timeout="2h")
    await home.call("light.turn_off", config.light)
