"""CloudEvents 1.0: the form in which events go to other programs, as one JSON or with headers."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from casita.errors import CasitaError

CONTENT_TYPE: Final = "application/cloudevents+json; charset=utf-8"
LARGEST_BYTES: Final = 1024 * 1024
_VERSION: Final = "1.0"
_JSON: Final = "application/json"
_OWN: Final = frozenset(
    {"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema",
     "data", "data_base64"}
)  # fmt: skip
_encode: Final = msgspec.json.Encoder().encode

Extension = str | int | bool


class NotACloudEvent(CasitaError):
    """A message is not what the CloudEvents specification asks for."""


class CloudEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as programs that know nothing of Casita read it."""

    id: str
    """Unique within its source."""
    source: str
    """Who says it, as ``casita:cabin``."""
    type: str
    subject: str
    time: datetime
    """When it happened: aware."""
    data: Mapping[str, Any]
    extensions: Mapping[str, Extension] = {}
    """Further attributes: names of small letters and digits."""

    @property
    def key(self) -> str:
        """What tells it from every other event: source and id."""
        return f"{self.source} {self.id}"


def to_json(event: CloudEvent) -> bytes:
    """Return an event in structured mode: all of it in one JSON object."""
    attributes = {"specversion": _VERSION, **_attributes(event), "datacontenttype": _JSON}
    return _encode({**attributes, "data": event.data})


def from_json(text: bytes, *, now: datetime) -> CloudEvent:
    """Read an event in structured mode; ``now`` stands in for a time that it does not name.

    Raises `NotACloudEvent` that says what is wrong.
    """
    if len(text) > LARGEST_BYTES:
        raise NotACloudEvent(f"{len(text)} bytes; {LARGEST_BYTES} at most are taken")
    try:
        document = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
        raise NotACloudEvent(f"no JSON: {err}") from err
    if not isinstance(document, dict):
        raise NotACloudEvent("no JSON object")
    return _read(document, _data(document), now)


def to_headers(event: CloudEvent) -> tuple[dict[str, str], bytes]:
    """Return an event in binary mode: its attributes by name, and its data in JSON."""
    attributes = {"specversion": _VERSION, **_attributes(event)}
    return {key: _text(one) for key, one in attributes.items()}, _encode(event.data)


def from_headers(
    attributes: Mapping[str, str], content_type: str, body: bytes, *, now: datetime
) -> CloudEvent:
    """Read an event in binary mode. Raises `NotACloudEvent`."""
    if len(body) > LARGEST_BYTES:
        raise NotACloudEvent(f"{len(body)} bytes; {LARGEST_BYTES} at most are taken")
    return _read(attributes, _body(content_type, body), now)


def _attributes(event: CloudEvent) -> dict[str, Extension]:
    time = event.time if event.time.tzinfo is UTC else event.time.astimezone(UTC)
    return {
        "id": event.id, "source": event.source, "type": event.type, "subject": event.subject,
        "time": f"{time.isoformat()[:-6]}Z", **event.extensions,
    }  # fmt: skip


def _read(document: Mapping[str, Any], data: Any, now: datetime) -> CloudEvent:
    version = document.get("specversion")
    if version != _VERSION:
        raise NotACloudEvent(f"specversion: {version!r}; '1.0' is expected")
    for name in ("id", "source", "type"):
        if not isinstance(document.get(name), str) or not document[name]:
            raise NotACloudEvent(f"{name}: a text is expected")
    subject = document.get("subject", document["type"])
    if not isinstance(subject, str):
        raise NotACloudEvent("subject: a text is expected")
    return CloudEvent(
        id=document["id"],
        source=document["source"],
        type=document["type"],
        subject=subject,
        time=_time(document.get("time"), now),
        data=data if isinstance(data, dict) else {"value": data},
        extensions={
            key: one
            for key, one in document.items()
            if key not in _OWN and isinstance(one, str | int | bool)
        },
    )


def _data(document: Mapping[str, Any]) -> Any:
    if "data_base64" in document:
        return {"base64": document["data_base64"]}
    return document.get("data", {})


def _body(content_type: str, body: bytes) -> Any:
    kind = content_type.partition(";")[0].strip().lower()
    if not body:
        return {}
    if kind == _JSON or kind.endswith("+json"):
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
            raise NotACloudEvent(f"data: no JSON: {err}") from err
    try:
        return body.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


def _time(value: Any, now: datetime) -> datetime:
    if value is None:
        return now
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError) as err:
        raise NotACloudEvent(f"time: {value!r}; RFC 3339 is expected") from err
    if time.tzinfo is None:
        raise NotACloudEvent(f"time: {value!r} names no time zone")
    return time.astimezone(UTC)


def _text(value: Extension) -> str:
    if isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)
