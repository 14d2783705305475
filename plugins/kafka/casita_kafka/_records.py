"""CloudEvents as Kafka's records: attributes in headers, the data as the value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from casita.clock import Clock
from casita.cloudevents import CloudEvent, NotACloudEvent, from_headers, from_json, to_headers

_PREFIX: Final = "ce_"
_CONTENT_TYPE: Final = "content-type"
_JSON: Final = "application/json"
_STRUCTURED: Final = "application/cloudevents"
_JSON_HEADER: Final = (_CONTENT_TYPE, _JSON.encode())

Headers = Sequence[tuple[str, bytes]]


def to_record(event: CloudEvent) -> tuple[list[tuple[str, bytes]], bytes]:
    """Return the headers and the value of a record, in binary mode."""
    attributes, body = to_headers(event)
    headers = [(_PREFIX + name, text.encode()) for name, text in attributes.items()]
    headers.append(_JSON_HEADER)
    return headers, body


def from_record(headers: Headers, value: bytes | None, clock: Clock) -> CloudEvent:
    """Read a record, in binary or structured mode. Raises `NotACloudEvent`."""
    try:
        texts = {name.lower(): raw.decode() for name, raw in headers}
    except UnicodeDecodeError as err:
        raise NotACloudEvent("a header is no UTF-8") from err
    content_type = texts.get(_CONTENT_TYPE, "")
    body = value or b""
    if f"{_PREFIX}specversion" not in texts:
        if content_type and not content_type.startswith((_STRUCTURED, _JSON)):
            raise NotACloudEvent(f"content-type {content_type}, and no ce_ headers")
        return from_json(body, now=clock.now())
    attributes = {
        name.removeprefix(_PREFIX): text for name, text in texts.items() if name.startswith(_PREFIX)
    }
    return from_headers(attributes, content_type or _JSON, body, now=clock.now())
