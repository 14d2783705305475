"""Choices from a list of options."""

from __future__ import annotations

from typing import Final

from casita.domains.options import option_services

SERVICES: Final = option_services("select")
