"""``log``, ``why``, ``states`` and ``devices``: no hub has to run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Cli = Callable[..., Result]
Answer = Callable[..., Any]


def lines(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def test_the_log_is_told_in_sentences_newest_last(casita: Cli, lived_in: Path) -> None:
    told = lines(casita("log", "--config", lived_in, "-n", 3))

    assert [line.split("  ")[-1] for line in told] == [
        "Hall lamp turned on",
        "Hall lamp answered: done",
        "Hall lamp turned off",
    ]


def test_the_log_in_json_is_an_event_a_line(casita: Cli, lived_in: Path) -> None:
    events = [json.loads(line) for line in lines(casita("log", "--config", lived_in, "--json"))]

    assert [one["offset"] for one in events] == sorted(one["offset"] for one in events)
    assert {"offset", "time", "type", "subject", "source", "data", "root"} <= events[0].keys()


def test_the_log_can_be_filtered_by_type_and_subject(casita: Cli, lived_in: Path) -> None:
    result = casita(
        "log", "--config", lived_in, "--json", "--type", "command.*", "--subject", "light.*"
    )

    types = [json.loads(line)["type"] for line in lines(result)]
    assert types == ["command.sent", "command.done"]


def test_since_leaves_out_what_is_older(casita: Cli, lived_in: Path) -> None:
    recent = casita("log", "--config", lived_in, "--since", "1h")
    ever = casita("log", "--config", lived_in, "--since", "99999d", "--json")

    assert lines(recent) == []
    assert len(lines(ever)) == json.loads(lines(ever)[-1])["offset"]


def test_a_length_of_time_that_is_none_is_a_usage_error(casita: Cli, lived_in: Path) -> None:
    result = casita("log", "--config", lived_in, "--since", "yesterday")

    assert result.exit_code == 2
    assert "yesterday" in result.stderr


def test_why_tells_the_chain_of_an_event_down_to_its_root(casita: Cli, lived_in: Path) -> None:
    found = casita("log", "--config", lived_in, "--json", "--type", "command.done")
    offset = json.loads(lines(found)[0])["offset"]

    told = lines(casita("why", offset, "--config", lived_in))

    assert len(told) == 4
    assert told[0].startswith("Hall lamp answered: done  [")
    assert told[1].startswith("└─ light.turn_on sent to Hall lamp  [")
    assert told[2].startswith("   └─ automation hall light ran  [")
    assert told[3].startswith("      └─ Hall motion turned on  [")


def test_why_of_an_entity_is_why_it_last_changed(answer: Answer, lived_in: Path) -> None:
    told = answer("why", "light.hall", "--config", lived_in)

    assert [one["sentence"] for one in told["chain"]] == ["Hall lamp turned off"]
    assert told["missing"] is None


def test_why_can_tell_effects(answer: Answer, lived_in: Path) -> None:
    told = answer("why", "binary_sensor.hall", "--effects", "--config", lived_in)

    assert [one["type"] for one in told["effects"]] == [
        "run.started", "command.sent", "state.changed", "command.done",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "code", "words"),
    [
        ("light.hal", 1, "Did you mean 'light.hall'?"),
        ("99999", 1, "the log holds no event 99999"),
        ("the lamp", 2, "neither the number of an event nor an entity id"),
    ],
)
def test_why_of_what_is_not_there_says_so(
    casita: Cli, lived_in: Path, what: str, code: int, words: str
) -> None:
    result = casita("why", what, "--config", lived_in)

    assert result.exit_code == code
    assert words in result.stderr


def test_states_are_those_after_the_last_snapshot_too(answer: Answer, lived_in: Path) -> None:
    states = {one["entity_id"]: one["state"] for one in answer("states", "--config", lived_in)}

    assert states == {
        "binary_sensor.hall": "on", "light.hall": "off", "sensor.hall_temperature": "20.5",
    }  # fmt: skip


@pytest.mark.parametrize("pattern", ["light", "light.*", "*.hall", "light.hall"])
def test_states_can_be_chosen_by_domain_or_pattern(
    casita: Cli, lived_in: Path, pattern: str
) -> None:
    told = lines(casita("states", pattern, "--config", lived_in))

    assert any(line.startswith("light.hall ") for line in told)
    assert not any(line.startswith("sensor.") for line in told)


def test_a_state_has_its_unit(casita: Cli, lived_in: Path) -> None:
    told = lines(casita("states", "sensor", "--config", lived_in))

    assert "20.5 °C" in told[1]


def test_a_state_that_is_not_there_is_a_no(casita: Cli, lived_in: Path) -> None:
    result = casita("states", "light.hal", "--config", lived_in)

    assert result.exit_code == 1
    assert "Did you mean 'light.hall'?" in result.stderr


def test_devices_are_listed_with_area_and_plugin(casita: Cli, lived_in: Path) -> None:
    told = lines(casita("devices", "--config", lived_in))

    assert told[0].split() == ["DEVICE", "MODEL", "AREA", "PLUGIN", "ENTITIES"]
    assert re.split(" {2,}", told[1]) == ["Hall lamp", "Lamp 3", "Hall", "demo", "1"]


def test_the_inbox_stands_below_the_devices(answer: Answer, casita: Cli, lived_in: Path) -> None:
    told = lines(casita("devices", "--config", lived_in))
    inbox = answer("devices", "--config", lived_in)["inbox"]

    assert told[-1].startswith("demo.desk  Desk lamp")
    assert "code: on its foot" in told[-1]
    assert [one["id"] for one in inbox] == ["demo.desk"]


def test_a_name_from_a_stranger_does_nothing_to_the_terminal(casita: Cli, lived_in: Path) -> None:
    told = casita("devices", "--config", lived_in).stdout

    assert "\x1b" not in told


def test_what_is_piped_is_plain(casita: Cli, lived_in: Path) -> None:
    for command in (("log",), ("states",), ("devices",), ("why", "light.hall")):
        told = casita(*command, "--config", lived_in).stdout

        assert told
        assert not {"\x1b", "\t"} & set(told)


@pytest.mark.parametrize("command", [("log",), ("states",), ("devices",), ("why", "light.hall")])
def test_a_folder_on_which_no_hub_has_run_is_exit_code_3(
    casita: Cli, home: Path, command: tuple[str, ...]
) -> None:
    result = casita(*command, "--config", home)

    assert result.exit_code == 3
    assert "casita run" in result.stderr


@pytest.mark.parametrize("command", ["log", "states", "devices", "check", "run"])
def test_a_folder_without_configuration_says_what_to_do(
    casita: Cli, tmp_path: Path, command: str
) -> None:
    result = casita(command, "--config", tmp_path)

    assert result.exit_code == 2
    assert "casita init" in result.stderr
    assert "config/examples/demo" in result.stderr


def test_the_folder_can_stand_in_the_environment(casita: Cli, lived_in: Path) -> None:
    result = casita("states", env={"CASITA_CONFIG": str(lived_in)})

    assert result.exit_code == 0
    assert "light.hall" in result.stdout


def test_data_that_the_configuration_puts_elsewhere_is_found(casita: Cli, lived_in: Path) -> None:
    (lived_in / ".casita").rename(lived_in / "data")
    (lived_in / "casita.yaml").write_text("log:\n  folder: data\n")

    result = casita("states", "light", "--config", lived_in)

    assert result.exit_code == 0


# What runs did


def test_the_trace_of_a_run_tells_what_it_led_to(
    casita: Cli, lived_in: Path, answer: Answer
) -> None:
    (run,) = answer("trace", "hall_light", "--config", lived_in)
    told = lines(casita("trace", run["run"], "--config", lived_in))

    assert told[0] == f"hall light, run {run['run']}: it is under way"
    assert told[-1].endswith(f"light.turn_on sent to Hall lamp  [event {run['did'][0]['offset']}]")


@pytest.mark.parametrize(
    ("what", "code", "message"),
    [
        ("1", 1, "event 1 is not the beginning of a run"),
        ("automation.hall_ligth", 1, "nothing is known of it"),
        ("light.hall", 2, "neither the number of a run, nor an automation or script"),
    ],
)
def test_a_trace_that_is_not_there_says_so(
    casita: Cli, lived_in: Path, what: str, code: int, message: str
) -> None:
    result = casita("trace", what, "--config", lived_in)

    assert result.exit_code == code
    assert message in result.stderr
