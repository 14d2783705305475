"""The one-time code by which the first person gets a token."""

from __future__ import annotations

import base64
import hmac
import secrets
from typing import Final

from casita.api._errors import Refused
from casita.clock import Clock

_BITS: Final = 128
_VALID_S: Final = 15 * 60.0
_TRIES: Final = 5
_GROUP: Final = 4
_AGAIN: Final = "start the hub anew for a fresh one, or run `casita token create` on its machine"


class SetupCode:
    """A code that is good once, for 15 minutes and 5 tries."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._code = base64.b32encode(secrets.token_bytes(_BITS // 8)).decode().rstrip("=")
        self._ends = clock.monotonic() + _VALID_S
        self._tries_left = _TRIES

    @property
    def text(self) -> str:
        """The code as a person reads it: groups of four, parted by hyphens."""
        return "-".join(
            self._code[start : start + _GROUP] for start in range(0, len(self._code), _GROUP)
        )

    @property
    def usable(self) -> bool:
        """Whether it can still be used."""
        return self._tries_left > 0 and self._clock.monotonic() < self._ends

    def check(self, given: str) -> None:
        """Raise `Refused` if a code is wrong, over, or was tried too often."""
        if not self.usable:
            raise Refused(410, "code_over", f"the set-up code is over; {_AGAIN}")
        self._tries_left -= 1
        if not hmac.compare_digest(_normalised(given), self._code.encode()):
            left = f"{self._tries_left} tries are left" if self._tries_left else _AGAIN
            raise Refused(403, "wrong_code", f"this is not the set-up code; {left}", field="code")


def _normalised(given: str) -> bytes:
    return given.upper().replace("-", "").replace(" ", "").encode()
