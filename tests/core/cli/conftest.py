"""Configuration folders with a past, and ways to run the command line on them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from casita.cli import main
from casita.clock import VirtualClock
from casita.discovery import Candidate
from casita.kernel import Kernel
from casita.log import Log
from casita.model import DeviceInfo
from casita_config import Configuration

Cli = Callable[..., Result]

BEGIN = datetime(2024, 3, 12, 9, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a configuration, on which no hub has run."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "casita.yaml").write_text("home:\n  name: Test\n")
    return folder


@pytest.fixture
def lived_in(home: Path) -> Path:
    """The same after a hub has run: a motion has turned the hall lamp on."""
    clock = VirtualClock(BEGIN)
    with Log.open(home / ".casita", clock=clock) as log:
        kernel = Kernel.assemble(Configuration.from_mapping({}), clock, log)
        _furnish(kernel)
        clock.advance(60)
        _turn_light_on(kernel)
        kernel.states.save()
        clock.advance(60)
        kernel.states.set(
            "light.hall", "off", {"friendly_name": "Hall lamp"}, source="demo", actor="owner"
        )
    return home


@pytest.fixture
def casita() -> Cli:
    """Run ``casita`` in this process; stdout and stderr come apart."""

    def run(*arguments: object, **options: Any) -> Result:
        return CliRunner().invoke(main, [str(one) for one in arguments], **options)

    return run


@pytest.fixture
def answer(casita: Cli) -> Callable[..., Any]:
    """Run ``casita`` with ``--json``, and return what it answered."""

    def run(*arguments: object) -> Any:
        result = casita(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return run


def _furnish(kernel: Kernel) -> None:
    registry, states = kernel.registry, kernel.states
    lamp = registry.add_device(
        "demo",
        DeviceInfo(identifiers=("lamp",), name="Hall lamp", model="Lamp 3", suggested_area="Hall"),
    )
    registry.add_entity(
        source="demo", unique_id="lamp", domain="light", name="Hall lamp",
        object_id="hall", device_id=lamp.id,
    )  # fmt: skip
    states.set("light.hall", "off", {"friendly_name": "Hall lamp"}, source="demo")
    states.set("binary_sensor.hall", "off", {"friendly_name": "Hall motion"}, source="demo")
    states.set("sensor.hall_temperature", "20.5", {"unit_of_measurement": "°C"}, source="demo")
    candidate = Candidate(key="desk", title="Desk lamp\x1b[2J", asks={"code": "on its foot"})
    kernel.discovery.found("demo", candidate)


def _turn_light_on(kernel: Kernel) -> None:
    motion = kernel.states.set(
        "binary_sensor.hall", "on", {"friendly_name": "Hall motion"}, source="demo"
    )
    run = kernel.bus.emit(
        "run.started", "automation.hall_light", {}, source="automations", cause=motion, hop=True
    )
    sent = kernel.bus.emit(
        "command.sent", "light.hall", {"service": "light.turn_on", "data": {}, "kind": "set"},
        source="automations", cause=run,
    )  # fmt: skip
    kernel.states.set("light.hall", "on", {"friendly_name": "Hall lamp"}, source="demo", cause=sent)
    kernel.bus.emit(
        "command.done", "light.hall", {"service": "light.turn_on"}, source="casita", cause=sent
    )
