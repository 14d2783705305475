"""Blueprints: read from the configuration folder, filled with what their users give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from casita.cli import main
from casita.errors import ConfigError
from casita_automations.blueprints import Blueprints
from casita_automations.parsing import At
from casita_config import plain

TEXT = """
blueprint:
  name: Light with motion
  domain: automation
  input:
    sensor: {name: Sensor}
    more:
      name: More
      input:
        wait_s: {default: 120}
trigger: {platform: state, entity_id: !input sensor, to: 'on'}
mode: restart
action:
  - delay: !input wait_s
"""


def header(**more: str) -> str:
    lines = {"name": "A", "domain": "automation", **more}
    return "blueprint:\n" + "".join(f"  {key}: {value}\n" for key, value in lines.items())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "casita.yaml").write_text("automation: !include automations.yaml\n")
    put(tmp_path, TEXT)
    return tmp_path


def put(folder: Path, text: str, domain: str = "automation") -> None:
    place = folder / "blueprints" / domain / "me"
    place.mkdir(parents=True, exist_ok=True)
    (place / "light.yaml").write_text(text)


def expand(folder: Path, path: str = "me/light.yaml", **inputs: Any) -> Any:
    return expand_item(folder, {"use_blueprint": {"path": path, "input": inputs}})


def expand_item(folder: Path, node: Any, domain: str = "automation") -> Any:
    return plain(Blueprints(folder).expand(node, At(node, domain), domain))


def refusal(folder: Path, text: str, domain: str = "automation") -> str:
    put(folder, text, domain)
    with pytest.raises(ConfigError) as raised:
        expand_item(folder, {"use_blueprint": {"path": "me/light.yaml"}}, domain)
    return str(raised.value)


# Filling


def test_inputs_and_defaults_fill_the_gaps(folder: Path) -> None:
    item = expand(folder, sensor="binary_sensor.hall")

    assert item == {
        "triggers": {"platform": "state", "entity_id": "binary_sensor.hall", "to": "on"},
        "actions": [{"delay": 120}],
        "mode": "restart",
    }


def test_what_stands_beside_use_blueprint_wins(folder: Path) -> None:
    use = {"path": "me/light.yaml", "input": {"sensor": "binary_sensor.hall"}}

    item = expand_item(folder, {"alias": "Hall", "mode": "single", "use_blueprint": use})

    assert (item["alias"], item["mode"]) == ("Hall", "single")
    assert "use_blueprint" not in item


def test_old_and_new_keys_are_laid_together(folder: Path) -> None:
    use = {"path": "me/light.yaml", "input": {"sensor": "binary_sensor.hall"}}

    item = expand_item(folder, {"triggers": [], "action": [], "use_blueprint": use})

    assert (item["triggers"], item["actions"]) == ([], [])
    assert not {"trigger", "action"} & item.keys()


def test_an_input_may_be_a_list_of_actions(folder: Path) -> None:
    put(folder, header(input="{more: {default: []}}") + "trigger: []\naction: !input more\n")
    actions = [{"delay": 1}, {"stop": "x"}]

    assert expand(folder, more=actions)["actions"] == actions
    assert expand(folder)["actions"] == []


def test_null_is_given_and_no_gap(folder: Path) -> None:
    assert expand(folder, sensor=None)["triggers"]["entity_id"] is None


def test_a_script_blueprint_is_filled(folder: Path) -> None:
    put(
        folder,
        "blueprint: {name: A, domain: script, input: {n: {}}}\nsequence: [{delay: !input n}]\n",
        "script",
    )
    use = {"path": "me/light.yaml", "input": {"n": 3}}

    item = expand_item(folder, {"alias": "B", "use_blueprint": use}, "script")

    assert item == {"alias": "B", "sequence": [{"delay": 3}]}


def test_an_unknown_input_is_passed_over_and_told(folder: Path) -> None:
    blueprints = Blueprints(folder)
    node = {
        "use_blueprint": {"path": "me/light.yaml", "input": {"sensor": "a.b", "wait_ss": 1}}
    }  # fmt: skip

    blueprints.expand(node, At(node, "automation"), "automation")

    assert [one.message for one in blueprints.notes] == [
        "the blueprint has no input 'wait_ss': it is passed over. Did you mean 'wait_s'?"
    ]


# Refusing


@pytest.mark.parametrize(
    ("path", "inputs", "told"),
    [
        ("me/light.yaml", {}, "needs the input 'sensor'"),
        ("me/light.yaml", {"sensr": "x"}, "needs the input 'sensor'. Is that 'sensr'?"),
        ("me/lights.yaml", {}, "Did you mean 'me/light.yaml'?"),
        ("../../../etc/passwd", {}, "there is no blueprint"),
        ("other/name.txt", {}, "Put it into blueprints/automation/."),
    ],
)
def test_what_does_not_fit_is_told(
    folder: Path, path: str, inputs: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        expand(folder, path, **inputs)

    assert told in str(raised.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("trigger: []\n", "this is no blueprint: it has no 'blueprint:' section"),
        ("blueprint: {domain: automation}\n", "light.yaml:1: blueprint: the key 'name'"),
        (header(nam="x"), "light.yaml:4: blueprint.nam: unknown key 'nam'. Did you mean 'name'?"),
        (header(homeassistant="{min_version: '2024'}"), "a version has three parts"),
        (header(homeassistant="{min_version: 2099.1.0}"), "needs Home Assistant 2099.1.0"),
        (header(input="[]"), "light.yaml:4: blueprint.input"),
        (header(input="{a: {name: A, color: red}}"), "unknown key 'color'"),
        (header(input="{a: {selector: {numbr: {}}}}"), "no selector 'numbr'. Did you mean 'numb"),
        (header(input="{a: {selector: {number: {mode: slider}}}}"), "a slider has 'min' and"),
        (header(input="{a: {selector: {select: {}}}}"), "'options' is missing"),
        (header(input="{a: {selector: {entity: {}, text: {}}}}"), "a selector is one kind"),
        (header(input="{a: {}, s: {input: {a: {}}}}"), "the input 'a' is declared twice"),
        (
            header(input="{sensor: {}}") + "action:\n  - delay: !input sensr\n",
            "light.yaml:6: the input 'sensr' is used and not declared. Did you mean 'sensor'?",
        ),
        (header() + "trigger: []\ntriggers: []\n", "light.yaml:4: trigger: both 'trigger' and"),
    ],
)
def test_a_malformed_blueprint_is_told_with_its_line(folder: Path, text: str, told: str) -> None:
    assert told in refusal(folder, text)


def test_a_blueprint_for_something_else_is_refused(folder: Path) -> None:
    told = refusal(folder, header(), "script")

    assert "this blueprint is for 'automation'; it cannot be used for 'script'" in told


def test_a_fault_in_the_filled_body_is_told_in_the_blueprint(folder: Path) -> None:
    (folder / "automations.yaml").write_text(
        "- use_blueprint:\n    path: me/light.yaml\n    input:\n      sensor: binary_sensor.a\n"
    )
    put(folder, TEXT.replace("mode: restart", "mode: restrt"))

    result = CliRunner().invoke(main, ["check", str(folder)])

    assert result.exit_code == 1
    assert "blueprints/automation/me/light.yaml:12" in result.output
    assert "automation[0].mode" in result.output


def test_a_fault_in_what_is_given_is_told_where_it_is_given(folder: Path) -> None:
    (folder / "automations.yaml").write_text(
        "- use_blueprint:\n    path: me/light.yaml\n    input:\n      sensor: hall\n"
    )

    result = CliRunner().invoke(main, ["check", str(folder)])

    assert result.exit_code == 1
    assert "automations.yaml:4" in result.output
    assert "'hall' is not an entity id" in result.output


def test_a_good_house_with_blueprints_has_nothing_to_tell(folder: Path) -> None:
    (folder / "automations.yaml").write_text(
        "- use_blueprint: {path: me/light.yaml, input: {sensor: binary_sensor.a}}\n"
    )

    result = CliRunner().invoke(main, ["check", str(folder)])

    assert result.exit_code == 0, result.output


SELECTORS = """
action: {}
area: {entity: {domain: light}, multiple: true}
attribute: {entity_id: light.a}
boolean:
color_temp: {unit: kelvin, min: 2000, max: 6500}
condition:
constant: {value: true, label: Yes}
date:
datetime:
device: {integration: zha, entity: {domain: light, device_class: [a, b]}}
duration: {enable_day: true}
entity: {filter: [{integration: zha, domain: [light, switch]}], multiple: true}
floor:
icon: {placeholder: 'mdi:a'}
label: {multiple: true}
media:
number: {min: 0, max: 100, step: 0.5, unit_of_measurement: '%', mode: slider}
object:
select: {options: [{label: A, value: a}, {label: B, value: b}], custom_value: true, mode: list}
state: {entity_id: light.a}
target: {entity: {domain: light}}
template:
text: {multiline: true, type: password}
theme:
time:
trigger:
"""


def test_selectors_are_taken_as_people_write_them(folder: Path) -> None:
    inputs = "".join(
        f"    {name}: {{default: 1, selector: {{{name}: {options or ''}}}}}\n"
        for name, _, options in (line.partition(": ") for line in SELECTORS.strip().splitlines())
        for name in [name.removesuffix(":")]
    )
    put(folder, f"{header()}  input:\n{inputs}trigger: []\naction: []\n")

    assert expand(folder) == {"triggers": [], "actions": []}
