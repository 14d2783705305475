"""What was: the states of an entity, and its statistics."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import voluptuous as vol

from casita.api import _fields
from casita.api._errors import Refused
from casita.api._scopes import Scope
from casita.api._table import Desk, Document, Request, route
from casita.exporting import as_csv
from casita.history import MOST, Point, history
from casita.ids import is_entity_id
from casita.statistics import PERIODS, Row

_DAY: Final = timedelta(days=1)
_CSV: Final = "text/csv; charset=utf-8"
_POINT: Final = ("at", "state", "attributes", "offset")
_ROW: Final = tuple(Row.__struct_fields__)


def _moment(value: Any) -> datetime:
    """Take a time in ISO 8601; one without zone is UTC."""
    try:
        moment = datetime.fromisoformat(value.replace(" ", "+"))
    except (ValueError, AttributeError):
        raise vol.Invalid("a time is expected, as 2026-03-01T07:00:00Z") from None
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def _one_of(*words: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in words:
            raise vol.Invalid(f"one of {', '.join(words)} is expected")
        return str(value)

    return check


def _count(value: Any) -> int:
    if not str(value).isdecimal() or not 1 <= int(value) <= MOST:
        raise vol.Invalid(f"a number from 1 to {MOST} is expected")
    return int(value)


_SPAN: Final = {
    vol.Required("entity_id", description="of which entity"): _fields.name,
    vol.Optional("from", description="since this time; without it, a day"): _moment,
    vol.Optional("to", description="until this time; without it, now"): _moment,
    vol.Optional("format", default="json", description="`json` or `csv`"): _one_of("json", "csv"),
}


@route(
    "GET",
    "/api/history",
    scope=Scope.READ,
    returns="the states, the oldest first; the first is the one that was there at the beginning",
    query={
        **_SPAN,
        vol.Optional("limit", default="1000", description="at most so many: the newest"): _count,
    },
)
async def get_history(desk: Desk, request: Request) -> list[Point] | Document:
    """Return the states that an entity took on, as far back as the log goes."""
    query = request.query
    begin, end = _span(desk, query)
    names = _names(desk, query["entity_id"])
    points = await history(desk.kernel.log, names, begin, end, query["limit"])
    if query["format"] == "json":
        return points
    return _csv(_POINT, points)


@route(
    "GET",
    "/api/statistics",
    scope=Scope.READ,
    returns="a row for each period that is over, the oldest first",
    query={
        **_SPAN,
        vol.Optional("period", default="hour", description="`5m`, `hour` or `day`"): (
            _one_of(*PERIODS)
        ),
    },
)
async def get_statistics(desk: Desk, request: Request) -> list[Row] | Document:
    """Return what an entity was by 5 minutes, hours or days: these are kept for ever."""
    query = request.query
    begin, end = _span(desk, query)
    _names(desk, query["entity_id"])
    zone = desk.kernel.config.home.zone
    rows = await desk.kernel.statistics.rows(query["entity_id"], query["period"], begin, end, zone)
    if query["format"] == "json":
        return rows
    return _csv(_ROW, rows)


def _span(desk: Desk, query: Any) -> tuple[datetime, datetime]:
    end = query.get("to") or desk.kernel.clock.now()
    try:
        begin = query.get("from") or end - _DAY
    except OverflowError:
        begin = end
    if begin > end:
        raise Refused(422, "invalid", "'from' is after 'to'")
    return begin, end


def _names(desk: Desk, entity_id: str) -> tuple[str, ...]:
    """Return the ids under which an entity's history stands. Raises `UnknownEntity`."""
    if not is_entity_id(entity_id):
        raise Refused(422, "invalid", f"{entity_id!r} is no entity id; one looks like light.hall")
    entry = desk.kernel.registry.entities.get(entity_id)
    if entry is not None:
        return (entity_id, *entry.previous_ids)
    desk.kernel.states.require(entity_id)
    return (entity_id,)


def _csv(columns: tuple[str, ...], items: list[Any]) -> Document:
    rows = ([getattr(one, name) for name in columns] for one in items)
    return Document(content_type=_CSV, content=as_csv(columns, rows).encode())
