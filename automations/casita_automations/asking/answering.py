"""Answers what the house is asked about its automations."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from casita.asking import Doing, Finding, Known, ShadowDiff, Upcoming, WhyNot
from casita.errors import CommandFailed, ConfigError, UnknownEntity, did_you_mean
from casita.ids import slugify
from casita_automations.asking.acting import Acting
from casita_automations.asking.shadowing import shadow_diff
from casita_automations.asking.upcoming import everything
from casita_automations.asking.whynot import why_not
from casita_automations.automation import Automation
from casita_automations.checking import check
from casita_automations.owner import Owner
from casita_automations.parts import Parts
from casita_automations.running import Run
from casita_config import Configuration, load_config


class Answers:
    """The automations' side of `casita.asking`."""

    def __init__(
        self,
        parts: Parts,
        owners: Mapping[str, Owner],
        *,
        holds: MutableMapping[str, Any],
        store: Callable[[Run], None],
    ) -> None:
        """``holds`` is where a trigger that is armed finds what it kept; ``store`` keeps runs."""
        self._parts = parts
        self._kernel = parts.kernel
        self._owners = owners
        self._acting = Acting(parts, owners, holds, store)

    def start(self) -> None:
        """Take up what people have cancelled and postponed."""
        self._acting.start()

    def stop(self) -> None:
        """Let what was postponed wait for the next start."""
        self._acting.stop()

    async def upcoming(self, until: datetime) -> Sequence[Upcoming]:
        """Return what is to happen until then, the soonest first, then what has no time."""
        return everything(self._parts, self._owners, until)

    async def act(
        self, id: str, doing: Doing, *, by: timedelta | None = None, actor: str | None = None
    ) -> Upcoming:
        """Cancel, postpone or run now what is pending; return what it was.

        Raises `InvalidCommand` if there is no such thing, or this cannot be done with it.
        """
        return self._acting.act(id, doing, by, actor)

    async def why_not(
        self, automation: str, *, since: datetime, until: datetime, at: datetime | None = None
    ) -> WhyNot:
        """Return the nearest misses of an automation within a time, those near ``at`` first.

        Raises `UnknownEntity` if there is no such automation.
        """
        return await why_not(self._require(automation), self._parts, since, until, at)

    async def shadow_diff(
        self, automation: str, *, against: str | None, since: datetime, until: datetime
    ) -> ShadowDiff:
        """Compare what a shadow would have sent with what was sent.

        Raises `UnknownEntity` if there is no such automation.
        """
        if against is not None:
            against = self._require(against).entity_id
        return await shadow_diff(
            self._require(automation), self._kernel.log, self._kernel.config.home,
            against=against, since=since, until=until,
        )  # fmt: skip

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

    def _require(self, named: str) -> Automation:
        """Return an automation by its entity id, with or without ``automation.``, id or name."""
        mine = {key: one for key, one in self._owners.items() if isinstance(one, Automation)}
        for entity_id in (named, f"automation.{named}", f"automation.{slugify(named)}"):
            if entity_id in mine:
                return mine[entity_id]
        for one in mine.values():
            if named in (one.item_id, one.name):
                return one
        full = named if "." in named else f"automation.{slugify(named)}"
        hint = did_you_mean(full, mine)
        raise UnknownEntity(f"{named}: there is no such automation.{hint}")
