"""What the configuration says of a broker: ``brokers: name: {url, publish, subscribe, ...}``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import msgspec
import voluptuous as vol

from casita.transport import BrokerKind, Plan
from casita_config.schemas import boolean, ensure_list, slug, string

_STATE_CHANGES: Final = "state.changed"
_PATTERNS: Final = vol.All(ensure_list, [string])
_HOMES: Final = vol.All(ensure_list, [slug])
_OWN_KEYS: Final = frozenset({"url", "home", "durable", "publish", "subscribe", "commands"})
_HIDDEN: Final = "***"

_PUBLISH: Final = vol.Schema(
    {
        vol.Optional("types", default=[_STATE_CHANGES]): _PATTERNS,
        vol.Optional("subjects", default=list): _PATTERNS,
        vol.Optional("labels", default=list): _HOMES,
        vol.Optional("to", default=list): _HOMES,
    }
)
_SUBSCRIBE: Final = vol.Schema(
    {
        vol.Optional("homes", default=list): _HOMES,
        vol.Optional("types", default=list): _PATTERNS,
        vol.Optional("subjects", default=list): _PATTERNS,
    }
)


def _or_nothing(schema: vol.Schema) -> Callable[[Any], Any]:
    """Take a key without a value for one whose value is all defaults."""
    return lambda value: schema({} if value is None else value)


COMMON: Final = vol.Schema(
    {
        vol.Required("url"): string,
        vol.Optional("home"): slug,
        vol.Optional("durable", default=False): boolean,
        vol.Optional("publish"): _or_nothing(_PUBLISH),
        vol.Optional("subscribe"): _or_nothing(_SUBSCRIBE),
        vol.Optional("commands", default=dict): {slug: _PATTERNS},
    },
    extra=vol.ALLOW_EXTRA,
)
"""The keys that every broker has; a kind adds its own."""


class Publishing(msgspec.Struct, frozen=True, kw_only=True):
    """What this home tells the others: all filters have to fit; an empty one fits everything."""

    types: Sequence[str]
    subjects: Sequence[str]
    labels: Sequence[str]
    to: Sequence[str]


class Subscribing(msgspec.Struct, frozen=True, kw_only=True):
    """What this home wants to hear."""

    homes: Sequence[str]
    types: Sequence[str]
    subjects: Sequence[str]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One broker, as it is configured."""

    name: str
    url: str
    home: str
    durable: bool
    publish: Publishing | None
    subscribe: Subscribing | None
    commands: Mapping[str, Sequence[str]]
    """By home, what it may command here; ``*`` allowed, but a lock is named in full."""
    options: Mapping[str, Any]
    member: str = ""
    """Which worker this is of the group that goes by the name of ``home``."""

    @property
    def shown_url(self) -> str:
        """The URL without what may be secret."""
        parts = urlsplit(self.url)
        if "@" not in parts.netloc:
            return self.url
        return urlunsplit(parts._replace(netloc=f"{_HIDDEN}@{parts.netloc.rpartition('@')[2]}"))

    def plan(self) -> Plan:
        """Return what is wanted of the transport."""
        return Plan(
            name=self.name,
            url=self.url,
            home=self.home,
            publishes=self.publish is not None,
            to=tuple(self.publish.to) if self.publish else (),
            subscribes=self.subscribe is not None,
            homes=tuple(self.subscribe.homes) if self.subscribe else (),
            member=self.member,
            durable=self.durable,
            options=self.options,
        )


def for_worker(given: Mapping[str, Any], group: str) -> Mapping[str, Any]:
    """Return what a worker makes of a broker's settings: it listens, and goes by its group.

    Raises `vol.Invalid` where they are for a home.
    """
    for key in ("publish", "commands"):
        if given.get(key):
            message = f"a worker has no devices: leave out '{key}:', it is for homes"
            raise vol.Invalid(message, path=[key])
    subscribe = given.get("subscribe", _SUBSCRIBE({}))
    return {**given, "home": group, "subscribe": subscribe}


def settings_of(
    name: str, given: Mapping[str, Any], kind: BrokerKind, home: str, *, member: str = ""
) -> Settings:
    """Make settings of what `COMMON` has let through; ``home`` is this one's name by default.

    Raises `vol.Invalid` if the kind of broker does not take its own options, or needs more.
    """
    options = kind.schema({key: one for key, one in given.items() if key not in _OWN_KEYS})
    publish, subscribe = given.get("publish"), given.get("subscribe")
    if publish is not None and not kind.fans_out and not publish["to"]:
        raise vol.Invalid(
            "this kind of broker does not spread messages by itself: name the homes and "
            "services that are to get them, as 'to: [cabin]'",
            path=["publish", "to"],
        )
    return Settings(
        name=name,
        url=given["url"],
        home=given.get("home", home),
        durable=given["durable"],
        publish=Publishing(**publish) if publish is not None else None,
        subscribe=Subscribing(**subscribe) if subscribe is not None else None,
        commands=given["commands"],
        options=options,
        member=member,
    )
