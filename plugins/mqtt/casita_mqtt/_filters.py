"""The filters, tests and functions that Home Assistant's templates know and Jinja does not."""

from __future__ import annotations

import base64
import binascii
import json
import math
import statistics
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from jinja2 import Undefined, UndefinedError
from jinja2.exceptions import SecurityError

from casita.ids import slugify
from casita_mqtt._message import NO_JSON, json_of

_MISSING: Final = object()
_REGEX_LIMIT: Final = 1_000


def _float(value: Any, default: Any = _MISSING) -> Any:
    return _number(float, value, default)


def _int(value: Any, default: Any = _MISSING, base: int = 10) -> Any:
    def convert(one: Any) -> int:
        if isinstance(one, str):
            try:
                return int(one, base)
            except ValueError:
                return int(float(one))
        return int(one)

    return _number(convert, value, default)


def _number(convert: Callable[[Any], Any], value: Any, default: Any) -> Any:
    try:
        return convert(value)
    except (TypeError, ValueError, OverflowError):
        if default is _MISSING:
            raise ValueError(f"{value!r} is no number, and no default was given") from None
        return default


def _round(value: Any, precision: int = 0, method: str = "common", default: Any = _MISSING) -> Any:
    try:
        number = float(value)
        factor = 10.0**precision
        if method == "ceil":
            number = math.ceil(number * factor) / factor
        elif method == "floor":
            number = math.floor(number * factor) / factor
        elif method == "half":
            number = round(number * 2) / 2
        else:
            number = round(number, precision)
    except (TypeError, ValueError, OverflowError):
        if default is _MISSING:
            raise ValueError(f"{value!r} cannot be rounded, and no default was given") from None
        return default
    return int(number) if precision == 0 else number


def _bool(value: Any, default: Any = _MISSING) -> Any:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in ("1", "true", "yes", "on", "enable"):
        return True
    if word in ("0", "false", "no", "off", "disable"):
        return False
    if default is _MISSING:
        raise ValueError(f"{value!r} is neither true nor false, and no default was given")
    return default


def _is_number(value: Any) -> bool:
    try:
        return math.isfinite(float(value))
    except (TypeError, ValueError):
        return False


def _multiply(value: Any, amount: Any, default: Any = _MISSING) -> Any:
    return _number(lambda one: float(one) * amount, value, default)


def _add(value: Any, amount: Any, default: Any = _MISSING) -> Any:
    return _number(lambda one: float(one) + amount, value, default)


def _iif(value: Any, yes: Any = True, no: Any = False, neither: Any = _MISSING) -> Any:
    if value is None and neither is not _MISSING:
        return neither
    return yes if bool(value) else no


def _is_defined(value: Any) -> Any:
    """Fail where a value is missing, so that the message is ignored."""
    if isinstance(value, Undefined):
        raise UndefinedError(value._undefined_message)
    return value


def _from_json(text: Any, default: Any = _MISSING) -> Any:
    value = json_of(text)
    if value is not NO_JSON:
        return value
    if default is _MISSING:
        raise ValueError(f"{str(text)[:100]!r} is not JSON")
    return default


def _to_json(value: Any, pretty_print: bool = False, sort_keys: bool = False) -> str:
    return json.dumps(
        value,
        ensure_ascii=False,
        sort_keys=sort_keys,
        indent=2 if pretty_print else None,
        separators=None if pretty_print else (",", ":"),
    )


def _as_datetime(value: Any, default: Any = _MISSING) -> Any:
    try:
        if isinstance(value, datetime):
            return value
        if _is_number(value):
            return datetime.fromtimestamp(float(value), UTC)
        return datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        if default is _MISSING:
            raise ValueError(f"{value!r} is no time, and no default was given") from None
        return default


def _as_timestamp(value: Any, default: Any = _MISSING) -> Any:
    try:
        moment = _as_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except ValueError:
        if default is _MISSING:
            raise
        return default


def _as_local(value: datetime) -> datetime:
    return value.astimezone()


def _timestamp_utc(value: Any, default: Any = _MISSING) -> Any:
    moment = _as_datetime(value, default)
    return moment.isoformat() if isinstance(moment, datetime) else moment


def _timestamp_local(value: Any, default: Any = _MISSING) -> Any:
    moment = _as_datetime(value, default)
    return moment.astimezone().isoformat() if isinstance(moment, datetime) else moment


def _timestamp_custom(
    value: Any, format: str = "%Y-%m-%d %H:%M:%S", local: bool = True, default: Any = _MISSING
) -> Any:
    moment = _as_datetime(value, default)
    if not isinstance(moment, datetime):
        return moment
    return (moment.astimezone() if local else moment).strftime(format)


def _strptime(text: str, format: str, default: Any = _MISSING) -> Any:
    try:
        return datetime.strptime(text, format).replace(tzinfo=UTC)
    except (TypeError, ValueError):
        if default is _MISSING:
            raise
        return default


def _regex(find: str) -> Any:
    """Compile an expression for the engine whose time is linear, whatever the expression."""
    import re2  # type: ignore[import-untyped]  # it has no types; heavy, and needed by few

    if len(find) > _REGEX_LIMIT:
        raise SecurityError(f"a regular expression of more than {_REGEX_LIMIT} characters")
    try:
        return re2.compile(find)
    except re2.error as err:
        raise ValueError(f"{find!r} is no regular expression that is allowed here") from err


def _with_case(find: str, ignorecase: bool) -> str:
    return f"(?i){find}" if ignorecase else find


def _regex_match(value: Any, find: str = "", ignorecase: bool = False) -> bool:
    return _regex(_with_case(find, ignorecase)).match(str(value)) is not None


def _regex_search(value: Any, find: str = "", ignorecase: bool = False) -> bool:
    return _regex(_with_case(find, ignorecase)).search(str(value)) is not None


def _regex_replace(
    value: Any = "", find: str = "", replace: str = "", ignorecase: bool = False
) -> str:
    return str(_regex(_with_case(find, ignorecase)).sub(replace, str(value)))


def _regex_findall(value: Any, find: str = "", ignorecase: bool = False) -> list[Any]:
    return list(_regex(_with_case(find, ignorecase)).findall(str(value)))


def _regex_findall_index(
    value: Any, find: str = "", index: int = 0, ignorecase: bool = False
) -> Any:
    return _regex_findall(value, find, ignorecase)[index]


def _base64_decode(value: str, encoding: str | None = "utf-8") -> str | bytes:
    try:
        decoded = base64.b64decode(value)
    except binascii.Error as err:
        raise ValueError("not base64") from err
    return decoded.decode(encoding) if encoding else decoded


def _base64_encode(value: str | bytes) -> str:
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()


def _average(*values: Any) -> float:
    return statistics.fmean(_flat(values))


def _median(*values: Any) -> Any:
    return statistics.median(_flat(values))


def _flat(values: tuple[Any, ...]) -> list[float]:
    first = values[0]
    several = isinstance(first, Iterable) and not isinstance(first, str)
    return [float(one) for one in (first if several else values)]


def _log(value: Any, base: float = math.e, default: Any = _MISSING) -> Any:
    return _number(lambda one: math.log(float(one), float(base)), value, default)


def _sqrt(value: Any, default: Any = _MISSING) -> Any:
    return _number(lambda one: math.sqrt(float(one)), value, default)


def _contains(container: Any, item: Any) -> bool:
    return item in container


def _bitwise_and(left: int, right: int) -> int:
    return left & right


def _bitwise_or(left: int, right: int) -> int:
    return left | right


def _bitwise_xor(left: int, right: int) -> int:
    return left ^ right


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "add": _add,
    "as_datetime": _as_datetime,
    "as_local": _as_local,
    "as_timestamp": _as_timestamp,
    "average": _average,
    "base64_decode": _base64_decode,
    "base64_encode": _base64_encode,
    "bitwise_and": _bitwise_and,
    "bitwise_or": _bitwise_or,
    "bitwise_xor": _bitwise_xor,
    "bool": _bool,
    "contains": _contains,
    "float": _float,
    "from_json": _from_json,
    "iif": _iif,
    "int": _int,
    "is_defined": _is_defined,
    "is_number": _is_number,
    "log": _log,
    "median": _median,
    "multiply": _multiply,
    "ord": ord,
    "regex_findall": _regex_findall,
    "regex_findall_index": _regex_findall_index,
    "regex_match": _regex_match,
    "regex_replace": _regex_replace,
    "regex_search": _regex_search,
    "round": _round,
    "slugify": slugify,
    "sqrt": _sqrt,
    "timestamp_custom": _timestamp_custom,
    "timestamp_local": _timestamp_local,
    "timestamp_utc": _timestamp_utc,
    "to_json": _to_json,
}

TESTS: Final[Mapping[str, Callable[..., Any]]] = {
    "contains": _contains,
    "is_number": _is_number,
    "match": _regex_match,
    "search": _regex_search,
}

GLOBALS: Final[Mapping[str, Any]] = {
    "as_datetime": _as_datetime,
    "as_local": _as_local,
    "as_timestamp": _as_timestamp,
    "average": _average,
    "bool": _bool,
    "e": math.e,
    "float": _float,
    "iif": _iif,
    "int": _int,
    "is_number": _is_number,
    "log": _log,
    "max": max,
    "median": _median,
    "min": min,
    "pi": math.pi,
    "slugify": slugify,
    "sqrt": _sqrt,
    "strptime": _strptime,
    "timedelta": timedelta,
    "zip": zip,
}
