"""The log: what happened, what is happening, and why."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Final, cast

import msgspec
import voluptuous as vol

from casita.api import _fields
from casita.api._acknowledging import stored
from casita.api._acting import SOURCE
from casita.api._encoding import encoded
from casita.api._errors import Refused
from casita.api._records import Record, Teller
from casita.api._scopes import Scope
from casita.api._table import Desk, Request, Stream, route
from casita.causality import Of, chain, effects, latest_of, missing
from casita.events import Event
from casita.ids import Offset, is_entity_id
from casita.kernel import Kernel

_PAGE: Final = 100
_LONGEST_PAGE: Final = 1000
_LONGEST_DATA: Final = 64 * 1024
_TYPE: Final = re.compile(r"[A-Za-z0-9_]+(?:[.:-][A-Za-z0-9_]+)*")
_OURS: Final = frozenset(
    {
        "area", "automation", "command", "config", "consumer", "dead_letter", "device", "entity",
        "floor", "hub", "label", "log", "pending", "plugin", "run", "state", "timer", "token",
    }
)  # fmt: skip
"""Families of events that the hub itself vouches for: nobody else may emit them."""

_FILTERS: Final[Mapping[Any, Any]] = {
    vol.Optional("types", description="only of these types; `*` stands for any text"): (
        _fields.patterns
    ),
    vol.Optional("subjects", description="only about these subjects, as `light.*`"): (
        _fields.patterns
    ),
    vol.Optional("sentences", default="false", description="tell each in words too"): _fields.flag,
}


class LogPage(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of the log."""

    events: list[Record]
    """In the order in which they happened."""
    head: int
    """Offset of the newest event of all that is stored: where a stream can take up."""


class Emitted(msgspec.Struct, frozen=True, kw_only=True):
    """An event that was put on the bus."""

    offset: Offset
    stored: bool
    """False: it is in force, but the disk has not taken it."""


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """Why something happened."""

    chain: list[Record]
    """The event that was asked about, what led to it, and so on back to the root."""
    missing: Offset | None
    """Where the chain would go on, if that event had not left the log; null: it is whole."""
    effects: list[Record]
    """What it led to in turn, where that was asked for."""


@route(
    "GET",
    "/api/events",
    scope=Scope.READ,
    returns="server-sent events: `id` is the offset, `data` the event",
    query={
        vol.Optional("after", description="begin behind this offset"): _fields.offset,
        **_FILTERS,
    },
)
async def follow_events(desk: Desk, request: Request) -> Stream:
    """Follow what happens, as a stream without gaps or doubles.

    Only what is stored is sent. To go on where a stream broke off, send the last `id` as the
    header `Last-Event-ID`. Without that, or `after`, it begins with what happens next. If the
    log does not hold what comes next any more, an event named `gap` says so first.
    """
    after = _resumed(request.last_event_id)
    if after is None:
        after = request.query.get("after", desk.kernel.log.stored_head)
    return Stream(chunks=_chunks(desk.kernel, after, request.query, request.principal.actor))


@route(
    "GET",
    "/api/log",
    scope=Scope.READ,
    returns="a piece of the log",
    query={
        vol.Optional("after", description="the oldest behind this offset"): _fields.offset,
        vol.Optional("before", description="only before this offset"): _fields.offset,
        vol.Optional("limit", default=str(_PAGE)): vol.All(
            _fields.offset, vol.Range(min=1, max=_LONGEST_PAGE)
        ),
        **_FILTERS,
    },
)
async def read_log(desk: Desk, request: Request) -> LogPage:
    """Read a piece of the log: without `after`, the newest there is.

    Entities that were renamed are found with what they did under their former ids.
    """
    query, log = request.query, desk.kernel.log
    found = await log.read(
        after=query.get("after", 0),
        before=query.get("before"),
        types=query.get("types", ()),
        subjects=_with_former_ids(desk.kernel, query.get("subjects", ())),
        limit=query["limit"],
        newest_first="after" not in query,
    )
    teller = Teller(desk.kernel, sentences=query["sentences"])
    in_order = sorted(found, key=lambda event: event.offset)
    return LogPage(events=teller.show_all(in_order), head=log.stored_head)


@route(
    "POST",
    "/api/events",
    scope=Scope.CONTROL,
    returns="where it stands in the log",
    body={
        vol.Required("type", description="as `doorbell_rang`"): str,
        vol.Optional("subject", description="what it is about; else its type"): _fields.name,
        vol.Optional("data", default=dict): {str: object},
    },
)
async def emit(desk: Desk, request: Request) -> Emitted:
    """Put an event of your own on the bus.

    The hub's own families of types (`state.*`, `command.*`, ...) are refused.
    """
    body = request.body
    type_ = _own_type(body["type"])
    if len(encoded(body["data"])) > _LONGEST_DATA:
        raise Refused(413, "too_large", "data: more than 64 KB", field="data")
    event = desk.kernel.bus.emit(
        type_, body.get("subject", type_), body["data"],
        source=SOURCE, actor=request.principal.actor,
    )  # fmt: skip
    return Emitted(offset=event.offset, stored=await stored(desk.kernel, event.offset))


@route(
    "GET",
    "/api/why/{what}",
    scope=Scope.READ,
    returns="the chain of causes",
    query={
        vol.Optional("effects", default="false", description="also what it led to"): _fields.flag,
        vol.Optional("of", description="an entity's last `change`, `command` or `run`"): (
            vol.In([one.value for one in Of])
        ),
    },
)
async def why(desk: Desk, request: Request) -> Why:
    """Say why something happened: an event, by its offset, or the last thing of an entity.

    That is its last change, and the last run of an automation or a script.
    """
    log, teller = desk.kernel.log, Teller(desk.kernel, sentences=True)
    sort: str | None = request.query.get("of")
    asked = await _asked(desk.kernel, request.params["what"], Of(sort) if sort else None)
    causes = await chain(log, asked.offset)
    led_to = await effects(log, asked.offset) if request.query["effects"] else []
    return Why(
        chain=teller.show_all(causes), missing=missing(causes), effects=teller.show_all(led_to)
    )


async def _chunks(
    kernel: Kernel, after: int, query: Mapping[str, Any], actor: str
) -> AsyncGenerator[bytes, None]:
    teller = Teller(kernel, sentences=query["sentences"])
    begin = await _first_after(kernel, after) - 1
    if begin != after:
        yield b"event: gap\ndata: %s\n\n" % encoded({"after": after, "next": begin + 1})
    with kernel.consumers.following(f"stream of {actor}", begin) as place:
        yield b"retry: 1000\nid: %d\n\n" % begin
        follow = kernel.log.follow(
            begin, types=query.get("types", ()), subjects=query.get("subjects", ())
        )
        async with aclosing(cast("AsyncGenerator[list[Event], None]", follow)) as batches:
            async for batch in batches:
                for event in batch:
                    yield b"id: %d\ndata: %s\n\n" % (event.offset, encoded(teller.show(event)))
                    place.cursor = event.offset


async def _first_after(kernel: Kernel, after: int) -> int:
    """Return the offset of the event that comes next, or will: mostly that after ``after``."""
    log = kernel.log
    if after > log.stored_head:
        return log.stored_head + 1
    found = await log.read(after=after, limit=1)
    return found[0].offset if found else after + 1


def _resumed(last_event_id: str | None) -> int | None:
    if last_event_id is None:
        return None
    try:
        return _fields.offset(last_event_id)
    except vol.Invalid as err:
        raise Refused(
            400, "invalid_header", f"Last-Event-ID: {err}", field="Last-Event-ID"
        ) from err


def _own_type(type_: str) -> str:
    if len(type_) > 100 or not _TYPE.fullmatch(type_):
        raise Refused(
            400, "invalid_body",
            "type: letters, digits and _ are expected, parted by . : or -", field="type",
        )  # fmt: skip
    if re.split("[.:-]", type_)[0] in _OURS and type_ not in _OURS:
        raise Refused(
            403, "not_permitted", f"type: {type_}: events of this family are the hub's own",
            field="type",
        )  # fmt: skip
    return type_


def _with_former_ids(kernel: Kernel, subjects: tuple[str, ...]) -> tuple[str, ...]:
    entries = [kernel.registry.entities.get(one) for one in subjects]
    return (
        *subjects,
        *(former for one in entries if one is not None for former in one.previous_ids),
    )


async def _asked(kernel: Kernel, what: str, of: Of | None) -> Event:
    if is_entity_id(what):
        kernel.states.require(what)
        event = await latest_of(kernel.log, what, of)
    else:
        try:
            event = await kernel.log.event(_fields.offset(what))
        except vol.Invalid as err:
            message = f"{what}: neither an offset nor an entity id"
            raise Refused(404, "not_found", message) from err
    if event is None:
        raise Refused(404, "unknown_event", f"{what}: the log holds nothing of it")
    return event
