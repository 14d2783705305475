"""What a Kafka broker has in the configuration, beside what every broker has."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import voluptuous as vol

from casita_config.schemas import boolean, duration, positive_int, slug, string

_TLS: Final = "kafka+tls://"
_MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")

_SESSION: Final = vol.Range(min=timedelta(seconds=1), max=timedelta(minutes=5))
_DISCOVER: Final = vol.Range(min=timedelta(milliseconds=100), max=timedelta(minutes=5))
_TIMEOUT: Final = vol.Range(min=timedelta(seconds=1), max=timedelta(seconds=20))

SCHEMA: Final = vol.Schema(
    {
        vol.Optional("prefix", default="casita"): slug,
        vol.Optional("username"): string,
        vol.Optional("password"): string,
        vol.Optional("mechanism", default="PLAIN"): vol.In(_MECHANISMS),
        vol.Optional("certificate"): string,
        vol.Optional("partitions", default=6): positive_int,
        vol.Optional("replicas", default=1): positive_int,
        vol.Optional("idempotent", default=True): boolean,
        vol.Optional("session", default="10s"): vol.All(duration, _SESSION),
        vol.Optional("discover", default="10s"): vol.All(duration, _DISCOVER),
        vol.Optional("timeout", default="15s"): vol.All(duration, _TIMEOUT),
    }
)


def connection(url: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what every client of Kafka is made with: where it is, and who we are."""
    tls = url.startswith(_TLS)
    sasl = "username" in options
    found: dict[str, Any] = {
        "bootstrap_servers": url.partition("://")[2],
        "security_protocol": ("SASL_" if sasl else "") + ("SSL" if tls else "PLAINTEXT"),
    }
    if tls:
        found["ssl_context"] = ssl.create_default_context(cafile=options.get("certificate"))
    if sasl:
        found["sasl_mechanism"] = options["mechanism"]
        found["sasl_plain_username"] = options["username"]
        found["sasl_plain_password"] = options.get("password", "")
    return found
