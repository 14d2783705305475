"""Answers what the house is asked about its automations."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from casita.asking import Finding, Known
from casita.errors import CommandFailed, ConfigError
from casita_automations.checking import check
from casita_automations.owner import Owner
from casita_automations.parts import Parts
from casita_config import Configuration, load_config


class Answers:
    """The automations' side of `casita.asking`."""

    def __init__(self, parts: Parts, owners: Mapping[str, Owner]) -> None:
        self._parts = parts
        self._kernel = parts.kernel
        self._owners = owners

    async def check(self, known: Known) -> Sequence[Finding]:
        """Check the configuration folder as it is now; without a folder, what was given.

        Raises `CommandFailed` if the main file is wrong.
        """
        return await asyncio.to_thread(self._check, known)

    def _check(self, known: Known) -> Sequence[Finding]:
        return check(self._configuration(), self._kernel, known)

    def _configuration(self) -> Configuration:
        folder = self._kernel.config.folder
        if folder is None:
            return self._kernel.config
        try:
            return load_config(folder)
        except ConfigError as err:
            raise CommandFailed(str(err)) from err
