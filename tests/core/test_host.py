"""A plugin that misbehaves is a line in the ledger; the hub starts and the others work."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from casita.clock import VirtualClock
from casita.errors import AuthFailed, NotReady, SetupFailed
from casita.events import Event
from casita.host import Host, PluginStatus, State
from casita.kernel import Kernel
from casita.log import MemoryLog
from casita.plugin import Component, Plugin
from casita_config import Configuration


def _plugin(name: str, component: type[Component]) -> Plugin:
    plugin = Plugin(name, version="1")
    plugin.component(component)
    return plugin


@asynccontextmanager
async def _running(kernel: Kernel, *plugins: Plugin) -> AsyncIterator[Host]:
    host = Host(kernel, plugins=plugins)
    host.load()
    starting = asyncio.ensure_future(host.start())
    assert isinstance(kernel.clock, VirtualClock)
    await kernel.clock.pass_time(0)
    yield host
    await kernel.clock.pass_time(60)
    await starting
    await host.stop()


def _status(host: Host, name: str) -> PluginStatus:
    return next(one for one in host.ledger() if one.name == name)


class Good(Component):
    async def start(self) -> None:
        self.home.emit("good.started", "good")


async def test_a_start_that_is_not_ready_is_tried_again_with_growing_pauses(
    kernel: Kernel, clock: VirtualClock
) -> None:
    tries: list[float] = []

    class Slow(Component):
        async def start(self) -> None:
            tries.append(clock.monotonic())
            if len(tries) < 4:
                raise NotReady("still booting")

    async with _running(kernel, _plugin("slow", Slow)) as host:
        waiting = _status(host, "slow")
        await clock.pass_time(60)
        running = _status(host, "slow")

    pauses = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert (waiting.state, waiting.reason) == (State.WAITING, "still booting")
    assert running.state is State.RUNNING
    assert pauses == sorted(pauses)
    assert len(tries) == 4


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (AuthFailed("wrong password"), State.NEEDS_ATTENTION),
        (SetupFailed("wrong model"), State.FAILED),
        (ValueError("a bug"), State.FAILED),
    ],
)
async def test_a_start_that_cannot_help_itself_is_told_and_not_tried_again(
    kernel: Kernel, error: Exception, state: State
) -> None:
    tries: list[int] = []

    class Bad(Component):
        async def start(self) -> None:
            tries.append(1)
            raise error

    async with _running(kernel, _plugin("bad", Bad), _plugin("good", Good)) as host:
        bad, good = _status(host, "bad"), _status(host, "good")

    assert (bad.state, good.state) == (state, State.RUNNING)
    assert str(error) in str(bad.reason)
    assert tries == [1]


async def test_a_start_that_hangs_is_ended_and_the_others_run(
    kernel: Kernel, clock: VirtualClock
) -> None:
    class Hangs(Component):
        async def start(self) -> None:
            await asyncio.Event().wait()

    async with _running(kernel, _plugin("hangs", Hangs), _plugin("good", Good)) as host:
        good = _status(host, "good")
        await clock.pass_time(30)
        hangs = _status(host, "hangs")

    assert good.state is State.RUNNING
    assert (hangs.state, hangs.reason) == (State.WAITING, "its start did not end within 30 s")


async def test_callbacks_that_raise_are_counted_and_stay_subscribed(kernel: Kernel) -> None:
    got: list[str] = []

    class Raises(Component):
        async def start(self) -> None:
            self.home.on(self._bad, type="door.opened")

        def _bad(self, event: Event) -> None:
            raise RuntimeError("always")

    class Listens(Component):
        async def start(self) -> None:
            self.home.on(lambda event: got.append(event.subject), type="door.opened")

    async with _running(kernel, _plugin("raises", Raises), _plugin("listens", Listens)) as host:
        for number in range(20):
            kernel.bus.emit("door.opened", str(number), {}, source="test")
        instance = _status(host, "raises").instances[0]

    assert instance.errors == 20
    assert "handling door.opened of 19: RuntimeError: always" in str(instance.last_error)
    assert len(got) == 20


async def test_a_task_that_fails_is_counted(kernel: Kernel, clock: VirtualClock) -> None:
    class Starts(Component):
        async def start(self) -> None:
            self.home.start(self._boom(), "boom")

        async def _boom(self) -> None:
            raise RuntimeError("task")

    async with _running(kernel, _plugin("starts", Starts)) as host:
        await clock.pass_time(0)
        instance = _status(host, "starts").instances[0]

    assert (instance.errors, instance.state) == (1, State.RUNNING)


async def test_a_stop_that_hangs_or_raises_does_not_keep_the_hub(kernel: Kernel) -> None:
    stopped: list[str] = []

    class Raises(Component):
        async def stop(self) -> None:
            raise RuntimeError("no")

    class Fine(Component):
        async def stop(self) -> None:
            stopped.append("fine")

    async with _running(kernel, _plugin("raises", Raises), _plugin("fine", Fine)):
        pass

    assert stopped == ["fine"]


async def test_an_unknown_option_keeps_a_plugin_from_starting_and_is_explained(
    clock: VirtualClock,
) -> None:
    config = Configuration.from_mapping({"plugins": {"lamp": {"hots": "x"}}})
    kernel = Kernel.assemble(config, clock, MemoryLog(clock=clock))
    plugin = Plugin("lamp", version="1", config={"host": str})
    plugin.component(Good)

    async with _running(kernel, plugin, _plugin("good", Good)) as host:
        lamp, good = _status(host, "lamp"), _status(host, "good")

    assert (lamp.state, good.state) == (State.BROKEN, State.RUNNING)
    assert "Did you mean 'host'" in str(lamp.reason)


# Installed plugins

GOOD = "from casita import Plugin\nplugin = Plugin('{name}', version='1')\n"
MISSPELT = (
    "from casita import hookimpl\n@hookimpl\ndef casita_register_servicse():\n    return []\n"
)
WRONG_TYPE = (
    "from casita import hookimpl\n@hookimpl\ndef casita_register_services():\n    return [1]\n"
)
RAISES = "from casita import hookimpl\n@hookimpl\ndef casita_register_services():\n    1 / 0\n"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Put a distribution with one plugin where the interpreter finds it."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(name: str, source: str) -> None:
        module = f"planted_{name}"
        (tmp_path / f"{module}.py").write_text(source.replace("{name}", name))
        info = tmp_path / f"planted_{name}-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: planted-{name}\nVersion: 1\n")
        value = module if "hookimpl" in source else f"{module}:plugin"
        (info / "entry_points.txt").write_text(f"[casita]\n{name} = {value}\n")
        monkeypatch.delitem(sys.modules, module, raising=False)

    return install


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("1 / 0\n", "importing planted_bad:plugin failed: ZeroDivisionError"),
        ("import nowhere_to_be_found\n", "ModuleNotFoundError"),
        ("x = 1\n", "AttributeError"),
        ("plugin = 7\n", "implements no hook"),
        (MISSPELT, "no hook 'casita_register_servicse'. Did you mean 'casita_register_services'"),
        (WRONG_TYPE, "returned 1; it returns a list of Service"),
        (RAISES, "ZeroDivisionError"),
    ],
)
async def test_an_installed_plugin_that_is_broken_is_listed_with_the_reason(
    clock: VirtualClock, install: Callable[[str, str], None], source: str, reason: str
) -> None:
    install("bad", source)
    install("good", GOOD)
    config = Configuration.from_mapping({"plugins": {"bad": None, "good": None}})
    host = Host(Kernel.assemble(config, clock, MemoryLog(clock=clock)))

    host.load()

    bad, good = _status(host, "bad"), _status(host, "good")
    assert (bad.state, bad.distribution) == (State.BROKEN, "planted-bad")
    assert reason in str(bad.reason)
    assert good.state is State.RUNNING


async def test_a_plugin_that_config_does_not_name_is_not_even_imported(
    clock: VirtualClock, install: Callable[[str, str], None]
) -> None:
    install("quiet", "raise SystemExit\n")
    host = Host(Kernel.assemble(Configuration.from_mapping({}), clock, MemoryLog(clock=clock)))

    host.load()

    assert _status(host, "quiet").state is State.INSTALLED


async def test_a_plugin_that_is_not_installed_is_named_with_the_nearest(
    clock: VirtualClock, install: Callable[[str, str], None]
) -> None:
    install("lamps", GOOD)
    config = Configuration.from_mapping({"plugins": {"lamp": None}})
    host = Host(Kernel.assemble(config, clock, MemoryLog(clock=clock)))

    host.load()

    assert "Did you mean 'lamps'" in str(_status(host, "lamp").reason)
