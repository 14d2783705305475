"""A hub that runs on a folder, for questions over HTTP and from the command line."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from casita.cli import main
from casita.clock import settle
from casita.domains import plugin as domains
from casita.hub import Hub
from casita.plugin import Plugin
from casita_automations import plugin as automations
from casita_config import load_config

_CONFIG = """\
http: {port: 0}
automations:
  - alias: Hall
    triggers: {trigger: state, entity_id: binary_sensor.hall, to: "on"}
    conditions: {condition: state, entity_id: binary_sensor.dark, state: "on"}
    actions:
      - delay: "01:00:00"
  - alias: Dim
    shadow: true
    triggers: {trigger: state, entity_id: binary_sensor.hall, to: "on"}
    actions:
      - {action: light.turn_on, target: {entity_id: light.hall}}
"""
Ask = Callable[..., Any]


class Running:
    """A hub in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.exit_code = 0
        self._started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._serve, name="hub")
        self._hub: Hub | None = None

    def __enter__(self) -> Running:
        self._thread.start()
        self._started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    def sees(self, entity_id: str, state: str) -> None:
        """Report an entity's state."""

        async def see() -> None:
            assert self._hub is not None
            self._hub.kernel.states.set(entity_id, state, {}, source="test")
            await settle()

        asyncio.run_coroutine_threadsafe(see(), self._loop).result(10)

    def casita(self, *arguments: str) -> str:
        """Run ``casita`` on its folder; return what it says."""
        asked = [*arguments, "--config", str(self.folder)]
        result = CliRunner().invoke(main, asked)
        self.exit_code = result.exit_code
        return result.output

    def told(self, *arguments: str) -> Any:
        """Run ``casita`` with ``--json``; return what it answers."""
        return json.loads(self.casita(*arguments, "--json"))

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._run())

    async def _run(self) -> None:
        plugins: list[Plugin] = [domains, automations]
        config = load_config(self.folder)
        async with Hub(config, folder=config.data_folder, plugins=plugins) as hub:
            await hub.host.started()
            self._hub = hub
            self._started.set()
            await self._stop.wait()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A hub whose hall was dark once and is not any more."""
    (tmp_path / "casita.yaml").write_text(_CONFIG)
    with Running(tmp_path) as hub:
        for entity_id in ("light.hall", "binary_sensor.hall", "binary_sensor.dark"):
            hub.sees(entity_id, "off")
        yield hub
