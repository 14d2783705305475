"""Sentences that people say: matched against patterns, answered by automations."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from casita.events import Event

_TOKENS: Final = re.compile(r"[\[\]()|{}]|[^\[\]()|{}]+")
_SLOT: Final = re.compile(r"[a-z][a-z0-9_]*")
_MARKS: Final = re.compile(r"[^\w'\s]+")

Heard = Mapping[str, str]
"""What was said in the places of the ``{slots}``."""
Take = Callable[[str, Heard, Event], None]
Cancel = Callable[[], None]


class Pattern:
    """``turn (on|off) [the] {thing}``: choices, what may be left out, and what may be anything."""

    def __init__(self, text: str) -> None:
        """Raise `ValueError` if brackets do not match, or a slot's name is none."""
        self._slots: list[str] = []
        self._tokens = [*_TOKENS.findall(text), ""]
        self._next = 0
        self._regex = _compiled(self._choice("").strip())

    def match(self, said: str) -> Heard | None:
        """Return what stands in the slots, or None if the sentence is another."""
        match = self._regex.fullmatch(spoken(said))
        if match is None:
            return None
        return {
            name: match.group(number + 1).strip() for number, name in enumerate(self._slots)
            if match.group(number + 1) is not None
        }  # fmt: skip

    def _choice(self, end: str) -> str:
        """Read what stands until a closing bracket."""
        options: list[str] = []
        parts: list[str] = []
        while (token := self._take()) != end:
            if token == "|":
                options.append("".join(parts))
                parts = []
            elif token == "[":
                parts.append(f"(?:{self._choice(']')})?")
            elif token == "(":
                parts.append(f"(?:{self._choice(')')})")
            elif token == "{":
                parts.append(self._slot())
            elif token in ("]", ")", "}", ""):
                raise ValueError(f"the bracket {end or token!r} has no partner")
            else:
                parts.append(_literal(token))
        return "|".join([*options, "".join(parts)])

    def _slot(self) -> str:
        name = self._take().strip()
        if self._take() != "}" or not _SLOT.fullmatch(name):
            raise ValueError(f"a slot is a name in braces, as {{room}}; got {name!r}")
        self._slots.append(name)
        return "(.+?)"

    def _take(self) -> str:
        token: str = self._tokens[self._next]
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token


class Conversation:
    """Who listens for which sentence, and what is answered."""

    def __init__(self) -> None:
        self._listeners: dict[int, tuple[Pattern, Take]] = {}
        self._number = 0
        self._answer: str | None = None
        self._open = False

    def listen(self, pattern: Pattern, take: Take) -> Cancel:
        """Hand on what fits a pattern, until the returned function is called."""
        self._number = number = self._number + 1
        self._listeners[number] = (pattern, take)
        return lambda: self._listeners.pop(number, None) and None

    def say(self, said: str, cause: Event) -> tuple[bool, str | None]:
        """Tell those who listen for it; return whether anybody did, and what they answer."""
        heard = [
            (take, slots)
            for pattern, take in tuple(self._listeners.values())
            if (slots := pattern.match(said)) is not None
        ]
        self._open, self._answer = True, None
        try:
            for take, slots in heard:
                take(said, slots, cause)
            return bool(heard), self._answer
        finally:
            self._open = False

    def answer(self, text: str | None) -> None:
        """Answer what is being said; afterwards nobody listens any more."""
        if self._open:
            self._answer = text


def spoken(text: str) -> str:
    """Return a sentence without case and marks, with one blank between words."""
    return " ".join(_MARKS.sub(" ", text.casefold()).split())


def _literal(text: str) -> str:
    """Return what fits a text; its blanks may be lacking, as those around words left out are."""
    words = re.split(r"\s+", _MARKS.sub(" ", text.casefold()))
    return " *".join(re.escape(word) for word in words)


def _compiled(source: str) -> Any:
    import re2  # type: ignore[import-untyped]  # it has no stubs; slow to import, seldom used

    return re2.compile(source)
