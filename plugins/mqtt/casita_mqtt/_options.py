"""The options of the plugin, as they stand under ``plugins: mqtt:``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import voluptuous as vol

from casita.ids import new_id
from casita_mqtt._topics import valid_filter, valid_topic

_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """A message that the hub says of itself: its birth, and its last will."""

    topic: str
    payload: str
    qos: int = 0
    retain: bool = False


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach the broker, and who the hub is there."""

    host: str
    port: int = 1883
    tls: bool = False
    certificate: str | None = None
    """File with the certificates to trust; None: those of the system."""
    client_cert: str | None = None
    client_key: str | None = None
    username: str | None = None
    password: str | None = None
    client_id: str
    keepalive_s: int = 60
    protocol: str = "3.1.1"
    discovery: bool = True
    discovery_prefix: str = "homeassistant"
    birth: Word | None = None
    will: Word | None = None

    @property
    def address(self) -> str:
        """The broker as a person writes it, without secrets."""
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Settings:
        """Make settings of options that have passed `OPTIONS`."""
        parts = urlsplit(options["broker"])
        return cls(
            host=parts.hostname or "",
            port=parts.port or _PORTS[parts.scheme],
            tls=parts.scheme == "mqtts",
            certificate=options.get("certificate"),
            client_cert=options.get("client_cert"),
            client_key=options.get("client_key"),
            username=options.get("username"),
            password=options.get("password"),
            client_id=options.get("client_id") or f"casita-{new_id()}",
            keepalive_s=options["keepalive"],
            protocol=options["protocol"],
            discovery=options["discovery"],
            discovery_prefix=options["discovery_prefix"],
            birth=_word(options["birth"], "online"),
            will=_word(options["will"], "offline"),
        )


def _word(option: Mapping[str, Any] | None, payload: str) -> Word | None:
    return None if option is None else Word(**{"payload": payload, **option})


def _broker(value: Any) -> str:
    """Accept the address of a broker. What is before an @ is never repeated: it may be secret."""
    text = value if isinstance(value, str) else ""
    if "@" in text:
        raise vol.Invalid("give username and password as options of their own, not in the address")
    parts = urlsplit(text)
    try:
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        port_is_fine = False
    if parts.scheme not in _PORTS or not parts.hostname or not port_is_fine:
        raise vol.Invalid(
            f"{value!r} is no broker; it has the form mqtt://host:port, or mqtts:// with TLS"
        )
    return text


def topic(check: Callable[[str], str]) -> Callable[[Any], str]:
    """Return a schema for a topic that passes a check."""

    def accept(value: Any) -> str:
        try:
            return check(value if isinstance(value, str) else "")
        except ValueError as err:
            raise vol.Invalid(str(err)) from err

    return accept


def scalar_text(value: Any) -> str:
    """Accept a text, or a number or truth value that stands for one."""
    if isinstance(value, (str, int, float)):
        return str(value)
    raise vol.Invalid("a text is needed")


def encoding(value: Any) -> str:
    """Accept the name of a text encoding; the empty text means: leave the bytes alone."""
    text = scalar_text(value)
    try:
        "".encode(text or "utf-8")
    except LookupError as err:
        raise vol.Invalid(f"{text!r} is no encoding that is known here") from err
    return text


QOS: Final = vol.All(vol.Coerce(int), vol.In((0, 1, 2)))
_PORTION: Final = {
    vol.Required("topic"): topic(valid_topic),
    vol.Optional("payload"): scalar_text,
    vol.Optional("qos"): QOS,
    vol.Optional("retain"): bool,
}
_STATUS: Final = {"topic": "homeassistant/status"}

OPTIONS: Final[Mapping[Any, Any]] = {
    vol.Optional("broker"): _broker,
    vol.Optional("username"): scalar_text,
    vol.Optional("password"): scalar_text,
    vol.Optional("client_id"): vol.All(str, vol.Length(min=1, max=64)),
    vol.Optional("certificate"): str,
    vol.Inclusive("client_cert", "client"): str,
    vol.Inclusive("client_key", "client"): str,
    vol.Optional("keepalive", default=60): vol.All(int, vol.Range(min=5, max=65_535)),
    vol.Optional("protocol", default="3.1.1"): vol.All(scalar_text, vol.In(("3.1.1", "5"))),
    vol.Optional("discovery", default=True): bool,
    vol.Optional("discovery_prefix", default="homeassistant"): topic(valid_topic),
    vol.Optional("birth", default=_STATUS): vol.Any(None, _PORTION),
    vol.Optional("will", default=_STATUS): vol.Any(None, _PORTION),
}

PUBLISH: Final[Mapping[Any, Any]] = {
    vol.Required("topic"): topic(valid_topic),
    vol.Optional("payload", default=""): vol.Any(None, scalar_text, list, dict),
    vol.Optional("qos", default=0): QOS,
    vol.Optional("retain", default=False): vol.Coerce(bool),
}
"""Schema of the service ``mqtt.publish``."""

TRIGGER: Final[Mapping[Any, Any]] = {
    vol.Required("topic"): topic(valid_filter),
    vol.Optional("payload"): scalar_text,
    vol.Optional("value_template"): str,
    vol.Optional("encoding", default="utf-8"): encoding,
    vol.Optional("qos", default=0): QOS,
}
"""Schema of the trigger ``mqtt``."""
