"""Switches."""

from __future__ import annotations

from typing import Final

from casita.domains.fitting import on_off

SERVICES: Final = on_off("switch", what="a switch")
