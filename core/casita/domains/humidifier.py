"""Humidifiers and dehumidifiers."""

from __future__ import annotations

from typing import Final

import voluptuous as vol

from casita.domains.fields import percentage
from casita.domains.fitting import Attributes, Data, check_range, choosing, on_off
from casita.services import Service
from casita_config.schemas import string


def _check_humidity(attributes: Attributes, data: Data) -> Data:
    check_range(attributes, "min_humidity", "max_humidity", data["humidity"], "humidity")
    return data


SERVICES: Final = (
    *on_off("humidifier", what="a humidifier"),
    Service(
        domain="humidifier",
        name="set_humidity",
        schema=vol.Schema({vol.Required("humidity"): percentage}),
        prepare=_check_humidity,
        description="Set the wanted humidity, in percent.",
    ),
    Service(
        domain="humidifier",
        name="set_mode",
        schema=vol.Schema({vol.Required("mode"): string}),
        prepare=choosing(mode="available_modes"),
        description="Choose a mode.",
    ),
)
