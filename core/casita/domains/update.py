"""Updates of a device's own software."""

from __future__ import annotations

from functools import partial
from typing import Final

import voluptuous as vol

from casita.domains.fitting import EMPTY
from casita.services import Kind, Service
from casita_config.schemas import boolean, string

_service = partial(Service, domain="update")

SERVICES: Final = (
    _service(
        name="install",
        schema=vol.Schema({vol.Optional("version"): string, vol.Optional("backup"): boolean}),
        kind=Kind.PULSE,
        description="Install the newest version, or the one that is named.",
    ),
    _service(name="skip", schema=EMPTY, description="Say no more of the version on offer."),
    _service(name="clear_skipped", schema=EMPTY, description="Offer a skipped version again."),
)
