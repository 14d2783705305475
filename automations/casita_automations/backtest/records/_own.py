"""The house's own log as a record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from casita.causality import chain_in
from casita.errors import ConfigError, Problem
from casita.events import STATE_CHANGED, Event, State
from casita.ids import is_entity_id
from casita.log import LogReader, RawEvent
from casita_automations.backtest._lineage import Lineage
from casita_automations.backtest._rows import Batch, Row, Sent, Span, Traits
from casita_automations.values import jsonable

_BATCH: Final = 5000
_FAR: Final = 200
"""So many events about an entity are looked through for one that changed its state."""
_OURS: Final = ("run.", "command.", "config.", "plugin.", "timer.", "token.")
"""Events that the house makes of itself: a backtest makes its own."""


class _Change(msgspec.Struct, gc=False):
    """The data of a change, its attributes not looked at."""

    state: str | None
    attributes: msgspec.Raw


_decode: Final = msgspec.json.Decoder(_Change).decode


class OwnRecord:
    """Reads the log of a data folder, also while a hub writes to it."""

    traits = Traits(
        attributes=True, all_entities=True, events=True, commands=True, effects=True,
        repeats_are_changes=True, calls_as_made=False,
    )  # fmt: skip

    def __init__(self, folder: Path, *, leave_out_effects: bool) -> None:
        """``leave_out_effects``: changes that the followed automations' commands led to are no
        rows.

        Raises `LogError` if there is no log in the folder.
        """
        self._folder = folder
        self._log = LogReader(folder)
        self._lineage = Lineage(())
        self._leave_out_effects = leave_out_effects
        self._begins_at = 0
        self.sent: list[Sent] = []
        self.effects = 0

    def follow(self, automations: frozenset[str]) -> None:
        """Say whose commands are to be told in ``sent``; before anything is read."""
        self._lineage = Lineage(automations)

    def span(self) -> Span:
        """Return from when to when it goes. Raises `ConfigError` if it is empty."""
        first = self._log.read(limit=1)
        last = self._log.read(limit=1, newest_first=True)
        if not first or not last:
            raise ConfigError(
                [Problem(message="the log is empty: let the hub run for a while first",
                         file=str(self._folder))]
            )  # fmt: skip
        return Span(first[0].time, last[0].time)

    def initial(self, at: datetime) -> Iterable[Row]:
        """Return what was known of each entity just before a time.

        Of an entity that changed only later, that is the state from which it then changed.
        """
        self._begins_at = self._first_at(at)
        known: dict[str, Row] = {}
        for entity_id in filter(is_entity_id, self._log.subjects()):
            if (row := self._last_before(entity_id)) is not None:
                known[entity_id] = row
        now = {
            key: msgspec.convert(document, State)
            for key, document in self._log.items("states").items()
            if key not in known
        }
        for key, one in now.items():
            if one.offset < self._begins_at:
                known[key] = one.last_updated, key, one.state, one.attributes
            elif (row := self._before_first_change(key)) is not None:
                known[key] = row
        return known.values()

    def batches(self, span: Span) -> Iterator[Batch]:
        """Yield everything of a span, in order."""
        batch: list[Row | Event] = []
        for raws in self._log.raw(after=self._begins_at - 1):
            may_be_over = raws[-1].time > span.end
            for raw in raws:
                if may_be_over and raw.time > span.end:
                    yield batch
                    return
                if raw.type == STATE_CHANGED:
                    if raw.cause is None or self._is_to_happen(raw):
                        data = _decode(raw.data)
                        batch.append((raw.time, raw.subject, data.state, bytes(data.attributes)))
                elif raw.type.startswith(_OURS):
                    self._note(raw)
                else:
                    batch.append(raw.event())
            if len(batch) >= _BATCH:
                yield batch
                batch = []
        yield batch

    def documents(self, collection: str) -> dict[str, Any]:
        """Return what the house has kept under a name: areas, devices, entities."""
        return self._log.items(collection)

    def why(self, sent: Sent) -> list[Event]:
        """Return the chain of causes of a command: itself first."""
        return chain_in(self._log, sent.offset)

    def _is_to_happen(self, event: RawEvent) -> bool:
        if self._lineage.note(event) is None:
            return True
        self.effects += 1
        return not self._leave_out_effects

    def _note(self, raw: RawEvent) -> None:
        owner = self._lineage.note(raw)
        if owner is not None and raw.type == "command.sent":
            event = raw.event()
            self.sent.append(
                Sent(
                    time=event.time, automation=owner, service=str(event.data["service"]),
                    subject=event.subject, data=jsonable(dict(event.data.get("data") or {})),
                    offset=event.offset,
                )
            )  # fmt: skip

    def _first_at(self, at: datetime) -> int:
        """Return the offset of the first event at a time or later."""
        low, high = 0, self._log.head
        while low < high:
            middle = (low + high) // 2
            found = self._log.read(after=middle, limit=1)
            if found and found[0].time < at:
                low = found[0].offset
            else:
                high = middle
        return low + 1

    def _last_before(self, entity_id: str) -> Row | None:
        """Return the last change before the beginning, if there is one not too far back."""
        events = self._log.read(
            before=self._begins_at, subjects=(entity_id,), limit=_FAR, newest_first=True
        )
        changes = (_row(event) for event in events if event.type == STATE_CHANGED)
        return next(changes, None)

    def _before_first_change(self, entity_id: str) -> Row | None:
        """Return the state from which an entity changed for the first time."""
        found = self._log.read(
            after=self._begins_at - 1, types=(STATE_CHANGED,), subjects=(entity_id,), limit=1
        )
        if not found or found[0].data["old"] is None:
            return None
        event = found[0]
        return event.time, entity_id, event.data["old"], event.data["attributes"]


def _row(event: Event) -> Row:
    return event.time, event.subject, event.data["state"], event.data["attributes"]
