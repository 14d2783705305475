"""What becomes of the text that a template renders."""

from __future__ import annotations

import re
from ast import literal_eval
from typing import Any, Final

from casita.errors import CasitaError

_NUMERIC: Final = re.compile(r"[+-]?(?!0\d)\d*(?:\.\d*)?")
_WORDS: Final = {"True": True, "False": False, "None": None}
_LITERAL_STARTS: Final = frozenset("0123456789+-.([{\"'")
_OTHER_STARTS: Final = re.compile(r"(?:True|False|None)\s*,|[bB][\"']|set\(\)$")
_LONGEST_LITERAL: Final = 100_000
_TRUE: Final = frozenset({"1", "true", "yes", "on", "enable"})


class TemplateError(CasitaError):
    """A template is malformed, or could not be rendered."""


def is_template(value: Any) -> bool:
    """Say whether a value is a text with Jinja in it."""
    return isinstance(value, str) and ("{{" in value or "{%" in value or "{#" in value)


def native(text: str) -> Any:
    """Return the Python value that a rendered text spells out, or the text itself.

    Numbers count only if they are written plainly: ``01``, ``1e3`` and ``1_000`` stay text.
    """
    if text in _WORDS:
        return _WORDS[text]
    if not text or (text[0] not in _LITERAL_STARTS and _OTHER_STARTS.match(text) is None):
        return text
    if len(text) > _LONGEST_LITERAL:
        return text
    try:
        value = literal_eval(text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return text
    if isinstance(value, str | complex):
        return text
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and _NUMERIC.fullmatch(text) is None:
        return text
    return value


def as_boolean(value: Any) -> bool:
    """Say whether a result lets a template trigger fire: true, yes, on, enable, not 0."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value != 0
    return isinstance(value, str) and value.strip().lower() in _TRUE
