"""What is asked of the automations: what comes next, why one did not run, what a shadow does."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import voluptuous as vol

from casita.api import _fields
from casita.api._errors import Refused
from casita.api._scopes import Scope
from casita.api._table import Desk, Request, route
from casita.asking import Doing, Finding, ShadowDiff, Upcoming, WhyNot

_CHECKED_WITHIN_S: Final = 60.0
_DAY: Final = "1d"


class NextPage(msgspec.Struct, frozen=True, kw_only=True):
    """What is going to happen."""

    upcoming: Sequence[Upcoming]
    """The soonest first, then what waits for something that has no time."""
    until: datetime


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What a check of the configuration has found."""

    problems: Sequence[Finding]
    """What does not work as it is written, or hardly as it was meant."""
    hints: Sequence[Finding]
    """What has a better way to be written."""


@route(
    "GET", "/api/next", scope=Scope.READ, returns="what is going to happen",
    query={vol.Optional("for", default=_DAY, description="as 30m, 24h, 7d"): _fields.span},
)  # fmt: skip
async def list_next(desk: Desk, request: Request) -> NextPage:
    """List what is going to happen: waits, delays, `for:`, times, timers, schedules."""
    until = desk.kernel.clock.now() + request.query["for"]
    return NextPage(upcoming=await desk.kernel.asking.answerer.upcoming(until), until=until)


@route(
    "POST", "/api/next", scope=Scope.CONTROL, returns="what it was",
    body={
        vol.Required("id"): str,
        vol.Required("do"): vol.In([one.value for one in Doing]),
        vol.Optional("by"): _fields.span,
    },
)  # fmt: skip
async def change_next(desk: Desk, request: Request) -> Upcoming:
    """Cancel what is pending, postpone it `by` some time, or let it happen now.

    What `can` be done with a thing stands in the list. A time that is cancelled is left out once.
    """
    body = request.body
    return await desk.kernel.asking.answerer.act(
        body["id"], Doing(body["do"]), by=body.get("by"), actor=request.principal.actor
    )


_SPAN: Final[dict[Any, Any]] = {
    vol.Optional("since", default=_DAY, description="how far back, as 30m, 24h, 7d"): _fields.span,
    vol.Optional("until", description="the end of that time; else it is now"): _fields.moment,
}


@route(
    "GET", "/api/automations/{entity_id}/whynot", scope=Scope.READ, returns="the nearest misses",
    query={**_SPAN, vol.Optional("at", description="when it should have run"): _fields.moment},
)  # fmt: skip
async def why_not(desk: Desk, request: Request) -> WhyNot:
    """Say why an automation did not run: which trigger came near, and what said no.

    With `at`, ten minutes before and after are looked at unless `until` says otherwise.
    """
    at: datetime | None = request.query.get("at")
    since, until = _within(desk, request, at)
    return await desk.kernel.asking.answerer.why_not(
        request.params["entity_id"], since=since, until=until, at=at
    )


@route(
    "GET", "/api/automations/{entity_id}/shadow", scope=Scope.READ, returns="how they differ",
    query={
        **_SPAN,
        vol.Optional("against", description="compare with this automation alone"): str,
    },
)  # fmt: skip
async def shadow_diff(desk: Desk, request: Request) -> ShadowDiff:
    """Compare what an automation in shadow would have sent with what was sent."""
    since, until = _within(desk, request, None)
    return await desk.kernel.asking.answerer.shadow_diff(
        request.params["entity_id"],
        against=request.query.get("against"), since=since, until=until,
    )  # fmt: skip


@route(
    "POST", "/api/check", scope=Scope.ADMIN, returns="what was found", body={},
    timeout_s=_CHECKED_WITHIN_S,
)  # fmt: skip
async def check(desk: Desk, request: Request) -> Checked:
    """Check the configuration folder as it is now, in a process of its own."""
    folder = desk.kernel.config.folder
    if folder is None:
        raise Refused(409, "no_folder", "this hub has no configuration folder to check")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "casita", "check", str(folder), "--json",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        told, errors = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        raise
    try:
        return msgspec.json.decode(told, type=Checked)
    except msgspec.DecodeError:
        said = errors.decode(errors="replace").strip().rpartition("\n")[2]
        raise Refused(500, "check_failed", f"the check itself failed: {said}") from None


def _within(desk: Desk, request: Request, at: datetime | None) -> tuple[datetime, datetime]:
    query, now = request.query, desk.kernel.clock.now()
    around = timedelta(minutes=10)
    until: datetime = query.get("until") or (now if at is None else min(now, at + around))
    begin = until - query["since"] if at is None else min(at - around, until - around)
    return max(begin, datetime(1970, 1, 2, tzinfo=UTC)), until
