"""Weather, now and to come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import voluptuous as vol

from casita.domains.weather import PERIODS
from casita.entities import Value
from casita.errors import CommandFailed
from casita.services import Command, Outcome, Status
from casita_automations.template_entities.entity import TemplateEntity
from casita_automations.template_entities.results import Unusable, number, one_of
from casita_automations.values import jsonable
from casita_config.schemas import string

_CONDITIONS: Final = (
    "clear-night", "cloudy", "exceptional", "fog", "hail", "lightning", "lightning-rainy",
    "partlycloudy", "pouring", "rainy", "snowy", "snowy-rainy", "sunny", "windy",
    "windy-variant",
)  # fmt: skip
_NUMBERS: Final = (
    "temperature", "apparent_temperature", "dew_point", "humidity", "ozone", "cloud_coverage",
    "uv_index", "pressure", "wind_gust_speed", "wind_speed", "visibility",
)  # fmt: skip
_UNITS: Final[Mapping[str, str]] = {
    "temperature_unit": "°C", "pressure_unit": "hPa", "wind_speed_unit": "km/h",
    "visibility_unit": "km", "precipitation_unit": "mm",
}  # fmt: skip
_FORECASTS: Final = tuple(f"forecast_{period}" for period in PERIODS)


class Weather(TemplateEntity):
    """The weather as templates tell it."""

    kind = "weather"
    fields: ClassVar[Mapping[str, str | None]] = {
        "condition": None,
        **dict.fromkeys(_NUMBERS),
        "wind_bearing": "wind_bearing",
        "attribution": "attribution",
        **dict.fromkeys(_FORECASTS),
    }
    required = ("condition", "temperature", "humidity")
    settings: ClassVar[Mapping[Any, Any]] = {
        vol.Optional(name, default=usual): string for name, usual in _UNITS.items()
    }

    def able(self) -> dict[str, Any]:
        features = sum(1 << n for n, name in enumerate(_FORECASTS) if name in self.item.fields)
        units = {name: self.item.settings[name] for name in _UNITS}
        return {**super().able(), **units, "supported_features": features}

    def value(self) -> Value:
        return self.read("condition", one_of(_CONDITIONS))

    def details(self) -> dict[str, Any]:
        return {
            **{name: self.read(name, number) for name in _NUMBERS if name in self.item.fields},
            "wind_bearing": self.result("wind_bearing"),
            "attribution": self._text(self.result("attribution")),
        }

    def command(self, command: Command) -> Outcome | None:
        period = command.data["type"]
        name = f"forecast_{period}"
        if name not in self.item.fields:
            raise CommandFailed(f"{self.entity_id} has no {period} forecast")
        return Outcome(
            status=Status.DONE,
            response={"forecast": jsonable(self.read(name, _forecast) or [])},
        )


def _forecast(result: Any) -> list[Mapping[str, Any]]:
    """Return the hours or days of a forecast, each a mapping."""
    if not isinstance(result, list) or not all(isinstance(one, Mapping) for one in result):
        raise Unusable("a list of mappings, as [{'datetime': ..., 'temperature': ...}]")
    return result
