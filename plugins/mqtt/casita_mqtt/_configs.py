"""What a device says of itself, as typed values: read once, at the edge."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from casita import DeviceInfo
from casita.errors import did_you_mean
from casita_mqtt._topics import valid_filter, valid_topic

Qos = Literal[0, 1, 2]
Positive = Annotated[float, Meta(gt=0)]
Words = tuple[str, ...]


class BadAnnouncement(ValueError):
    """What a device says of itself cannot be used; the text says why, for a person."""


class AvailabilityConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One topic that says whether the device can be reached."""

    topic: str
    payload_available: str = "online"
    payload_not_available: str = "offline"
    value_template: str | None = None


class DeviceConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The device that an entity belongs to."""

    identifiers: Words = ()
    connections: tuple[tuple[str, str], ...] = ()
    name: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    sw_version: str | None = None
    suggested_area: str | None = None
    via_device: str | None = None

    @property
    def keys(self) -> list[str]:
        """Everything that tells it from other devices."""
        return [*self.identifiers, *(f"{kind}:{value}" for kind, value in self.connections)]

    def info(self) -> DeviceInfo | None:
        """Return what the house is told of it; None if nothing tells it from others."""
        if not self.keys:
            return None
        return DeviceInfo(
            identifiers=self.keys,
            name=self.name or self.keys[0],
            manufacturer=self.manufacturer,
            model=self.model,
            sw_version=self.sw_version,
            suggested_area=self.suggested_area,
            via_identifier=self.via_device,
        )


class EntityConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What every component may say, under Home Assistant's names."""

    name: str | UnsetType | None = UNSET
    """None: the name of the device is its own; unset: it has said nothing."""
    unique_id: str | None = None
    object_id: str | None = None
    default_entity_id: str | None = None
    device: DeviceConfig | None = None
    device_class: str | None = None
    icon: str | None = None
    entity_picture: str | None = None
    enabled_by_default: bool = True
    encoding: str = "utf-8"
    qos: Qos = 0
    retain: bool = False
    optimistic: bool | None = None
    availability: tuple[AvailabilityConfig, ...] = ()
    availability_mode: Literal["all", "any", "latest"] = "latest"
    availability_topic: str | None = None
    availability_template: str | None = None
    payload_available: str = "online"
    payload_not_available: str = "offline"
    json_attributes_topic: str | None = None
    json_attributes_template: str | None = None

    def shown_name(self, otherwise: str) -> str | None:
        """Return the entity's name behind its device's; None: the device's name is its own."""
        if isinstance(self.name, str):
            return self.name
        if self.name is UNSET and self.device_class:
            return self.device_class.replace("_", " ").capitalize()
        if self.name is None and self.device is not None:
            return None
        return otherwise

    @property
    def wished_id(self) -> str | None:
        """The part of the entity id behind the dot that it would like to have."""
        if self.default_entity_id:
            return self.default_entity_id.partition(".")[2] or self.default_entity_id
        return self.object_id

    def availabilities(self) -> Sequence[AvailabilityConfig]:
        """Return the topics that say whether it can be reached, from both ways to give them."""
        if self.availability_topic is None:
            return self.availability
        return [
            AvailabilityConfig(
                topic=self.availability_topic,
                payload_available=self.payload_available,
                payload_not_available=self.payload_not_available,
                value_template=self.availability_template,
            )
        ]


_Struct = TypeVar("_Struct", bound=msgspec.Struct)


def read(type_: type[_Struct], document: Mapping[str, Any]) -> _Struct:
    """Return a document with full key names as a config of a type.

    Unknown keys are ignored, as Home Assistant does; numbers stand for texts where a text is
    needed. Raises `BadAnnouncement` that says what is wrong.
    """
    plan = _plan(type_)
    fitted = {
        key: plan[key].fit(value)
        for key, value in document.items()
        if key in plan and not (value is None and not plan[key].optional)
    }
    try:
        config = msgspec.convert(fitted, type_, strict=False)
    except msgspec.ValidationError as err:
        raise BadAnnouncement(_explained(str(err), document, plan)) from err
    _check_topics(config)
    return config


class _Field(NamedTuple):
    """How a value is made to fit a field before it is converted."""

    optional: bool
    text: bool
    texts: bool
    struct: type[msgspec.Struct] | None
    structs: type[msgspec.Struct] | None

    def fit(self, value: Any) -> Any:
        if self.text and isinstance(value, (bool, int, float)):
            return str(value)
        if self.texts:
            return [_as_text(one) for one in _as_list(value)]
        if self.structs is not None:
            return [_within(self.structs, one) for one in _as_list(value)]
        return _within(self.struct, value) if self.struct is not None else value


def _within(type_: type[msgspec.Struct], value: Any) -> Any:
    return read(type_, value) if isinstance(value, Mapping) else value


@lru_cache
def _plan(type_: type[msgspec.Struct]) -> dict[str, _Field]:
    hints = typing.get_type_hints(type_)
    return {field.name: _field(hints[field.name]) for field in msgspec.structs.fields(type_)}


def _field(hint: Any) -> _Field:
    union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    members = typing.get_args(hint) if union else (hint,)
    item = next(
        (typing.get_args(one)[0] for one in members if typing.get_origin(one) is tuple), None
    )
    struct = next((one for one in members if _is_struct(one)), None)
    return _Field(
        optional=type(None) in members,
        text=str in members,
        texts=item is str,
        struct=struct,
        structs=item if _is_struct(item) else None,
    )


def _is_struct(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, msgspec.Struct)


def _as_list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, (bool, int, float)) else value


def _explained(message: str, document: Mapping[str, Any], plan: Mapping[str, _Field]) -> str:
    what, _, place = message.partition(" - at `$")
    place = place.strip("`.").lstrip(".")
    prefix = "Object missing required field `"
    if what.startswith(prefix):
        missing = what.removeprefix(prefix).rstrip("`")
        strangers = [key for key in document if key not in plan]
        return f"{missing} is missing.{did_you_mean(missing, strangers)}"
    what = what.replace("`", "")
    return f"{place}: {what[:1].lower()}{what[1:]}" if place else what


_SPOKEN_TO: Final = ("command", "set_", "send_")


def _check_topics(config: msgspec.Struct) -> None:
    for name in _plan(type(config)):
        if not (name.endswith("_topic") or name == "topic"):
            continue
        value = getattr(config, name)
        if value is None:
            continue
        try:
            if any(word in name for word in _SPOKEN_TO):
                valid_topic(value)
            else:
                valid_filter(value)
        except ValueError as err:
            raise BadAnnouncement(f"{name}: {err}") from err
