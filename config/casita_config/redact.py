"""Blanks secrets in what leaves the hub: logs, events, diagnostics, the API."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

BLANK: Final = "**redacted**"
SECRET_KEYS: Final = frozenset(
    {
        "access_token", "alarm_code", "api_key", "apikey", "authorization", "client_secret",
        "latitude", "longitude", "passphrase", "passwd", "password", "pin", "private_key", "psk",
        "refresh_token", "secret", "setup_code", "ssid", "token", "wifi_password",
    }
)  # fmt: skip
"""Keys whose values are blanked whatever they are."""
SHORTEST_IN_TEXT: Final = 4
"""Shorter secrets are blanked only where they are the whole of a value: they occur by chance."""


class Redactor:
    """Knows the secret values, and blanks them."""

    def __init__(self, values: Iterable[object] = ()) -> None:
        self._values: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.add(*values)

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._values)} values>"

    def add(self, *values: object) -> None:
        """Take further values for secret: tokens, pairing keys."""
        self._values.update(str(value) for value in values if str(value))
        self._pattern = None

    def text(self, text: str) -> str:
        """Return a text in which every secret is blanked, also as JSON or a URL spell it."""
        if text in self._values:
            return BLANK
        pattern = self._pattern or self._compile()
        return pattern.sub(BLANK, text)

    def redact(self, data: Any) -> Any:
        """Return plain data with secrets blanked, and all that stands under a secret key."""
        if isinstance(data, str):
            return self.text(str(data))
        if isinstance(data, Mapping):
            return {self.redact(key): self._value(key, value) for key, value in data.items()}
        if isinstance(data, (list, tuple, set, frozenset)):
            return [self.redact(item) for item in data]
        if isinstance(data, (int, float)) and not isinstance(data, bool):
            shown = str(data)
            return BLANK if len(shown) >= SHORTEST_IN_TEXT and shown in self._values else data
        return data

    def _value(self, key: Any, value: Any) -> Any:
        if isinstance(key, str) and key.lower() in SECRET_KEYS and value is not None:
            return BLANK
        return self.redact(value)

    def _compile(self) -> re.Pattern[str]:
        long = [value for value in self._values if len(value) >= SHORTEST_IN_TEXT]
        spelt = {
            way for value in long for way in (value, quote(value, ""), json.dumps(value)[1:-1])
        }
        ways = sorted(spelt, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ways)) if ways else "(?!)")
        return self._pattern
