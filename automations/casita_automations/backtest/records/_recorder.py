"""Home Assistant's recorder database, as its SQLite file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec

from casita.events import Event
from casita_automations.backtest._rows import Batch, Row, Sent, Span, Traits
from casita_automations.backtest.records._listed import refuse

_BATCH: Final = 5000
_BUSY_MS: Final = 5000
_MOST_ATTRIBUTES: Final = 50_000


class RecorderRecord:
    """Reads the tables ``states``, ``states_meta``, ``state_attributes``; and, for what was sent,
    ``events``, ``event_types``, ``event_data``. Schemas from 31 (January 2023) on.
    """

    def __init__(self, path: Path) -> None:
        """Raises `ConfigError` if the file is no such database."""
        self._path = path
        flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        self._connection = apsw.Connection(f"{path.absolute().as_uri()}?mode=ro", flags=flags)
        self._connection.set_busy_timeout(_BUSY_MS)
        self._columns = {table: self._columns_of(table) for table in ("states", "events")}
        if "last_updated_ts" not in self._columns["states"]:
            refuse(
                path, None,
                "this is no recorder database of Home Assistant 2023.1 or later (its table "
                "'states' has no last_updated_ts)",
            )  # fmt: skip
        self._attributes: dict[int, Mapping[str, Any]] = {}
        self._automations: frozenset[str] = frozenset()
        self.sent: list[Sent] = []
        self.effects = 0
        self.traits = Traits(
            attributes=True, all_entities=False, events=False, commands=self._knows_commands(),
            effects=False, repeats_are_changes=False, calls_as_made=True,
        )  # fmt: skip
        self._runs: dict[bytes, str] = {}

    def follow(self, automations: frozenset[str]) -> None:
        """Say whose commands are to be told in ``sent``; before anything is read."""
        self._automations = automations

    def span(self) -> Span:
        """Return from when to when it goes. Raises `ConfigError` if it is empty."""
        first, last = self._one("SELECT min(last_updated_ts), max(last_updated_ts) FROM states")
        if first is None:
            refuse(self._path, None, "it holds no changes of state")
        return Span(_time(first), _time(last))

    def initial(self, at: datetime) -> Iterable[Row]:
        """Return what was known of each entity at a time, changes at that time included."""
        query = (
            f"SELECT {self._entity}, s.state, {self._attributes_id}, max(s.last_updated_ts)"
            f" FROM {self._source} WHERE s.last_updated_ts <= ? GROUP BY 1"
        )
        for entity_id, state, attributes, stamp in self._connection.execute(query, (_ts(at),)):
            if entity_id:
                yield _time(stamp), entity_id, state, self._attributes_of(attributes)

    def batches(self, span: Span) -> Iterator[Batch]:
        """Yield the changes behind the beginning of a span, up to its end."""
        self._read_commands(span)
        query = (
            f"SELECT {self._entity}, s.state, {self._attributes_id}, s.last_updated_ts,"
            f" {self._context('states', 's')} FROM {self._source}"
            f" WHERE s.last_updated_ts > ? AND s.last_updated_ts <= ?"
            f" ORDER BY s.last_updated_ts, s.state_id"
        )
        batch: list[Row | Event] = []
        cursor = self._connection.execute(query, (_ts(span.begin), _ts(span.end)))
        known, runs = self._attributes, self._runs
        for entity_id, state, attributes, stamp, context in cursor:
            if not entity_id:
                continue
            found = known.get(attributes)
            if found is None:
                found = self._attributes_of(attributes)
            if context is not None and context in runs:
                self.effects += 1
            batch.append((_time(stamp), entity_id, state, found))
            if len(batch) >= _BATCH:
                yield batch
                batch = []
        yield batch

    def documents(self, collection: str) -> dict[str, Any]:
        """Return nothing: areas and devices stand in other files of Home Assistant."""
        return {}

    def why(self, sent: Sent) -> list[Event]:
        """Return nothing: causes are not followed in foreign records."""
        return []

    # What was sent

    def _knows_commands(self) -> bool:
        """Say whether it has the service calls of automations."""
        if not {"event_type_id", "data_id"} <= self._columns["events"]:
            return False
        types = {name for (name,) in self._connection.execute("SELECT event_type FROM event_types")}
        return {"automation_triggered", "call_service"} <= types

    def _read_commands(self, span: Span) -> None:
        """Take in the runs of the automations in question, and the calls in their contexts."""
        if not self.traits.commands:
            return
        context = self._context("events", "e")
        query = (
            f"SELECT e.event_id, t.event_type, d.shared_data, e.time_fired_ts, {context}"
            f" FROM events e JOIN event_types t USING (event_type_id)"
            f" LEFT JOIN event_data d USING (data_id)"
            f" WHERE t.event_type IN ('automation_triggered', 'call_service')"
            f" AND e.time_fired_ts > ? AND e.time_fired_ts <= ?"
            f" ORDER BY e.time_fired_ts, e.event_id"
        )
        for offset, type_, data, stamp, run in self._connection.execute(
            query, (_ts(span.begin), _ts(span.end))
        ):
            told = msgspec.json.decode(data) if data else {}
            if type_ == "automation_triggered":
                if run is not None and told.get("entity_id") in self._automations:
                    self._runs[run] = told["entity_id"]
            elif run in self._runs:
                self.sent += _calls(offset, _time(stamp), self._runs[run], told)

    # The tables

    @property
    def _source(self) -> str:
        if "metadata_id" in self._columns["states"]:
            return "states s LEFT JOIN states_meta m ON m.metadata_id = s.metadata_id"
        return "states s"

    @property
    def _entity(self) -> str:
        return "m.entity_id" if "metadata_id" in self._columns["states"] else "s.entity_id"

    @property
    def _attributes_id(self) -> str:
        return "s.attributes_id" if "attributes_id" in self._columns["states"] else "NULL"

    def _context(self, table: str, alias: str) -> str:
        names = ("context_id_bin", "context_id")
        found = next((name for name in names if name in self._columns[table]), None)
        return f"{alias}.{found}" if found else "NULL"

    def _columns_of(self, table: str) -> set[str]:
        try:
            return {row[1] for row in self._connection.execute(f"PRAGMA table_info({table})")}
        except apsw.NotADBError:
            refuse(self._path, None, "this is no SQLite database")

    def _one(self, query: str) -> Any:
        return next(iter(self._connection.execute(query)))

    def _attributes_of(self, attributes_id: int | None) -> Mapping[str, Any]:
        if attributes_id is None:
            return {}
        known = self._attributes.get(attributes_id)
        if known is None:
            query = "SELECT shared_attrs FROM state_attributes WHERE attributes_id = ?"
            row = self._connection.cursor().execute(query, (attributes_id,)).fetchone()
            known = msgspec.json.decode(row[0]) if row and row[0] else {}
            if len(self._attributes) >= _MOST_ATTRIBUTES:
                self._attributes.clear()
            self._attributes[attributes_id] = known
        return known


def _calls(offset: int, time: datetime, automation: str, told: Mapping[str, Any]) -> Iterator[Sent]:
    """Yield one command for each entity of a recorded call."""
    service = f"{told.get('domain')}.{told.get('service')}"
    data = dict(told.get("service_data") or {})
    ids = data.pop("entity_id", None)
    subjects = [ids] if isinstance(ids, str) else list(ids or [service])
    for subject in subjects:
        yield Sent(
            time=time, automation=automation, service=service, subject=subject, data=data,
            offset=offset,
        )  # fmt: skip


def _time(stamp: float) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)


def _ts(moment: datetime) -> float:
    return moment.timestamp()
