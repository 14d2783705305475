"""Automations written in Python by plugins: their runs, and the house as such a run sees it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from casita.errors import CasitaError, CommandFailed, NotPermitted
from casita.events import State
from casita.model import Target
from casita.services import Kind
from casita.vocabulary import Changed
from casita_automations.awaiting import Awaiting
from casita_automations.journal import Journal
from casita_automations.parts import Parts
from casita_automations.running import Run
from casita_automations.values import jsonable
from casita_config import duration

_TARGETS = ("entity_id", "device_id", "area_id", "floor_id", "label_id")
_UNSURE = "the hub ended while it was under way: its outcome is uncertain"


class Settings:
    """What the configuration gives a Python automation: ``config.light``."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(f"the configuration has no {name!r}") from None

    def __repr__(self) -> str:
        return f"Settings({dict(self._values)!r})"


class RunHome:
    """The house as one run of a Python automation sees it.

    What it awaits is written down with its result. After a restart the handler is run again,
    and what was written down is given to it anew, up to where the run had come.
    """

    def __init__(self, parts: Parts, run: Run, journal: Journal, permitted: set[str]) -> None:
        self._parts = parts
        self._run = run
        self._journal = journal
        self._permitted = permitted

    async def call(self, service: str, *entity_ids: str, **data: Any) -> Mapping[str, Any]:
        """Call a service for entities that the configuration names; return its response.

        Raises `NotPermitted` for any other entity, and `CommandFailed` if it did not work. What
        was under way when the hub ended is sent again if it may be repeated.
        """
        self._check(service, entity_ids, data)
        entry = self._journal.next("call", f"{service} {' '.join(entity_ids)}")
        if entry.done:
            return _answer(entry.result)
        known = self._parts.kernel.commands.service(service)
        if entry.begun and known is not None and known.kind is Kind.PULSE:
            return _answer(entry.end({"error": _UNSURE}))
        entry.begin()
        return _answer(entry.end(await self._sent(service, entity_ids, data)))

    async def wait(self, *changes: Changed, timeout: str | float | None = None) -> Changed | None:
        """Return the first of these changes to come; None once the time is over.

        With ``to`` and without ``from``, a state that is there already counts, and for ``held``
        it counts since it came about. ``timeout`` is in seconds or a text as ``2h``.
        """
        entry = self._journal.next("wait", " ".join(one.entity_id for one in changes))
        if not entry.done:
            limit = None if timeout is None else duration(timeout)
            due = entry.begin(limit)
            awaiting = Awaiting(self._parts, changes, due)
            came = await awaiting.came()
            entry.end(None if came is None else [came.entity_id, came.to, came.from_])
        result = entry.result
        return None if result is None else Changed(result[0], to=result[1], from_=result[2])

    async def sleep(self, length: str | float | timedelta) -> None:
        """Return once some time has passed: seconds, or a text as ``5m``."""
        entry = self._journal.next("sleep", "")
        if not entry.done:
            due = entry.begin(duration(length))
            await Awaiting(self._parts, (), due).came()
            entry.end(None)

    def state(self, entity_id: str) -> State | None:
        """Return the state of any entity, as it was when the run first asked for it."""
        entry = self._journal.next("state", entity_id)
        if not entry.done:
            entry.end(self._parts.kernel.states.get(entity_id))
        return entry.result  # type: ignore[no-any-return]  # it comes from the line above

    def now(self) -> datetime:
        """Return the time in UTC, as it was when the run first asked for it."""
        entry = self._journal.next("now", "")
        if not entry.done:
            entry.end(self._parts.kernel.clock.now())
        return entry.result  # type: ignore[no-any-return]  # it comes from the line above

    def _check(self, service: str, entity_ids: tuple[str, ...], data: Mapping[str, Any]) -> None:
        name = self._run.owner.entity_id
        if not entity_ids or any(key in data for key in _TARGETS):
            raise NotPermitted(f"{name}: {service}: name the entities, as call({service!r}, id)")
        for entity_id in entity_ids:
            if entity_id not in self._permitted:
                raise NotPermitted(
                    f"{name}: {service} {entity_id}: its configuration does not name this entity"
                )

    async def _sent(
        self, service: str, entity_ids: tuple[str, ...], data: Mapping[str, Any]
    ) -> dict[str, Any]:
        self._run.note(service, *entity_ids)
        try:
            call = self._run.owner.gateway.call(
                service, data, Target(entity_id=entity_ids), source=self._run.owner.source,
                cause=self._run.cause,
            )  # fmt: skip
            await call.finished()
            call.raise_for_failure()
        except CasitaError as err:
            return {"error": str(err)}
        return {"response": jsonable(call.response)}


def _answer(result: Mapping[str, Any]) -> Mapping[str, Any]:
    if "error" in result:
        raise CommandFailed(result["error"])
    return dict(result["response"])
