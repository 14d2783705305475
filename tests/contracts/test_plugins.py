"""What every plugin of ours keeps to, whatever it does."""

from __future__ import annotations

import asyncio
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from casita.clock import SystemClock
from casita.host import Host, PluginStatus, State
from casita.kernel import Kernel
from casita.log import MemoryLog
from casita.plugin import Plugin
from casita_config import Configuration

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))
NAMES = sorted(
    entry.name
    for entry in entry_points(group="casita")
    if entry.dist is not None and entry.dist.name.startswith("casita")
)


def _host(*enabled: str) -> Host:
    config = Configuration.from_mapping(
        {"plugins": dict.fromkeys(enabled), "network": {"interfaces": ["127.0.0.1"]}}
    )
    clock = SystemClock()
    kernel = Kernel.assemble(config, clock, MemoryLog(clock=clock))
    return Host(kernel, interfaces=config.network.interfaces)


def _status(host: Host, name: str) -> PluginStatus:
    return next(one for one in host.ledger() if one.name == name)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_plugin_is_a_distribution_of_its_own(folder: Path) -> None:
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]

    assert project["name"] == f"casita-{folder.name.replace('_', '-')}"
    assert list(project["entry-points"]["casita"]) == [folder.name]
    assert any(one.startswith("casita") for one in project["dependencies"])
    assert (folder / "README.md").read_text().startswith("# ")
    assert (folder / f"casita_{folder.name}" / "py.typed").exists()


@pytest.mark.parametrize("name", NAMES)
def test_a_plugin_loads_and_names_itself(name: str) -> None:
    host = _host(name)

    host.load()

    status = _status(host, name)
    assert status.reason is None
    assert status.version


@pytest.mark.parametrize("name", NAMES)
def test_what_a_plugin_adds_bears_its_name(name: str) -> None:
    (entry,) = (one for one in entry_points(group="casita") if one.name == name)
    plugin = entry.load()

    assert isinstance(plugin, Plugin)
    assert plugin.name == name
    assert all(
        kind.id.startswith(f"{name}.") and kind.description
        for kind in plugin.casita_register_automations()
    )
    assert all(service.description for service in plugin.casita_register_services())


@pytest.mark.parametrize("name", NAMES)
async def test_a_plugin_without_its_device_starts_or_waits_and_stops_in_time(name: str) -> None:
    host = _host(name)
    host.load()

    await host.start()
    async with asyncio.timeout(20):
        await host.started()
    status = _status(host, name)
    async with asyncio.timeout(10):
        await host.stop()

    assert status.state in (State.RUNNING, State.WAITING, State.NEEDS_ATTENTION, State.BROKEN)
    left = [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert left == []
