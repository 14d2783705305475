"""Changing automations: trying them on the past, testing them, putting them in force."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec
import voluptuous as vol

from casita.api._acting import SOURCE
from casita.api._errors import Refused
from casita.api._scopes import Scope
from casita.api._table import Desk, Request, route
from casita.backtests import Against, BacktestReport, Effects
from casita.beside import casita_beside
from casita.reloads import ReloadReport
from casita.testruns import TestReport

_RELOAD: Final = "automation.reload"
_WITHIN_S: Final = 90.0
_LONGEST_TEXT: Final = 200_000
_TIME: Final = vol.All(str, vol.Length(max=40))


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_TEXT:
        raise vol.Invalid(f"a text of 1 to {_LONGEST_TEXT} characters is expected")
    return value


@route(
    "POST", "/api/backtest",
    scope=Scope.ADMIN, returns="what would have been sent otherwise", timeout_s=_WITHIN_S + 5,
    body={
        vol.Exclusive("automation", "what", description="its entity id, id or name"): vol.All(
            str, vol.Length(min=1, max=200)
        ),
        vol.Exclusive("yaml", "what", description="automations to try in their place"): _text,
        vol.Optional("days", description="only the last so many"): vol.All(
            vol.Any(int, float), vol.Range(min=0, max=10_000)
        ),
        vol.Optional("from", description="from then on, as `2026-03-01T18:00`"): _TIME,
        vol.Optional("to", description="until then"): _TIME,
        vol.Optional("against", default=Against.RECORD.value): vol.In([*Against]),
        vol.Optional("effects", default=Effects.RECORDED.value): vol.In([*Effects]),
    },
)  # fmt: skip
async def backtest(desk: Desk, request: Request) -> BacktestReport:
    """Try automations on what the log holds; nothing is sent to any device.

    Without `automation` and `yaml` all present automations are tried. It runs in a process of
    its own, of low priority, for 90 s at most.
    """
    body = request.body
    words = [f"--against={body['against']}"]
    words.append("--echo" if body["effects"] == Effects.ECHO else "--recorded")
    words += [f"--{key}={body[key]}" for key in ("automation", "days", "from", "to") if key in body]
    if "yaml" in body:
        words.append("-")
    answer = await casita_beside(
        "backtest", "--json", "--config", str(_folder(desk)), *words,
        text=body.get("yaml"), within_s=_WITHIN_S,
    )  # fmt: skip
    return msgspec.json.decode(answer, type=BacktestReport)


@route(
    "POST", "/api/test",
    scope=Scope.ADMIN, returns="how each test ended", timeout_s=_WITHIN_S + 5,
    body={
        vol.Optional("only", description="only tests with this text in their names"): vol.All(
            str, vol.Length(min=1, max=200)
        ),
    },
)  # fmt: skip
async def test(desk: Desk, request: Request) -> TestReport:
    """Run the tests of the configuration folder, each in a house of its own."""
    only = [f"-k={request.body['only']}"] if "only" in request.body else []
    answer = await casita_beside(
        "test", "--json", str(_folder(desk)), *only, within_s=_WITHIN_S
    )  # fmt: skip
    return msgspec.json.decode(answer, type=TestReport)


@route(
    "POST", "/api/reload",
    scope=Scope.ADMIN, returns="what changed, or what keeps it from changing",
    timeout_s=_WITHIN_S + 5,
    body={
        vol.Optional("force", default=False, description="in spite of faults and tests"): bool,
        vol.Optional("dry_run", default=False, description="only say what would change"): bool,
    },
)  # fmt: skip
async def reload(desk: Desk, request: Request) -> ReloadReport:
    """Put the automations and scripts of the configuration folder in force: all, or nothing.

    With a fault, or a test that does not pass, everything stays as it was: `active` is false.
    """
    call = desk.kernel.commands.call(
        _RELOAD, dict(request.body), source=SOURCE, actor=request.principal.actor,
        expires_s=_WITHIN_S,
    )  # fmt: skip
    await call.finished()
    outcome = call.outcomes[_RELOAD]
    if outcome.response is None:
        raise Refused(409, "not_reloaded", outcome.message or outcome.status.value)
    return msgspec.convert(outcome.response, ReloadReport)


def _folder(desk: Desk) -> Path:
    folder = desk.kernel.config.folder
    if folder is None:
        raise Refused(409, "no_folder", "this hub has no configuration folder")
    return folder
