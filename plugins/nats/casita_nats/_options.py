"""What a NATS broker has in the configuration, beside what every broker has."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import voluptuous as vol

from casita_config.schemas import duration, positive_int, slug, string

_DAYS: Final = "7d"
_TIMEOUT: Final = vol.Range(min=timedelta(seconds=1), max=timedelta(seconds=20))


def _url(value: Any) -> str:
    text = string(value)
    if not text.startswith(("http://", "https://")):
        raise vol.Invalid("expected the address of the monitor, as 'http://127.0.0.1:8222'")
    return text.rstrip("/")


SCHEMA: Final = vol.Schema(
    {
        vol.Optional("prefix", default="casita"): slug,
        vol.Optional("username"): string,
        vol.Optional("password"): string,
        vol.Optional("token"): string,
        vol.Optional("credentials"): string,
        vol.Optional("certificate"): string,
        vol.Optional("replicas", default=1): vol.All(positive_int, vol.Range(max=5)),
        vol.Optional("keep", default=_DAYS): duration,
        vol.Optional("monitor"): _url,
        vol.Optional("timeout", default="15s"): vol.All(duration, _TIMEOUT),
    }
)
