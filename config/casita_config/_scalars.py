"""What a text without quotes means in YAML 1.1, as PyYAML and Home Assistant have it."""

from __future__ import annotations

from typing import Any, Final

from yaml.constructor import SafeConstructor
from yaml.error import YAMLError
from yaml.nodes import ScalarNode
from yaml.resolver import Resolver

TEXT: Final = object()
"""The meaning of a scalar that is nothing but text."""
_TAG: Final = "tag:yaml.org,2002:"
_KINDS: Final = frozenset(
    _TAG + kind for kind in ("str", "int", "float", "bool", "null", "timestamp")
)
_JUST_TEXT: Final = frozenset({f"{_TAG}str", f"{_TAG}merge", f"{_TAG}value"})
_LONGEST_REMEMBERED: Final = 40


class NotAScalar(ValueError):
    """A scalar looks like a number or a date, and is none."""


class Scalars(SafeConstructor, Resolver):
    """Resolves plain scalars, and remembers them: most values recur."""

    def __init__(self) -> None:
        SafeConstructor.__init__(self)
        Resolver.__init__(self)
        self._known: dict[str, Any] = {}

    def meaning(self, text: str) -> Any:
        """Return the boolean, number, date or None that a plain scalar is, or ``TEXT``.

        Raises `NotAScalar`.
        """
        meaning = self._known.get(text, self)
        if meaning is not self:
            return meaning
        tag = self.resolve(ScalarNode, text, (True, False))
        meaning = TEXT if tag in _JUST_TEXT else self.tagged(tag, text)
        if len(text) <= _LONGEST_REMEMBERED:
            self._known[text] = meaning
        return meaning

    def tagged(self, tag: str, text: str) -> Any:
        """Return the value of a scalar with one of YAML's own tags. Raises `NotAScalar`."""
        if tag not in _KINDS:
            raise NotAScalar(f"'!!{tag.removeprefix(_TAG)}' is no kind of value; leave it out")
        try:
            return self.yaml_constructors[tag](self, ScalarNode(tag, text))
        except (ValueError, OverflowError, KeyError, IndexError, YAMLError) as err:
            kind = tag.removeprefix(_TAG)
            raise NotAScalar(
                f"this looks like a value of the kind {kind} and is none; put it in quotes if it "
                f"is text"
            ) from err
