"""Buttons that the hub presses."""

from __future__ import annotations

from typing import Final

from casita.domains.fitting import EMPTY
from casita.services import Kind, Service

SERVICES: Final = (
    Service(
        domain="button",
        name="press",
        schema=EMPTY,
        kind=Kind.PULSE,
        description="Press a button.",
    ),
)
