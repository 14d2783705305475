"""The hub's own parts of the configuration: home, http, log, network."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import voluptuous as vol

from casita_config._sentences import shown
from casita_config.schemas import (
    boolean,
    ensure_list,
    latitude,
    longitude,
    number,
    port,
    positive_int,
    size_bytes,
    string,
    time_zone,
)

DEFAULT_PORT: Final = 8723
_LOOPBACK: Final = "127.0.0.1"
_EVERYWHERE: Final = "0.0.0.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeSettings:
    """What is said of the house itself."""

    name: str = "Home"
    latitude: float | None = None
    """Degrees, north positive."""
    longitude: float | None = None
    """Degrees, east positive."""
    elevation_m: float = 0.0
    time_zone: str = "UTC"
    country: str | None = None
    """Two letters, as ``DE``."""
    currency: str = "EUR"
    unit_system: Literal["metric", "us_customary"] = "metric"
    language: str = "en"

    @property
    def zone(self) -> ZoneInfo:
        """The time zone, to convert times with."""
        return ZoneInfo(self.time_zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """Where the HTTP API answers, and to whom."""

    host: str = _LOOPBACK
    port: int = DEFAULT_PORT
    """0: any that is free."""
    open_to_lan: bool = False
    allowed_hosts: tuple[str, ...] = ()
    """Names, beside its addresses, under which it may be called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """How much of the past is kept."""

    days: int | None = 30
    """None: for ever."""
    max_bytes: int | None = 2 * 10**9
    """None: as much as there is room for."""
    folder: str = ".casita"
    """Where the hub keeps its data, relative to the configuration folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """How the hub listens to the local network."""

    interfaces: tuple[str, ...] = ()
    """IP addresses of the machine to listen on; none: all."""


def _country(value: Any) -> str:
    text = str(value).upper()
    if isinstance(value, bool) or len(text) != 2 or not text.isalpha() or not text.isascii():
        raise vol.Invalid(f"{shown(value)} is not a country; use two letters in quotes, as 'DE'")
    return text


def _unit_system(value: Any) -> str:
    if value == "imperial":
        return "us_customary"
    if value not in ("metric", "us_customary"):
        raise vol.Invalid(f"{shown(value)} is none of: metric, us_customary")
    return str(value)


def _address(value: Any) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise vol.Invalid(f"{shown(value)} is not an IP address of this machine") from None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _http(value: dict[str, Any]) -> HttpSettings:
    settings = HttpSettings(
        **{"host": _EVERYWHERE if value.get("open_to_lan") else _LOOPBACK, **value}
    )
    if not settings.open_to_lan and not _is_loopback(settings.host):
        raise vol.Invalid(
            f"{settings.host!r} is open to the network; add 'open_to_lan: true' if you mean it",
            path=["host"],
        )
    return settings


def _log(value: dict[str, Any]) -> LogSettings:
    given = {"max_bytes" if key == "max_size" else key: item for key, item in value.items()}
    if given.get("days") == 0:
        given["days"] = None
    return LogSettings(**given)


def _home(value: dict[str, Any]) -> HomeSettings:
    given = {"elevation_m" if key == "elevation" else key: item for key, item in value.items()}
    return HomeSettings(**given)


def _network(value: dict[str, Any]) -> NetworkSettings:
    return NetworkSettings(interfaces=tuple(value.get("interfaces", ())))


def _tuple(value: list[str]) -> tuple[str, ...]:
    return tuple(value)


HOME: Final = vol.Schema(
    vol.All(
        {
            "name": string,
            "latitude": latitude,
            "longitude": longitude,
            "elevation": number,
            "time_zone": time_zone,
            "country": _country,
            "currency": string,
            "unit_system": _unit_system,
            "language": string,
        },
        _home,
    )
)
HTTP: Final = vol.Schema(
    vol.All(
        {
            "host": string,
            "port": port,
            "open_to_lan": boolean,
            "allowed_hosts": vol.All(ensure_list, [string], _tuple),
        },
        _http,
    )
)
LOG: Final = vol.Schema(
    vol.All(
        {
            "days": vol.Maybe(positive_int),
            "max_size": vol.Maybe(size_bytes),
            "folder": string,
        },
        _log,
    )
)
NETWORK: Final = vol.Schema(
    vol.All({"interfaces": vol.All(ensure_list, [_address])}, _network),
)

HOME_ASSISTANT_HOME: Final = frozenset(
    {
        "allowlist_external_dirs", "allowlist_external_urls", "auth_mfa_modules",
        "auth_providers", "customize", "customize_domain", "customize_glob", "debug",
        "external_url", "internal_url", "legacy_templates", "media_dirs", "radius",
        "temperature_unit", "whitelist_external_dirs",
    }
)  # fmt: skip
"""Keys of Home Assistant's ``homeassistant:`` that mean nothing here."""
HOME_ASSISTANT_HTTP: Final = frozenset(
    {
        "base_url", "cors_allowed_origins", "ip_ban_enabled", "login_attempts_threshold",
        "server_host", "server_port", "ssl_certificate", "ssl_key", "ssl_peer_certificate",
        "ssl_profile", "trusted_proxies", "use_x_forwarded_for", "use_x_frame_options",
    }
)  # fmt: skip
"""Keys of Home Assistant's ``http:`` that mean nothing here."""
