"""Behaviour vectors: small homes, what is done to them, and the calls that were recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from casita.clock import VirtualClock, settle
from casita.kernel import Kernel
from casita.log import MemoryLog
from casita_automations.conformance.stage import Stage
from casita_automations.templates import TemplateError, Templates
from casita_config import Configuration, load, plain

_NOW: Final = "2024-03-12T09:00:00+00:00"


def read(folder: Path) -> Iterator[dict[str, Any]]:
    """Go through the vectors of a folder's files, by file."""
    for path in sorted(folder.glob("*.yaml")):
        yield from plain(load(path)) or ()


def run(vector: Mapping[str, Any]) -> str | None:
    """Run a vector; return in one line how it differs from what was recorded, or None."""
    if vector.get("kind") == "template":
        return _run_templates(vector)
    return asyncio.run(_run(vector))


def _config(vector: Mapping[str, Any]) -> dict[str, Any]:
    place = vector.get("location") or {"latitude": 52.37, "longitude": 4.9}
    config: dict[str, Any] = {
        "home": {"time_zone": vector.get("timezone", "UTC"), **place},
        "automation": vector.get("automation", []),
        "script": vector.get("script", {}),
    }
    for component in vector.get("components") or ():
        if isinstance(component, Mapping):
            config.update(component)
    return config


async def _run(vector: Mapping[str, Any]) -> str | None:
    start = datetime.fromisoformat(str(vector.get("now", _NOW))).astimezone(UTC)
    stage = Stage(
        _config(vector), start, initial=vector.get("initial") or (),
        services=vector.get("mock_services") or (),
    )  # fmt: skip
    async with stage:
        for index, step in enumerate(vector.get("steps") or ()):
            await stage.until(start + timedelta(seconds=step["at"]))
            stage.step = index
            _apply(stage, step)
            await settle()
        return _differs(vector["expect"], stage, start)


def _apply(stage: Stage, step: Mapping[str, Any]) -> None:
    if "set" in step:
        stage.set({**step, "entity_id": step["set"]})
    elif "remove" in step:
        stage.remove(step["remove"])
    elif "event" in step:
        stage.fire(step["event"], step.get("data") or {}, step.get("user_id"))
    elif "call" in step:
        stage.call(step["call"], step.get("data") or {})


def _differs(expect: Mapping[str, Any], stage: Stage, start: datetime) -> str | None:
    if expect.get("config_valid") is False:
        if not stage.problems:
            return "the configuration was taken, it had to be refused"
        return f"it called {stage.calls[0]}, it had to do nothing" if stage.calls else None
    made = [
        {
            "at": int((one.time - start).total_seconds()),
            "step": one.step,
            "service": one.service,
            "data": one.data,
        }
        for one in stage.calls
    ]
    wanted = expect.get("calls", [])
    if made != wanted:
        told = f"; problems: {stage.problems}" if stage.problems else ""
        return f"calls: {made}, expected {wanted}{told}"
    return _states_differ(expect.get("final_states") or {}, stage)


def _states_differ(wanted: Any, stage: Stage) -> str | None:
    items = wanted.items() if isinstance(wanted, Mapping) else ()
    for entity_id, expected in items:
        state = stage.kernel.states.get(entity_id)
        text = expected.get("state") if isinstance(expected, Mapping) else expected
        if (None if state is None else state.state) != text:
            return f"{entity_id} is {state and state.state}, expected {expected}"
    return None


def _run_templates(vector: Mapping[str, Any]) -> str | None:
    clock = VirtualClock(datetime.fromisoformat(str(vector.get("now", _NOW))))
    home = {"time_zone": vector.get("timezone", "UTC"), **(vector.get("location") or {})}
    log = MemoryLog(clock=clock)
    kernel = Kernel.assemble(Configuration.from_mapping({"home": home}), clock, log)
    for each in vector.get("initial") or ():
        kernel.states.set(
            each["entity_id"], str(each["state"]), each.get("attributes") or {}, source="vectors"
        )
    templates = Templates(kernel)
    differences = [_case_differs(templates, case) for case in vector["cases"]]
    found = [one for one in differences if one is not None]
    return "; ".join(found) or None


def _case_differs(templates: Templates, case: Mapping[str, Any]) -> str | None:
    source = case["template"]
    try:
        result = templates.template(source).render(case.get("variables") or {})
    except TemplateError as err:
        return None if "error" in case else f"{source}: {err}"
    if "error" in case:
        return f"{source}: gave {result!r}, expected an error"
    if isinstance(result, tuple):
        result = list(result)
    kind = type(result).__name__
    if result != case["result"] or kind != case["type"]:
        return f"{source}: gave {result!r} ({kind}), expected {case['result']!r} ({case['type']})"
    return None
