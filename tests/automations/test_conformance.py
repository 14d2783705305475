"""The commands that compare Casita with recorded behaviour."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from casita_automations.conformance.__main__ import main

VECTORS = Path(__file__).parent / "vectors"
AUTOMATION = """
alias: Hall
trigger: {platform: state, entity_id: binary_sensor.hall, to: 'on'}
action: {service: light.turn_on, target: {entity_id: light.hall}}
"""
BLUEPRINT = """
blueprint:
  name: Motion
  domain: automation
  input:
    sensor: {selector: {entity: {domain: binary_sensor}}}
    wait: {selector: {number: {min: 1, max: 9}}}
trigger: {platform: state, entity_id: !input sensor, to: 'on'}
action: [{delay: !input wait}]
"""


def run(*args: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in args])


def cases(result: Result) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(result.output)["cases"]
    return found


def listed(text: str) -> str:
    first, *rest = text.strip().splitlines()
    return "\n".join([f"- {first}", *(f"  {line}" for line in rest)])


def test_vectors_are_counted() -> None:
    result = run("vectors", VECTORS / "zone.yaml")

    assert result.exit_code == 0
    assert result.output == "2 passed, 0 failed\n"


def test_each_template_of_a_vector_is_a_case() -> None:
    result = run("vectors", VECTORS / "template_render.yaml", "--json")

    templates = [one["cases"] for one in cases(result)]
    assert all(templates)
    assert all(case["difference"] is None for one in templates for case in one)


def test_a_vector_that_differs_is_one_line_and_fails(tmp_path: Path) -> None:
    vector = {
        "id": "x_001",
        "category": "x",
        "automation": [],
        "steps": [],
        "expect": {"calls": [{"at": 0, "step": 0, "service": "test.record", "data": {}}]},
    }
    (tmp_path / "x.yaml").write_text(json.dumps([vector, {"id": "x_002", "expect": {}}]))

    result = run("vectors", tmp_path)

    lines = result.output.splitlines()
    assert result.exit_code == 1
    assert lines[0].startswith("x_001: calls: []")
    assert lines[-1] == "1 passed, 1 failed"


def test_final_states_are_compared(tmp_path: Path) -> None:
    vector = {
        "id": "x_001",
        "initial": [{"entity_id": "light.hall", "state": "off"}],
        "steps": [{"at": 1, "set": "light.hall", "state": "on", "attributes": {"a": 1}}],
        "report_states": ["light.hall"],
        "expect": {"calls": [], "final_states": {"light.hall": {"state": "on"}}},
    }
    wrong = {**vector, "id": "x_002", "expect": {"final_states": {"light.hall": "off"}}}
    (tmp_path / "x.yaml").write_text(json.dumps([vector, wrong]))

    result = run("vectors", tmp_path)

    assert result.output.splitlines() == [
        "x_002: light.hall is on, expected off",
        "1 passed, 1 failed",
    ]


def write_replay(folder: Path, *, expected: str) -> None:
    (folder / "sets" / "one").mkdir(parents=True)
    meta = {
        "log": "logs/one.jsonl",
        "timezone": "Europe/Amsterdam",
        "replay_until": "2024-03-12T11:00:00+01:00",
    }
    (folder / "sets" / "one" / "meta.json").write_text(json.dumps(meta))
    (folder / "sets" / "one" / "automations.yaml").write_text(
        "automation:\n"
        "  - trigger: {platform: state, entity_id: light.a, to: 'on', for: '00:05:00'}\n"
        "    action: {service: test.record, data: {a: 1}}\n"
    )
    (folder / "sets" / "one" / "expected.jsonl").write_text(
        json.dumps({"ts": expected, "data": {"a": 1}}) + "\n"
    )
    (folder / "logs").mkdir()
    rows = [("10:00:00", "off"), ("10:01:00", "on")]
    (folder / "logs" / "one.jsonl").write_text(
        "\n".join(
            json.dumps(
                {"ts": f"2024-03-12T{at}+01:00", "entity_id": "light.a", "state": state}
            )
            for at, state in rows
        )
    )  # fmt: skip


@pytest.mark.parametrize("way", [(), ("--backtest",)])
def test_a_log_is_replayed(tmp_path: Path, way: tuple[str, ...]) -> None:
    write_replay(tmp_path, expected="2024-03-12T10:06:00+01:00")

    result = run("replay", tmp_path / "sets", tmp_path / "logs", *way)

    assert result.output == "1 passed, 0 failed\n"


def test_a_call_at_another_second_is_a_difference(tmp_path: Path) -> None:
    write_replay(tmp_path, expected="2024-03-12T10:06:01+01:00")

    result = run("replay", tmp_path / "sets", tmp_path / "logs")

    assert result.exit_code == 1
    assert result.output.startswith("one: 1 calls are missing, 1 were not recorded")


@pytest.mark.parametrize(
    ("name", "text", "kinds"),
    [
        ("package.yaml", f"automation:\n{listed(AUTOMATION)}\n", ["automation"]),
        ("labelled.yaml", f"automation hall:\n{listed(AUTOMATION)}\n", ["automation"]),
        ("automations.yaml", listed(AUTOMATION), ["automation"]),
        ("single.yaml", AUTOMATION, ["automation"]),
        ("scripts.yaml", "a: {sequence: [{delay: 1}]}\nb: {sequence: []}", ["script"] * 2),
        ("one_script.yaml", "sequence: [{delay: 1}]", ["script"]),
        ("both.yaml", f"script: {{a: {{sequence: []}}}}\nautomation:\n{listed(AUTOMATION)}",
         ["script", "automation"]),
        ("configuration.yaml",
         "homeassistant: {packages: {a: {script: {b: {sequence: []}}}}}", ["script"]),
        ("motion.yaml", BLUEPRINT, ["blueprint:automation"]),
        ("scenes.yaml", "- {name: a, entities: {light.a: 'on'}}", []),
        ("sensors.yaml", "- {platform: template, sensors: {}}", []),
        ("customize.yaml", "light.a: {friendly_name: A}", []),
    ],
)  # fmt: skip
def test_items_are_found_however_a_file_is_made(
    tmp_path: Path, name: str, text: str, kinds: list[str]
) -> None:
    (tmp_path / name).write_text(text)

    result = run("corpus", tmp_path, "--json")

    assert [one["kind"] for one in cases(result)] == kinds
    assert result.exit_code == 0


def test_what_is_refused_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("automation:\n  - trigger: {platform: stat}\n    action: []\n")

    result = run("corpus", tmp_path)

    assert result.exit_code == 1
    assert "a.yaml:2: automation.trigger: there is no trigger 'stat'." in result.output
    assert result.output.endswith("0 passed, 1 failed\n")


def test_what_home_assistant_refused_has_to_be_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"automation:\n{listed(AUTOMATION)}")
    (tmp_path / "HA_VALIDATION.csv").write_text(
        "file,kind,index,name,result,detail\na.yaml,automation,0,Hall,rejected,why\n"
        "b.yaml,automation,0,gone,untested_include,\n"
    )

    result = run("corpus", tmp_path)

    assert result.output.splitlines() == [
        "a.yaml automation 0: it was taken, Home Assistant refused it",
        "0 passed, 1 failed",
    ]


def test_secrets_and_foreign_blueprints_are_no_fault_of_an_item(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "automation:\n"
        "  - {trigger: {platform: time, at: !secret wake}, action: []}\n"
        "  - {trigger: {platform: time, at: '7:00'}, action: {service: !secret call}}\n"
        "  - {use_blueprint: {path: me/gone.yaml}}\n"
    )

    result = run("corpus", tmp_path, "--json")

    assert [one["note"] is not None for one in cases(result)] == [True, True, True]
    assert result.exit_code == 0


def test_a_blueprint_nearby_is_filled(tmp_path: Path) -> None:
    folder = tmp_path / "house" / "blueprints" / "automation" / "me"
    folder.mkdir(parents=True)
    (folder / "motion.yaml").write_text(BLUEPRINT)
    (tmp_path / "house" / "automations.yaml").write_text(
        "- use_blueprint: {path: me/motion.yaml, input: {sensor: 5, wait: 1}}\n"
    )

    result = run("corpus", tmp_path)

    assert "5 is not an entity id" in result.output or "got 5" in result.output
    assert result.output.endswith("1 passed, 1 failed\n")


def test_a_file_that_is_no_yaml_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("automation: [")

    result = run("corpus", tmp_path)

    assert result.exit_code == 1
    assert result.output.startswith("a.yaml file 0: a.yaml:")
