"""Checks what a request brings against what its route declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
import voluptuous as vol

from casita.api._errors import Refused
from casita.errors import did_you_mean

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


def query_of(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return a query: a text for each key, a list of texts where a key stands repeatedly.

    Raises `Refused` if it holds a token: what stands in a URL ends up in histories and logs.
    """
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key.lower() in _TOKEN_NAMES:
            raise Refused(
                400, "token_in_url",
                "a token in a URL is refused; send it as the header `Authorization: Bearer ...`",
                field=key,
            )  # fmt: skip
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
