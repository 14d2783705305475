"""``casita run`` as a program of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

import pytest

WITHIN_S = 30.0
LOOK_EVERY_S = 0.05


class Program:
    """A running ``casita``, whose lines can be waited for."""

    def __init__(self, *arguments: object, path: Path | None = None) -> None:
        """``path`` is a folder with more plugins."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "casita", *map(str, arguments)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(path or "")},
        )  # fmt: skip
        self.lines: list[str] = []
        self._queue: Queue[str | None] = Queue()
        self._reader = Thread(target=self._read, name="reader of a test")
        self._reader.start()

    def line(self, wanted: str) -> str:
        """Return the first line with this text."""
        while True:
            try:
                line = self._queue.get(timeout=WITHIN_S)
            except Empty:
                raise AssertionError(f"no line with {wanted!r} in {self.lines}") from None
            assert line is not None, f"it ended without {wanted!r}: {self.lines}"
            self.lines.append(line)
            if wanted in line:
                return line

    def ends(self) -> int:
        """Return its exit code, once it has ended."""
        code = self.process.wait(WITHIN_S)
        self._reader.join(WITHIN_S)
        while (line := self._queue.get(timeout=WITHIN_S)) is not None:
            self.lines.append(line)
        return code

    def appears(self, path: Path) -> None:
        """Return once the program has made a file."""
        for _ in range(int(WITHIN_S / LOOK_EVERY_S)):
            if path.exists():
                return
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(LOOK_EVERY_S)
        raise AssertionError(f"{path} did not appear")

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(WITHIN_S)
        self._reader.join(WITHIN_S)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)


Start = Callable[..., Program]


@pytest.fixture
def start() -> Iterator[Start]:
    programs: list[Program] = []

    def run(*arguments: object, path: Path | None = None) -> Program:
        programs.append(Program(*arguments, path=path))
        return programs[-1]

    yield run
    for program in programs:
        program.close()


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A configuration folder with the demo house, at a lively pace and on any free port."""
    (tmp_path / "casita.yaml").write_text(
        'http:\n  port: 0\nplugins:\n  demo:\n    pace: 30\n    at: "20:00"\n'
    )
    return tmp_path


@contextmanager
def taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def install_plugin_that_does_not_end(folder: Path) -> None:
    about = folder / "stubborn-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: stubborn\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[casita]\nstubborn = stubborn:plugin\n")
    (folder / "stubborn.py").write_text(
        "from casita import Component, Plugin\n"
        "plugin = Plugin('stubborn', version='1.0')\n"
        "@plugin.component\n"
        "class Stubborn(Component):\n"
        "    async def stop(self):\n"
        "        await self.home.clock.sleep(3600)\n"
    )


def test_the_hub_says_where_it_is_and_what_happens_and_stops_cleanly(
    start: Start, house: Path
) -> None:
    program = start("run", house)

    assert str(house) in program.line("Casita 0.")
    assert "http://127.0.0.1:" in program.line("Open ")
    assert program.line("Set-up code: ")
    assert "15 minutes" in program.line("good once")
    assert "running" in program.line("Plugin demo")
    assert program.line("entities")
    assert program.line("light on")
    program.process.send_signal(signal.SIGINT)
    assert program.ends() == 0
    assert program.lines[-1] == "Stopped."
    assert "Traceback" not in "\n".join(program.lines)


def test_a_running_hub_answers_the_other_commands(start: Start, house: Path) -> None:
    program = start("run", house)
    program.line("entities")

    called = start("call", "light.turn_on", "light.guest_room", "--json", "--config", house)
    code = called.ends()
    listed = start("states", "light", "--json", "--config", house)
    listed.ends()

    assert code == 0, called.lines
    assert json.loads(called.lines[0])["outcomes"]["light.guest_room"]["status"] == "done"
    assert any(one["entity_id"] == "light.guest_room" for one in json.loads(listed.lines[0]))


def test_sigterm_stops_it_cleanly_too(start: Start, house: Path) -> None:
    program = start("run", house)
    program.line("entities")

    program.process.terminate()

    assert program.ends() == 0


def test_a_second_interrupt_stops_it_at_once(start: Start, tmp_path: Path) -> None:
    install_plugin_that_does_not_end(tmp_path / "plugins")
    (tmp_path / "casita.yaml").write_text("http:\n  port: 0\nplugins:\n  stubborn:\n")
    program = start("run", tmp_path, path=tmp_path / "plugins")
    program.line("entities")

    program.process.send_signal(signal.SIGINT)
    program.line("Stopping")
    program.process.send_signal(signal.SIGINT)

    assert program.ends() == 130


def test_quiet_says_nothing(start: Start, house: Path) -> None:
    program = start("run", house, "--quiet")
    program.appears(house / ".casita" / "hub.sock")

    program.process.send_signal(signal.SIGINT)

    assert program.ends() == 0
    assert program.lines == []


def test_a_port_in_use_is_one_clear_line(start: Start, tmp_path: Path) -> None:
    with taken_port() as port:
        (tmp_path / "casita.yaml").write_text(f"http:\n  port: {port}\n")

        program = start("run", tmp_path)

        assert program.ends() == 1
        assert [line for line in program.lines if str(port) in line and "in use" in line]
        assert len(program.lines) == 1


def test_a_folder_in_use_is_one_clear_line(start: Start, house: Path) -> None:
    start("run", house).line("entities")

    second = start("run", house)

    assert second.ends() == 1
    assert len(second.lines) == 1
    assert "another hub" in second.lines[0]


def test_a_wrong_configuration_is_told_with_file_and_line(start: Start, tmp_path: Path) -> None:
    (tmp_path / "casita.yaml").write_text("http:\n  port: many\n")

    program = start("run", tmp_path)

    assert program.ends() == 1
    assert any("casita.yaml:2" in line for line in program.lines)
    assert "Traceback" not in "\n".join(program.lines)


def test_the_log_can_be_followed_while_the_hub_runs(start: Start, house: Path) -> None:
    start("run", house).line("entities")

    follower = start("log", "--follow", "-n", "0", "--json", "--config", house)
    event = json.loads(follower.line("state.changed"))
    follower.process.send_signal(signal.SIGINT)

    assert event["type"] == "state.changed"
    assert follower.ends() == 0
