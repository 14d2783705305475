"""Commands that go to a running hub."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from casita import (
    AuthFailed,
    Candidate,
    Command,
    CommandFailed,
    Component,
    Device,
    Entity,
    Home,
    Plugin,
)
from casita.domains import plugin as domains
from casita.hub import Hub
from casita_config import Configuration

Cli = Callable[..., Result]
Answer = Callable[..., Any]


def make_plugin() -> Plugin:
    """A plugin with a lamp that works, a lamp that does not, and one that waits in the inbox."""
    plugin = Plugin("shelf", version="2.5")

    @plugin.component
    class Shelf(Component):
        async def start(self) -> None:
            self.home.add(Entity("light", "good", "Good lamp"))
            self.home.add(Entity("light", "bad", "Bad lamp"))
            self.home.found(Candidate(key="new", title="New lamp", asks={"pin": "on its back"}))
            self.home.found(Candidate(key="other", title="Other lamp"))

        async def command(self, entity: Entity, command: Command) -> None:
            if entity.unique_id == "bad":
                raise CommandFailed("it is broken")
            entity.observe(command.action == "turn_on", cause=command.event, **command.data)

    @plugin.device
    class NewLamp(Device):
        @classmethod
        async def pair(cls, candidate: Candidate, answers: Any, home: Home) -> dict[str, str]:
            if answers["pin"] != "42":
                raise AuthFailed("New lamp: this is not its pin")
            return {"key": "secret"}

    return plugin


@pytest.fixture
def running(home: Path) -> Iterator[Path]:
    """A configuration folder on which a hub runs."""
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    done = asyncio.Event()

    async def live() -> None:
        config = Configuration.from_mapping({"http": {"port": 0}}, folder=home)
        async with Hub(config, folder=home / ".casita", plugins=[domains, make_plugin()]) as hub:
            await hub.host.started()
            ready.set()
            await done.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(live()), name="hub of a test")
    thread.start()
    assert ready.wait(20), "the hub did not start"
    yield home
    loop.call_soon_threadsafe(done.set)
    thread.join(20)
    loop.close()


def test_a_call_says_how_it_ended(casita: Cli, running: Path) -> None:
    result = casita("call", "light.turn_on", "light.good_lamp", "--config", running)

    assert result.exit_code == 0, result.output
    assert result.stdout == "light.good_lamp: done\n"
    assert "on" in casita("states", "light.good_lamp", "--config", running).stdout


def test_a_call_that_fails_is_exit_code_1(casita: Cli, running: Path) -> None:
    result = casita(
        "call", "light.turn_on", "light.good_lamp", "light.bad_lamp", "--config", running
    )

    assert result.exit_code == 1
    assert "light.good_lamp: done" in result.stdout
    assert "light.bad_lamp: failed: it is broken" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("light.turn_onn", "light.good_lamp"), "Did you mean 'light.turn_on'?"),
        (("light.turn_on", "light.god_lamp"), "Did you mean 'light.good_lamp'?"),
        (("light.turn_on", "light.good_lamp", "-d", "brightnes=3"), "Did you mean 'brightness'?"),
        (("light.turn_on",), "it needs a target"),
    ],
)
def test_a_call_that_is_refused_is_exit_code_4_and_says_why(
    casita: Cli, running: Path, arguments: tuple[str, ...], words: str
) -> None:
    result = casita("call", *arguments, "--config", running)

    assert result.exit_code == 4
    assert words in result.stderr


def test_data_is_json_where_it_can_be(answer: Answer, casita: Cli, running: Path) -> None:
    answer(
        "call", "light.turn_on", "light.good_lamp", "-d", "flash=short",
        "--json-data", '{"transition": 2}', "--config", running,
    )  # fmt: skip

    log = casita("log", "--type", "command.sent", "--json", "--config", running).stdout
    sent = json.loads(log.splitlines()[-1])["data"]["data"]
    assert (sent["flash"], sent["transition"]) == ("short", 2)


@pytest.mark.parametrize("data", [("-d", "brightness"), ("--json-data", "[1]")])
def test_data_that_is_none_is_a_usage_error(
    casita: Cli, running: Path, data: tuple[str, ...]
) -> None:
    result = casita("call", "light.turn_on", "light.good_lamp", *data, "--config", running)

    assert result.exit_code == 2


def test_the_log_names_the_owner_as_the_one_who_asked(casita: Cli, running: Path) -> None:
    casita("call", "light.turn_on", "light.good_lamp", "--config", running)

    why = casita("why", "light.good_lamp", "--config", running)

    assert "asked by owner" in why.stdout


def test_a_device_is_adopted_with_its_code(casita: Cli, running: Path) -> None:
    wrong = casita("adopt", "shelf.new", "--code", "41", "--config", running)
    right = casita("adopt", "shelf.new", "--code", "42", "--config", running)

    assert (wrong.exit_code, right.exit_code) == (4, 0)
    assert "this is not its pin" in wrong.stderr
    assert right.stdout == "New lamp is adopted.\n"


def test_a_device_is_adopted_with_named_answers(answer: Answer, running: Path) -> None:
    adopted = answer("adopt", "shelf.new", "--answer", "pin=42", "--config", running)

    assert adopted["id"] == "shelf.new"


def test_to_adopt_without_an_answer_says_what_is_missing(casita: Cli, running: Path) -> None:
    result = casita("adopt", "shelf.new", "--config", running)

    assert result.exit_code == 4
    assert "pin (on its back)" in result.stderr


def test_to_adopt_what_is_not_there_names_the_nearest(casita: Cli, running: Path) -> None:
    result = casita("adopt", "shelf.nw", "--config", running)

    assert result.exit_code == 1
    assert "Did you mean 'shelf.new'?" in result.stderr


def test_a_device_that_is_ignored_leaves_the_list(casita: Cli, running: Path) -> None:
    ignored = casita("ignore", "shelf.other", "--config", running)
    # once this is answered, all before it is stored
    casita("call", "light.turn_on", "light.good_lamp", "--config", running)

    told = casita("devices", "--config", running).stdout
    assert ignored.exit_code == 0
    assert "shelf.other" not in told
    assert "shelf.new" in told


def test_tokens_are_made_listed_and_revoked(answer: Answer, casita: Cli, running: Path) -> None:
    made = answer("token", "create", "tablet", "--scope", "control", "--config", running)
    listed = answer("token", "list", "--config", running)
    revoked = casita("token", "revoke", made["info"]["id"], "--config", running)

    assert [one["name"] for one in listed] == ["tablet"]
    assert made["token"] not in json.dumps(listed)
    assert revoked.exit_code == 0
    assert answer("token", "list", "--config", running) == []


def test_a_new_token_stands_alone_on_stdout(casita: Cli, running: Path) -> None:
    result = casita("token", "create", "tablet", "--config", running)

    assert len(result.stdout.split()) == 1
    assert "not shown again" in result.stderr


def test_plugins_are_listed_as_they_fare(answer: Answer, casita: Cli, running: Path) -> None:
    plugins = {one["name"]: one for one in answer("plugin", "list", "--config", running)}

    assert plugins["shelf"]["state"] == "running"
    assert plugins["shelf"]["version"] == "2.5"
    assert "shelf" in casita("plugin", "list", "--config", running).stdout


@pytest.mark.parametrize(
    "command",
    [
        ("call", "light.turn_on", "light.hall"),
        ("adopt", "shelf.new"),
        ("ignore", "shelf.new"),
        ("token", "list"),
    ],
)
def test_to_act_without_a_hub_is_exit_code_3(
    casita: Cli, home: Path, command: tuple[str, ...]
) -> None:
    result = casita(*command, "--config", home)

    assert result.exit_code == 3
    assert "no hub is running" in result.stderr


def test_a_socket_that_a_dead_hub_left_behind_is_no_hub(casita: Cli, home: Path) -> None:
    import socket

    (home / ".casita").mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(home / ".casita" / "hub.sock"))

    result = casita("token", "list", "--config", home)

    assert result.exit_code == 3


def test_without_a_hub_plugins_are_those_that_are_installed(answer: Answer, home: Path) -> None:
    plugins = {one["name"]: one["state"] for one in answer("plugin", "list", "--config", home)}

    assert plugins["domains"] == "enabled"
