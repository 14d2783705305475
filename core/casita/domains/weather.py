"""Weather, now and to come."""

from __future__ import annotations

from typing import Final

import voluptuous as vol

from casita.services import Service

PERIODS: Final = ("daily", "hourly", "twice_daily")
"""What a forecast can be asked by; bits 1, 2 and 4 of ``supported_features``."""

SERVICES: Final = (
    Service(
        domain="weather",
        name="get_forecasts",
        schema=vol.Schema({vol.Required("type"): vol.In(PERIODS)}),
        description="Answer with the forecast: a list of hours or days under `forecast`.",
    ),
)
