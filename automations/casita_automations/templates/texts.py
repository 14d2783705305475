"""Texts, lists and JSON in templates."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import struct
import urllib.parse
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from awesomeversion import AwesomeVersion
from jinja2 import Undefined, pass_context
from jinja2.runtime import Context

from casita.events import State
from casita.ids import slugify
from casita_automations.templates.words import NO_DEFAULT, Words, or_default

if TYPE_CHECKING:
    from casita_automations.templates.environment import Environment


def words(environment: Environment) -> Words:
    """Return the words about texts, lists and JSON."""
    found = Words()
    for name, function in (
        ("slugify", slug), ("ordinal", ordinal), ("md5", _digest("md5")),
        ("sha1", _digest("sha1")), ("sha256", _digest("sha256")), ("sha512", _digest("sha512")),
        ("iif", iif), ("set", as_set), ("tuple", as_tuple), ("pack", pack), ("unpack", unpack),
        ("flatten", flatten), ("zip", zip), ("shuffle", shuffle),
        ("merge_response", merge_response), ("combine", combine), ("intersect", intersect),
        ("difference", difference), ("union", union),
        ("symmetric_difference", symmetric_difference), ("version", AwesomeVersion),
    ):  # fmt: skip
        found.add(name, function, filter=True)
    found.functions["urlencode"] = urlencode
    found.filters |= {
        "to_json": to_json, "from_json": from_json, "ordinal": ordinal,
        "base64_encode": base64_encode, "base64_decode": base64_decode,
        "from_hex": bytes.fromhex, "is_defined": is_defined, "contains": contains, "random": pick,
        "regex_match": regex_match, "regex_search": regex_search,
        "regex_replace": regex_replace, "regex_findall": regex_findall,
        "regex_findall_index": regex_findall_index,
    }  # fmt: skip
    found.tests |= {
        "match": regex_match,
        "search": regex_search,
        "contains": contains,
        "list": lambda value: isinstance(value, list),
        "set": lambda value: isinstance(value, set),
        "tuple": lambda value: isinstance(value, tuple),
        "string_like": lambda value: isinstance(value, str | bytes | bytearray),
        "datetime": lambda value: isinstance(value, datetime),
    }
    return found


def slug(value: Any, separator: str = "_") -> str:
    """Return a text as words of small letters and digits."""
    text = str(value)
    if not any(one.isalnum() for one in text):
        return "unknown" if text else ""
    return slugify(text).replace("_", separator)


def ordinal(value: Any) -> str:
    """Return ``1st`` for 1, and so on; by the last two digits of what is written."""
    text = str(value)
    if int(text[-2:]) % 100 in (11, 12, 13):
        return f"{text}th"
    return text + {1: "st", 2: "nd", 3: "rd"}.get(int(text[-1]), "th")


def iif(value: Any, if_true: Any = True, if_false: Any = False, if_none: Any = NO_DEFAULT) -> Any:
    """Return one value or another."""
    if value is None and if_none is not NO_DEFAULT:
        return if_none
    return if_true if bool(value) else if_false


def is_defined(value: Any) -> Any:
    """Return a value; fail if there is none under its name."""
    if isinstance(value, Undefined):
        value()
    return value


def contains(seq: Any, value: Any) -> bool:
    """Say whether a list or a text holds a value."""
    return value in seq


def as_set(*args: Any) -> set[Any]:
    """Return a set."""
    return set(*args)


def as_tuple(*args: Any) -> tuple[Any, ...]:
    """Return a tuple."""
    return tuple(*args)


def flatten(value: Iterable[Any], levels: int | None = None) -> list[Any]:
    """Return a list without the lists in it, so many levels deep."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f"flatten expects a list, got {value!r}")
    flat: list[Any] = []
    for item in value:
        if isinstance(item, list | tuple | set) and (levels is None or levels > 0):
            flat.extend(flatten(item, None if levels is None else levels - 1))
        else:
            flat.append(item)
    return flat


def shuffle(*args: Any, seed: Any = None) -> list[Any]:
    """Return a list, or several values, in another order; the same for the same seed."""
    if len(args) < 2 and not (args and isinstance(args[0], Iterable)):
        raise TypeError("shuffle expects a list, or several values")
    values = list(args)
    if isinstance(args[0], Iterable):
        values = list(args[0])
        seed = args[1] if len(args) > 1 and seed is None else seed
    random.Random(seed or None).shuffle(values)
    return values


@pass_context  # so that Jinja does not choose once and for all, when it compiles
def pick(_context: Context, values: Any) -> Any:
    """Return one of several values, by chance at each rendering."""
    return random.choice(values)


def intersect(first: Iterable[Any], second: Iterable[Any]) -> list[Any]:
    """Return what both lists hold."""
    return list(_members("intersect", first) & _members("intersect", second))


def difference(first: Iterable[Any], second: Iterable[Any]) -> list[Any]:
    """Return what the first list holds and the second does not."""
    return list(_members("difference", first) - _members("difference", second))


def union(first: Iterable[Any], second: Iterable[Any]) -> list[Any]:
    """Return what either list holds."""
    return list(_members("union", first) | _members("union", second))


def symmetric_difference(first: Iterable[Any], second: Iterable[Any]) -> list[Any]:
    """Return what one of the lists holds and not both."""
    name = "symmetric_difference"
    return list(_members(name, first) ^ _members(name, second))


def _members(name: str, values: Iterable[Any]) -> set[Any]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(f"{name} expects lists, got {values!r}")
    return set(values)


def combine(*args: Mapping[Any, Any], recursive: bool = False) -> dict[Any, Any]:
    """Return mappings joined into one; later ones win."""
    if not args:
        raise TypeError("combine expected at least 1 argument, got 0")
    result: dict[Any, Any] = {}
    for one in args:
        for key, value in one.items():
            both = recursive and isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
            result[key] = combine(result[key], value, recursive=True) if both else value
    return result


def merge_response(value: Mapping[str, Any]) -> list[Any]:
    """Return the answers of several entities as one list, each with its entity id.

    Where an answer is a single list, its items are taken, each with the list's name as
    ``value_key``.
    """
    if not isinstance(value, Mapping):
        raise TypeError("merge_response expects what a service has answered")
    merged: list[Any] = []
    lists = False
    for entity_id, response in value.items():
        if not isinstance(response, Mapping):
            raise TypeError(f"merge_response: the answer of {entity_id} is no mapping")
        found = next(iter(response.items())) if len(response) == 1 else (None, None)
        if isinstance(found[1], list):
            lists = True
            merged += [_told_by(entity_id, one, value_key=found[0]) for one in found[1]]
        elif not lists:
            merged.append(_told_by(entity_id, response))
    return merged


def _told_by(entity_id: str, item: Any, **more: Any) -> Any:
    if not isinstance(item, Mapping):
        return item
    if "entity_id" in item:
        raise ValueError("merge_response: an answer already holds the key 'entity_id'")
    return {**item, "entity_id": entity_id, **more}


# JSON, bytes, hashes


def to_json(
    value: Any,
    ensure_ascii: bool = False,
    pretty_print: bool = False,
    sort_keys: bool = False,
) -> str:
    """Return a value as JSON."""
    if ensure_ascii or pretty_print or sort_keys:
        return json.dumps(
            value, ensure_ascii=ensure_ascii, indent=2 if pretty_print else None,
            sort_keys=sort_keys, default=_plain, separators=None if pretty_print else (",", ":"),
        )  # fmt: skip
    return msgspec.json.encode(_with_text_keys(value), enc_hook=_plain).decode()


def _with_text_keys(value: Any) -> Any:
    """Return a value whose mappings have keys that JSON can hold."""
    if isinstance(value, dict):
        return {_key(key): _with_text_keys(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_text_keys(item) for item in value]
    return value


def _key(key: Any) -> Any:
    return json.dumps(key) if key is None or isinstance(key, bool | float) else key


def from_json(value: Any, default: Any = NO_DEFAULT) -> Any:
    """Return what a JSON text holds."""
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, TypeError):
        return or_default(default, "from_json", value)


def base64_encode(value: Any) -> str:
    """Return a text in base 64."""
    return base64.b64encode(value if isinstance(value, bytes) else value.encode()).decode()


def base64_decode(value: str, encoding: str | None = "utf-8") -> Any:
    """Return the text, or without an encoding the bytes, that base 64 stands for."""
    decoded = base64.b64decode(value)
    return decoded.decode(encoding) if encoding else decoded


def pack(value: Any, format_string: str) -> bytes | None:
    """Return a number as bytes in a `struct` format; None if it does not fit."""
    try:
        return struct.pack(format_string, value)
    except struct.error:
        return None


def unpack(value: bytes, format_string: str, offset: int = 0) -> Any:
    """Return the number that stands in bytes in a `struct` format; None if it does not fit."""
    try:
        return struct.unpack_from(format_string, value, offset)[0]
    except struct.error:
        return None


def urlencode(value: Any) -> bytes:
    """Return a mapping, or a list of pairs, as it stands in a web address."""
    return urllib.parse.urlencode(value).encode()


# Regular expressions, on an engine whose time is linear


def regex_match(value: Any, find: str = "", ignorecase: bool = False) -> bool:
    """Say whether a text begins with a match."""
    return _regex(find, ignorecase).match(str(value)) is not None


def regex_search(value: Any, find: str = "", ignorecase: bool = False) -> bool:
    """Say whether a text holds a match."""
    return _regex(find, ignorecase).search(str(value)) is not None


def regex_replace(
    value: Any = "", find: str = "", replace: str = "", ignorecase: bool = False
) -> str:
    """Return a text with its matches replaced."""
    return str(_regex(find, ignorecase).sub(replace, str(value)))


def regex_findall(value: Any, find: str = "", ignorecase: bool = False) -> list[Any]:
    """Return all matches in a text."""
    return list(_regex(find, ignorecase).findall(str(value)))


def regex_findall_index(
    value: Any, find: str = "", index: int = 0, ignorecase: bool = False
) -> Any:
    """Return one of the matches in a text."""
    return regex_findall(value, find, ignorecase)[index]


@lru_cache(maxsize=128)
def _regex(find: str, ignorecase: bool) -> Any:
    import re2  # type: ignore[import-untyped]  # it has no stubs; slow to import, seldom used

    options = re2.Options()
    options.case_sensitive = not ignorecase
    options.log_errors = False
    try:
        return re2.compile(find, options)
    except re2.error as err:
        why = err.args[0].decode() if isinstance(err.args[0], bytes) else err.args[0]
        raise ValueError(
            f"the pattern {find!r} cannot be used: {why}; lookaround and references such as \\1 "
            "in a pattern are not taken, as they can hang the house"
        ) from err


def _digest(name: str) -> Any:
    def digest(value: Any) -> str:
        return hashlib.new(name, str(value).encode(), usedforsecurity=False).hexdigest()

    return digest


def _plain(value: Any) -> Any:
    """Return something that JSON can hold in place of something that it cannot."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, set | tuple):
        return list(value)
    if isinstance(value, State):
        return {"entity_id": value.entity_id, "state": value.state,
                "attributes": dict(value.attributes)}  # fmt: skip
    if hasattr(value, "as_dict") and not isinstance(value, Undefined):
        return value.as_dict()
    raise TypeError(f"{type(value).__name__} has no form in JSON")
