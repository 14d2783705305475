"""``casita test``: tests that stand beside automations."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from casita.cli import main

HOUSE = """\
plugins: {motion_light: }
input_boolean: {guests: {initial: true}}
automations:
  hall:
    use: motion_light.motion_light
    with: {sensor: binary_sensor.hall, light: light.hall, hold: 5m}
    tests:
"""
NIGHT = """\
input_boolean: {guests: {initial: true}}
automations:
  night:
    triggers: [{trigger: state, entity_id: binary_sensor.door, to: "on"}]
    conditions: [{condition: state, entity_id: input_boolean.guests, state: "off"}]
    actions: [{action: notify.phone, data: {message: hello}}]
    tests:
"""
OPEN = '      - do: [{binary_sensor.door: "on"}]\n'
Try = Callable[..., dict[str, Any]]


@pytest.fixture
def attempt(tmp_path: Path) -> Try:
    """Run ``casita test --json`` on a main file; return the first result."""

    def run(text: str, *words: str) -> dict[str, Any]:
        (tmp_path / "casita.yaml").write_text(text)
        found = json.loads(invoke(tmp_path, "--json", *words).stdout)["results"]
        first: dict[str, Any] = found[0]
        return first

    return run


def invoke(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["test", str(folder), *words])


def test_the_example_of_the_plugin_api_passes_across_a_crash(attempt: Try) -> None:
    result = attempt(
        HOUSE + "      - name: off after quiet, even across a crash\n"
        '        do: [{binary_sensor.hall: "on"}, {after: 1m, binary_sensor.hall: "off"},\n'
        "             {crash: true}, {after: 6m}]\n"
        "        expect: [light.turn_on, light.turn_off]\n"
    )

    assert result["verdict"] == "passed", result


def test_an_expectation_that_is_not_met_is_told_with_its_line_and_what_happened(
    attempt: Try,
) -> None:
    result = attempt(NIGHT + OPEN + "        expect:\n          - notify.phone\n")

    assert (result["verdict"], result["file"], result["line"]) == ("failed", "casita.yaml", 10)
    assert "the conditions of night said no at 09:00:00" in result["message"]
    assert "input_boolean.guests was on" in result["message"]


def test_what_was_not_to_be_sent_is_told_with_its_causes(attempt: Try) -> None:
    result = attempt(
        NIGHT.replace("initial: true", "initial: false") + OPEN + "        expect_not: notify.*\n"
    )

    assert result["verdict"] == "failed"
    assert "notify.phone was sent at 09:00:00 because night ran" in result["message"]
    assert "binary_sensor.door became on" in result["message"]


@pytest.mark.parametrize(
    "expectations",
    [
        'expect: [{light.hall: "on"}]',
        "expect: {light.turn_on: light.hall}",
        "expect: light.turn_on light.*",
        "expect: {service: light.turn_on, data: {brightness: 7}}",
        "expect: {state: {light.hall: {state: 'on', brightness: 7}}}",
        "expect: {event: seen, data: {where: hall}}",
        "expect_not: [light.turn_off, {light.hall: 'off'}]",
    ],
)
def test_every_way_to_expect_something(attempt: Try, expectations: str) -> None:
    result = attempt(
        "automation:\n"
        "  alias: hall\n"
        "  triggers: [{trigger: event, event_type: knock}]\n"
        "  actions:\n"
        "    - {action: light.turn_on, target: {entity_id: light.hall}, data: {brightness: 7}}\n"
        "    - {event: seen, event_data: {where: hall}}\n"
        "  tests:\n"
        "    given: {light.hall: {state: 'off', supported_color_modes: [brightness]}}\n"
        f"    do: [{{event: knock}}]\n    {expectations}\n"
    )

    assert result["verdict"] == "passed", result


def test_commands_are_expected_in_their_order(attempt: Try) -> None:
    result = attempt(
        HOUSE
        + '      - do: [{binary_sensor.hall: "on"}, {binary_sensor.hall: "off"}, {after: 6m}]\n'
        "        expect: [light.turn_off, light.turn_on]\n"
    )

    assert result["verdict"] == "failed"
    assert "at this place of the order" in result["message"]


def test_a_step_can_expect_what_came_of_it(attempt: Try) -> None:
    result = attempt(
        HOUSE + '      - do: [{binary_sensor.hall: "on", expect: light.turn_on},\n'
        "             {after: 1h, expect_not: light.*},\n"
        '             {binary_sensor.hall: "off"}, {after: 6m, expect: [{light.hall: "off"}]}]\n'
    )

    assert result["verdict"] == "passed", result


def test_a_test_begins_at_the_local_time_that_it_names(attempt: Try) -> None:
    result = attempt(
        "home: {time_zone: Europe/Madrid}\n"
        "automation:\n"
        "  alias: evening\n"
        "  triggers: [{trigger: time, at: '21:30'}]\n"
        "  actions: [{event: dusk}]\n"
        "  tests:\n"
        "    - {at: '21:29', do: [{after: 2m}], expect: {event: dusk}}\n"
    )

    assert result["verdict"] == "passed", result


@pytest.mark.parametrize(
    ("test", "told"),
    [
        ("{do: [{binary_sensor.door: on}], expect: x.y}", "put it in quotes, as 'on'"),
        ("{do: [], expct: [x.y], expect_not: [x.y]}", "no 'expct'. Did you mean 'expect'?"),
        ("{do: []}", "the test expects nothing"),
        ("{do: [{aftr: 5m}], expect: x.y}", "no 'aftr'. Did you mean 'after'?"),
        ("{do: [{after: soon}], expect: x.y}", "soon"),
        ("{at: noon, expect: x.y}", "'noon' is no time"),
        ("{do: [{call: light.trun_on, entity: light.a}], expect: x.y}", "light.turn_on"),
    ],
)
def test_what_is_written_wrongly_is_an_error_with_its_line(
    attempt: Try, test: str, told: str
) -> None:
    result = attempt(NIGHT + f"      - {test}\n")

    assert (result["verdict"], result["line"]) == ("error", 8)
    assert told in result["message"]


def test_files_of_tests_run_in_the_whole_house_and_are_no_configuration(tmp_path: Path) -> None:
    (tmp_path / "casita.yaml").write_text("automation: !include_dir_merge_list rooms\n")
    rooms = tmp_path / "rooms"
    rooms.mkdir()
    for name, event in (("a", "b"), ("b", "c")):
        (rooms / f"{name}.yaml").write_text(
            f"- {{alias: {name}, triggers: [{{trigger: event, event_type: {name}}}], "
            f"actions: [{{event: {event}}}]}}\n"
        )
    (rooms / "both.test.yaml").write_text("- {do: [{event: a}], expect: [{event: c}]}\n")

    result = invoke(tmp_path)

    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("passed  rooms/both.test.yaml: test 1\n1 test, all passed")


def test_tests_in_python_are_given_the_house(tmp_path: Path) -> None:
    (tmp_path / "casita.yaml").write_text(HOUSE.removesuffix("    tests:\n"))
    (tmp_path / "test_hall.py").write_text(
        "def test_good(house):\n"
        '    house.sees("binary_sensor.hall", "on")\n'
        '    assert house.sent == [("light.turn_on", "light.hall")]\n'
        "def test_bad(house):\n"
        '    house.sees("binary_sensor.hall", "on")\n'
        "    assert not house.sent, house.sent\n"
    )

    result = invoke(tmp_path)

    assert result.exit_code == 1
    assert "passed  test_hall.py: test_good" in result.stdout
    assert "test_hall.py:6: [('light.turn_on', 'light.hall')]" in result.stdout


def test_only_some_are_run(attempt: Try) -> None:
    tests = "      - {name: one, expect: x.y}\n      - {name: two, expect_not: x.y}\n"

    assert attempt(NIGHT + tests, "-k", "night: two")["name"] == "two"


def test_results_are_written_for_ci(tmp_path: Path) -> None:
    (tmp_path / "casita.yaml").write_text(
        f"{NIGHT}      - {{name: sent, expect: notify.phone}}\n"
        "      - {name: quiet, expect_not: notify.phone}\n      - {name: odd}\n"
    )
    path = tmp_path / "results.xml"

    result = invoke(tmp_path, "--junit", str(path))

    assert result.exit_code == 1
    [suite] = ElementTree.parse(path).getroot()
    assert dict(suite.attrib, time="") == {
        "tests": "3", "failures": "1", "errors": "1", "name": "night", "time": "",
    }  # fmt: skip
    cases = {one.get("name"): one for one in suite}
    failure = cases["sent"].find("failure")
    assert failure is not None
    assert "casita.yaml:8" in (failure.text or "")
    assert list(cases["quiet"]) == []


def test_without_tests_it_says_how_to_write_some(tmp_path: Path) -> None:
    (tmp_path / "casita.yaml").write_text("automation: []\n")

    result = invoke(tmp_path)

    assert result.exit_code == 0
    assert "There are no tests" in result.stdout
