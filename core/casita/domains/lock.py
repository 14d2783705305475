"""Locks. Their codes stand in no log."""

from __future__ import annotations

from functools import partial
from typing import Final

import voluptuous as vol

from casita.domains.fitting import check_code
from casita.services import Kind, Service
from casita_config.schemas import string

_service = partial(
    Service,
    domain="lock",
    schema=vol.Schema({vol.Optional("code"): string}),
    prepare=check_code,
    secret_fields=("code",),
)

SERVICES: Final = (
    _service(name="lock", description="Lock a lock."),
    _service(name="unlock", description="Unlock a lock; the door stays shut."),
    _service(name="open", kind=Kind.PULSE, description="Draw the latch, so that the door opens."),
)
