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
from casita_automations.values import jsonable
from casita_config import Configuration, load, plain

_NOW: Final = "2024-03-12T09:00:00+00:00"


def read(folder: Path) -> Iterator[dict[str, Any]]:
    """Go through the vectors of a folder's files, by file; or of one file."""
    for path in [folder] if folder.is_file() else sorted(folder.rglob("*.y*ml")):
        listed = plain(load(path)) or ()
        yield from (one for one in listed if isinstance(one, dict) and "id" in one)


def run(vector: Mapping[str, Any]) -> str | None:
    """Run a vector; return in one line how it differs from what was recorded, or None."""
    if vector.get("kind") == "template":
        found = [difference for _source, difference in run_cases(vector) if difference is not None]
        return "; ".join(found) or None
    return asyncio.run(_run(vector))


def run_cases(vector: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """Go through the templates of a vector: each with how its result differs, or None."""
    clock = VirtualClock(_start(vector))
    config = Configuration.from_mapping({"home": _home(vector)})
    kernel = Kernel.assemble(config, clock, MemoryLog(clock=clock))
    for each in vector.get("initial") or ():
        kernel.states.set(
            each["entity_id"], str(each["state"]), each.get("attributes") or {}, source="vectors"
        )
    templates = Templates(kernel)
    for case in vector["cases"]:
        yield case["template"], _case_differs(templates, case)


def _start(vector: Mapping[str, Any]) -> datetime:
    start = datetime.fromisoformat(str(vector.get("now") or _NOW))
    return start.replace(tzinfo=start.tzinfo or UTC).astimezone(UTC)


def _home(vector: Mapping[str, Any]) -> dict[str, Any]:
    place = vector.get("location") or {"latitude": 52.37, "longitude": 4.9}
    return {"time_zone": vector.get("timezone") or "UTC", **place}


def _config(vector: Mapping[str, Any]) -> dict[str, Any]:
    config: dict[str, Any] = {
        "home": _home(vector),
        "automation": vector.get("automation") or [],
        "script": vector.get("script") or {},
    }
    components = vector.get("components") or ()
    for component in [components] if isinstance(components, Mapping) else components:
        if isinstance(component, Mapping):
            config.update({key: value for key, value in component.items() if value is not None})
    return config


async def _run(vector: Mapping[str, Any]) -> str | None:
    start = _start(vector)
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
    for entity_id, expected in _expected_states(wanted):
        state = stage.kernel.states.get(entity_id)
        text = expected.get("state") if isinstance(expected, Mapping) else expected
        if (None if state is None else state.state) != (None if text is None else str(text)):
            return f"{entity_id} is {state and state.state}, expected {expected}"
        attributes = expected.get("attributes") if isinstance(expected, Mapping) else None
        for name, value in (attributes or {}).items():
            found = None if state is None else jsonable(state.attributes.get(name))
            if found != value:
                return f"{entity_id}: {name} is {found!r}, expected {value!r}"
    return None


def _expected_states(wanted: Any) -> Iterator[tuple[str, Any]]:
    """Go through final states, given by entity id, or as a list of mappings."""
    if isinstance(wanted, Mapping):
        yield from wanted.items()
    else:
        yield from ((one["entity_id"], one) for one in wanted)


def _case_differs(templates: Templates, case: Mapping[str, Any]) -> str | None:
    source = case["template"]
    try:
        result = templates.template(source).render(case.get("variables") or {})
    except TemplateError as err:
        return None if "error" in case else f"{source}: {err}"
    if "error" in case:
        return f"{source}: gave {result!r}, expected an error"
    kind, wanted = type(result).__name__, case["result"]
    if isinstance(result, tuple):
        kind = "list"
    if isinstance(result, set) and isinstance(wanted, list):
        wanted = set(wanted)
    if _as_written(result) != _as_written(wanted) or kind != case["type"]:
        return f"{source}: gave {result!r} ({kind}), expected {case['result']!r} ({case['type']})"
    return None


def _as_written(value: Any) -> Any:
    """Return a value as YAML holds it, which knows no tuples."""
    if isinstance(value, list | tuple):
        return [_as_written(item) for item in value]
    if isinstance(value, dict):
        return {key: _as_written(item) for key, item in value.items()}
    return value
