"""What YAML's own error messages mean for the person who wrote the file."""

from __future__ import annotations

from typing import Any, Final, Protocol

import yaml
from yaml.error import MarkedYAMLError, YAMLError
from yaml.reader import ReaderError

_ADVICE: Final = (
    ("nesting depth", "nested more than 50 levels deep; is a bracket missing?"),
    ("mapping values are not allowed", "a ':' that does not fit here; is the indentation right? "
     "Put a text that holds ': ' in quotes"),
    ("did not find expected key", "the indentation does not fit the lines above, or a quote was "
     "closed too early"),
    ("expected <block end>", "the indentation does not fit the lines above, or a quote was "
     "closed too early"),
    ("could not find expected ':'", "a ':' after a key is missing in the lines above"),
    ("did not find expected '-' indicator", "the items of a list have to start with '- ' in the "
     "same column"),
    ("block sequence entries are not allowed", "a list item '- ' does not fit here; start it on a "
     "line of its own below the key"),
    ("unexpected end of stream", "a quote or bracket is opened and never closed"),
    ("found unexpected document indicator", "a quote or bracket is opened and never closed"),
    ("expected ',' or ']'", "a ',' or ']' is missing; put a text that holds brackets in quotes"),
    ("expected ',' or '}'", "a ',' or '}' is missing; put a template {{ ... }} in quotes"),
    ("unknown escape character", "a backslash in double quotes is an escape; write it twice, or "
     "use single quotes"),
    ("expected node content", "a value is missing, or begins with a character that YAML takes for "
     "its own; put it in quotes"),
    ("cannot start any token", "a text may not begin with this character; put it in quotes"),
    ("control characters are not allowed", "the file holds a control character; delete it"),
    ("special characters are not allowed", "the file holds a control character; delete it"),
)  # fmt: skip


class EventSource(Protocol):
    """A YAML parser that hands out events one by one."""

    def get_event(self) -> Any:
        """Return the next event."""
        ...


def events_of(text: str) -> EventSource:
    """Return libyaml's parser over a text, or PyYAML's own where there is no libyaml."""
    if yaml.__with_libyaml__:
        from yaml._yaml import CParser

        fast: EventSource = CParser(text)
        return fast
    return _PureParser(text)


def explain(err: YAMLError, text: str) -> tuple[str, int | None]:
    """Return what is wrong and what to do, and the line (from 1) as far as it is known."""
    said = str(getattr(err, "problem", None) or getattr(err, "reason", None) or err)
    advice = next((advice for sign, advice in _ADVICE if sign in said), None)
    if _is_at_tab(err, text):
        advice = "a tab cannot be used for indentation; use spaces"
    message = f"not valid YAML: {advice} ({said})" if advice else f"not valid YAML: {said}"
    return message, _line(err, text)


def _is_at_tab(err: YAMLError, text: str) -> bool:
    mark = err.problem_mark if isinstance(err, MarkedYAMLError) else None
    if mark is None:
        return False
    lines = text.split("\n", mark.line + 1)
    return mark.line < len(lines) and lines[mark.line][mark.column : mark.column + 1] == "\t"


def _line(err: YAMLError, text: str) -> int | None:
    if isinstance(err, MarkedYAMLError):
        mark = err.problem_mark or err.context_mark
        return mark.line + 1 if mark else None
    if isinstance(err, ReaderError):
        return text.count("\n", 0, err.position) + 1
    return None


class _PureParser(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):
    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)
