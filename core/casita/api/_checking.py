"""Checks what a request brings against what its route declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from email import message_from_bytes
from email.policy import HTTP
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
import voluptuous as vol

from casita.api._errors import Refused
from casita.errors import did_you_mean

MULTIPART: Final = "multipart/form-data"
FORMS: Final = frozenset({MULTIPART, "application/x-www-form-urlencoded"})
"""Content types of forms."""
_MOST_FIELDS: Final = 1000
_LONGEST_PATH: Final = 100
_TOKEN_NAMES: Final = frozenset({"token", "access_token", "api_key", "apikey", "authorization"})


def checked(schema: vol.Schema, data: Mapping[str, Any], *, what: str) -> Mapping[str, Any]:
    """Return data as its schema has it. Raises `Refused`, naming the field that is wrong."""
    try:
        result: Mapping[str, Any] = schema(dict(data))
    except vol.MultipleInvalid as err:
        raise _refused(schema, err.errors[0], what) from err
    return result


def decoded(raw: bytes) -> Mapping[str, Any]:
    """Return the JSON object that a body is; an empty body is an empty object."""
    if not raw:
        return {}
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as err:
        raise Refused(400, "invalid_json", f"the body is no JSON: {err}") from err
    if not isinstance(body, dict):
        raise Refused(400, "invalid_json", "the body has to be a JSON object")
    return body


def form_of(content_type: str, raw: bytes) -> dict[str, Any]:
    """Return the fields of a form, without files: a text for each, a list where there are many.

    Raises `Refused` if it is none.
    """
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == MULTIPART:
            return _gathered(_parts(content_type, raw))
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        return _gathered(pairs)
    except (ValueError, LookupError) as err:
        raise Refused(400, "invalid_form", f"the body is no form: {err}") from err


def _parts(content_type: str, raw: bytes) -> list[tuple[str, str]]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = message_from_bytes(head + raw, policy=HTTP)
    parts = list(message.iter_parts()) if message.is_multipart() else []
    if len(parts) > _MOST_FIELDS:
        raise ValueError(f"it has more than {_MOST_FIELDS} fields")
    found = []
    for part in parts:
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str) and part.get_filename() is None:
            content = part.get_payload(decode=True)
            found.append((name, content.decode() if isinstance(content, bytes) else ""))
    return found


def query_of(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return a query: a text for each key, a list of texts where a key stands repeatedly.

    Raises `Refused` if it holds a token: what stands in a URL ends up in histories and logs.
    """
    given = list(pairs)
    for key, _ in given:
        if key.lower() in _TOKEN_NAMES:
            raise Refused(
                400, "token_in_url",
                "a token in a URL is refused; send it as the header `Authorization: Bearer ...`",
                field=key,
            )  # fmt: skip
    return _gathered(given)


def _gathered(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key not in found:
            found[key] = value
        elif isinstance(found[key], list):
            found[key].append(value)
        else:
            found[key] = [found[key], value]
    return found


def _refused(schema: vol.Schema, err: vol.Invalid, what: str) -> Refused:
    path = ".".join(str(part) for part in err.path)[:_LONGEST_PATH]
    message = err.error_message
    if message == "extra keys not allowed":
        known = [str(key) for key in schema.schema] if len(err.path) == 1 else []
        message = f"there is no such field.{did_you_mean(path, known)}"
        if not known and len(err.path) == 1:
            message = f"this route takes no {what}"
    return Refused(400, f"invalid_{what}", f"{path or what}: {message}", field=path or None)
