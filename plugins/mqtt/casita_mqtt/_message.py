"""A message as it came from the broker."""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import Any, Final

import msgspec

from casita import CommandFailed, Event

NO_JSON: Final = object()
"""Stands for the JSON value of a payload that is not JSON."""


class Message:
    """One message. What is decoded of it is decoded once, however many handlers look at it."""

    __slots__ = ("_json", "_texts", "event", "payload", "qos", "retain", "topic", "via")

    def __init__(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 0,
        retain: bool = False,
        via: Collection[int] | None = None,
    ) -> None:
        """``retain`` says that the broker had kept it; ``via`` are subscription identifiers.

        None as ``via`` means that the broker does not say through which subscription it came.
        """
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.via = via
        self.event: Event | None = None
        """The ``mqtt.message`` event in the log, once a trigger has matched."""
        self._texts: dict[str, str] = {}
        self._json: Any = None

    def text(self, encoding: str = "utf-8") -> str:
        """Return the payload as text. Raises `ValueError` if it is not in this encoding."""
        text = self._texts.get(encoding)
        if text is None:
            text = self._texts[encoding] = self.payload.decode(encoding)
        return text

    def json(self) -> Any:
        """Return the payload as a JSON value, or `NO_JSON`. Nobody may change it."""
        if self._json is None:
            self._json = json_of(self.payload)
        return self._json


def encoded(text: str, encoding: str) -> bytes:
    """Return a payload; a text that is a literal of bytes, as ``b'\\x01'``, stands for them.

    Raises `CommandFailed` if the text cannot be written in the encoding.
    """
    if text.startswith(("b'", 'b"')):
        try:
            literal = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            literal = None
        if isinstance(literal, bytes):
            return literal
    try:
        return text.encode(encoding or "utf-8")
    except (UnicodeEncodeError, LookupError) as err:
        raise CommandFailed(f"not sent: {text!r} cannot be written in {encoding}") from err


def json_of(text: str | bytes) -> Any:
    """Return the JSON value of a text, or `NO_JSON`."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return NO_JSON
