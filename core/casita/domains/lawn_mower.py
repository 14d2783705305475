"""Robots that mow."""

from __future__ import annotations

from functools import partial
from typing import Final

from casita.domains.fitting import EMPTY
from casita.services import Service

_service = partial(Service, domain="lawn_mower")

SERVICES: Final = (
    _service(name="start_mowing", schema=EMPTY, description="Start to mow, or go on."),
    _service(name="pause", schema=EMPTY, description="Pause."),
    _service(name="dock", schema=EMPTY, description="Return to the dock."),
)
