"""Services that address things of any domain, and groups of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import voluptuous as vol

from casita.domains.fitting import Data
from casita.events import State
from casita.services import Kind, Redirect, Service

_ANY: Final = vol.Schema({}, extra=vol.ALLOW_EXTRA)
_WHAT: Final = {
    "turn_on": "Turn things of any domain on.",
    "turn_off": "Turn things of any domain off.",
    "toggle": "Turn things of any domain on if they are off, or else off.",
}
_ELSEWHERE: Final = ("automation", "input_boolean", "script")
"""Domains that are turned on and off by services that others supply."""


def across(services: Iterable[Service]) -> tuple[Service, ...]:
    """Return ``turn_on``, ``turn_off`` and ``toggle`` for whatever domains have these services.

    They are there twice: as ``homeassistant.`` and, for members of groups, as ``group.``.
    """
    known = list(services)
    return tuple(
        Service(
            domain=domain,
            name=name,
            schema=_ANY,
            kind=Kind.PULSE if name == "toggle" else Kind.SET,
            redirect=_by_domain(name),
            targets=(*sorted({one.domain for one in known if one.name == name}), *_ELSEWHERE),
            description=description,
        )
        for domain in ("homeassistant", "group")
        for name, description in _WHAT.items()
    )


def _by_domain(name: str) -> Redirect:
    def redirect(state: State, data: Data) -> tuple[str, Data]:
        return f"{state.domain}.{name}", data

    return redirect
