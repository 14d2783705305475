"""Configuration folders that are checked through the command line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from casita.cli import main
from casita.clock import VirtualClock
from casita.kernel import Kernel
from casita.log import Log
from casita.model import DeviceInfo
from casita_config import Configuration

Check = Callable[..., dict[str, Any]]
RAN: str = "# a hub has run here"


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a hub that has run."""
    folder = tmp_path_factory.mktemp("ran") / ".casita"
    clock = VirtualClock(datetime(2024, 3, 12, 9, tzinfo=UTC))
    with Log.open(folder, clock=clock) as log:
        kernel = Kernel.assemble(Configuration.from_mapping({}), clock, log)
        kernel.registry.ensure_area("Hall", area_id="hall")
        lamp = kernel.registry.add_device("demo", DeviceInfo(identifiers=("lamp",), name="Lamp"))
        for domain, object_id, state, attributes in (
            ("light", "hall", "off", {"brightness": 5, "color_mode": "brightness"}),
            ("binary_sensor", "hall_motion", "off", {"device_class": "motion"}),
            ("sensor", "hall_temperature", "21.5", {"unit_of_measurement": "°C"}),
        ):
            kernel.registry.add_entity(
                source="demo", unique_id=object_id, domain=domain, name=object_id,
                object_id=object_id, device_id=lamp.id,
            )  # fmt: skip
            kernel.states.set(f"{domain}.{object_id}", state, attributes, source="demo")
        kernel.states.save()
    return folder


@pytest.fixture
def check(tmp_path: Path, ran: Path) -> Check:
    """Check a configuration file in a folder of its own; return what ``--json`` tells."""

    def run(file: Path, *options: str) -> dict[str, Any]:
        folder = tmp_path / "home"
        folder.mkdir(exist_ok=True)
        text = file.read_text()
        (folder / "casita.yaml").write_text(text)
        secrets = file.with_name(f"{file.stem}.secrets.yaml")
        if secrets.exists():
            shutil.copy(secrets, folder / "secrets.yaml")
        if text.startswith(RAN):
            shutil.copytree(ran, folder / ".casita", dirs_exist_ok=True)
        result = CliRunner().invoke(main, ["check", str(folder), "--json", *options])
        assert result.exit_code in (0, 1), result.output
        found: dict[str, Any] = json.loads(result.stdout)
        return found

    return run
