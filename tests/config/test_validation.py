"""Faults are told by file, line and key, in plain sentences."""

from __future__ import annotations

from typing import Any

import pytest
import voluptuous as vol

from casita_config import (
    ConfigError,
    Problem,
    SecretStr,
    load,
    load_text,
    load_tolerantly,
    validate,
    validate_entries,
    validate_items,
)
from casita_config.schemas import duration, ensure_list, entity_id, positive_int

from .conftest import Write

TRIGGER = vol.Schema(
    {
        vol.Required("platform"): vol.In(["state", "time", "numeric_state"]),
        "entity_id": entity_id,
        "to": str,
        "for": duration,
    }
)
AUTOMATION = vol.Schema(
    {
        vol.Required("alias"): str,
        vol.Required("triggers"): vol.All(ensure_list, [TRIGGER]),
        "max": positive_int,
        "mode": vol.Any("single", "restart"),
        "enabled": bool,
        vol.Exclusive("above", "limit"): int,
        vol.Exclusive("below", "limit"): int,
        vol.Inclusive("user", "login"): str,
        vol.Inclusive("password", "login"): str,
        "variables": dict,
        "labels": [str],
    }
)
GOOD = "alias: a\ntriggers: {platform: state}\n"


def problems_of(text: str, schema: Any = AUTOMATION) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        validate(schema, load_text(text), section="automation")
    return list(caught.value.problems)


def test_a_good_tree_gives_what_the_schema_makes_of_it() -> None:
    tree = load_text("alias: a\ntriggers:\n  platform: state\n  for: 5m\n")

    value = validate(AUTOMATION, tree, section="automation")

    assert value["triggers"][0]["for"].total_seconds() == 300
    assert type(value) is dict
    assert type(value["alias"]) is str


@pytest.mark.parametrize(
    ("lines", "line", "key", "message"),
    [
        ("trigers: 1", 3, "automation.trigers", "unknown key 'trigers'. Did you mean 'triggers'?"),
        ("on: 1", 3, "automation.True", "unknown key true; put the keys on, off, yes and no in"),
        (
            "mode: singel",
            3,
            "automation.mode",
            "'singel' is none of: single, restart. Did you mean",
        ),
        ("max: -1", 3, "automation.max", "value must be at least 0, got -1"),
        ("max: lots", 3, "automation.max", "expected a number, got 'lots'"),
        ("enabled: x", 3, "automation.enabled", "expected true or false, got 'x'"),
        ("variables: [1]", 3, "automation.variables", "expected a mapping (lines of 'key: value')"),
        ("labels: x", 3, "automation.labels", "expected a list (lines of '- item'), got 'x'"),
        ("labels:\n  - x\n  - on", 5, "automation.labels[1]", "expected text, got true; on, off"),
        ("labels:\n  - 5", 4, "automation.labels[0]", "expected text, got the number 5; put it in"),
        ("labels:\n  -", 4, "automation.labels[0]", "expected text, got nothing"),
        ("above: 1\nbelow: 2", 1, "automation", "only one of these keys can be used: above, below"),
        ("user: x", 1, "automation", "these keys go together: user, password; give all of them"),
    ],
)
def test_each_fault_has_its_line_its_key_and_a_sentence(
    lines: str, line: int, key: str, message: str
) -> None:
    (problem,) = problems_of(GOOD + lines)

    assert (problem.file, problem.line, problem.key) == ("inline", line, key)
    assert problem.message.startswith(message)


def test_a_missing_key_has_the_line_of_its_mapping() -> None:
    tree = "alias: a\ntriggers:\n  - platform: time\n  - to: x\n"

    (problem,) = problems_of(tree)

    assert str(problem) == (
        "inline:4: automation.triggers[1]: the key 'platform' is missing; add it"
    )


def test_a_fault_in_a_list_of_one_without_its_dash_has_its_line() -> None:
    (problem,) = problems_of("alias: a\ntriggers:\n  platform: stat\n")

    assert problem.line == 3
    assert problem.key == "automation.triggers[0].platform"
    assert problem.message.endswith("Did you mean 'state'?")


def test_every_fault_is_told_not_only_the_first() -> None:
    problems = problems_of("alas: a\nmax: x\ntriggers:\n  - platform: state\n    tu: x\n")

    assert {problem.key for problem in problems} == {
        "automation.alas",
        "automation.max",
        "automation.triggers[0].tu",
        "automation",
    }


def test_known_keys_are_listed_where_none_is_near() -> None:
    (problem,) = problems_of(GOOD.replace("state}", "state, zzz: 1}"))

    assert problem.message == "unknown key 'zzz'. Known keys: platform, entity_id, to, for."


def test_alternatives_offer_all_their_keys() -> None:
    schema = vol.Schema(vol.Any({vol.Required("scene"): str}, {vol.Required("device"): str}))

    problems = problems_of("scene: x\ndevize: y\n", schema)

    assert problems[0].message == "unknown key 'devize'. Did you mean 'device'?"


def test_a_validator_that_raises_anything_is_a_fault_and_no_crash() -> None:
    def careless(value: Any) -> Any:
        return value["nope"]

    (problem,) = problems_of("a: 1", vol.Schema({"a": str, "b": int}).extend({"a": careless}))

    assert "could not be checked (TypeError" in problem.message


def test_a_fault_names_the_included_file(write: Write) -> None:
    folder = write({"a.yaml": "x: !include b.yaml\n", "b.yaml": "\nalias: 5\n"})
    tree = load(folder / "a.yaml")

    with pytest.raises(ConfigError) as caught:
        validate(vol.Schema({"x": {"alias": str}}), tree, section="")

    assert str(caught.value.problems[0]).startswith("b.yaml:2: x.alias: expected text")


def test_data_without_places_can_be_checked_too() -> None:
    with pytest.raises(ConfigError) as caught:
        validate(vol.Schema({"host": str}), {"hots": 1}, section="plugins.lamp")

    assert str(caught.value) == "plugins.lamp.hots: unknown key 'hots'. Did you mean 'host'?"


@pytest.mark.parametrize(
    "validator", [entity_id, duration, vol.In(["a"]), vol.Coerce(int), int, vol.Match("x")]
)
def test_no_fault_tells_a_secret(write: Write, validator: Any) -> None:
    secret = 'hunter2 "quoted" and quite a lot longer than what a message shows of a value'
    folder = write(
        {"a.yaml": "x: !secret one\n", "secrets.yaml": f"one: '{secret}'\n"},
    )
    tree = load(folder / "a.yaml")

    with pytest.raises(ConfigError) as caught:
        validate(vol.Schema({"x": validator}), tree, section="a")

    assert isinstance(tree["x"], SecretStr)
    assert "hunter2" not in str(caught.value)
    assert caught.value.problems[0].line == 1


def test_no_fault_tells_a_secret_number(write: Write) -> None:
    folder = write({"a.yaml": "x: !secret pin\n", "secrets.yaml": "pin: 4711\n"})
    tree = load(folder / "a.yaml")

    with pytest.raises(ConfigError) as caught:
        validate(vol.Schema({"x": vol.All(int, vol.Range(max=9))}), tree, section="a")

    assert "4711" not in str(caught.value)
    assert "4711" not in repr(tree)
    assert type(validate(vol.Schema({"x": int}), tree, section="a")["x"]) is int


@pytest.mark.parametrize(
    "error", [vol.Invalid("extra keys not allowed"), vol.RequiredFieldInvalid("gone")]
)
def test_an_odd_error_of_a_plugins_validator_is_told_all_the_same(error: vol.Invalid) -> None:
    def odd(value: Any) -> Any:
        raise error

    (problem,) = problems_of("a: 1", vol.Schema(odd))

    assert problem.message == error.msg


def test_a_check_across_keys_that_tells_a_secret_is_blanked(write: Write) -> None:
    def check(value: dict[str, Any]) -> Any:
        raise vol.Invalid(f"{value!r} does not fit")

    folder = write({"a.yaml": "x: !secret one\n", "secrets.yaml": "one: hunter2\n"})

    with pytest.raises(ConfigError) as caught:
        validate(vol.Schema(vol.All({"x": str}, check)), load(folder / "a.yaml"), section="a")

    assert "<secret>" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_faulty_item_spoils_no_other() -> None:
    nodes = load_text("- alias: a\n- alas: b\n- alias: c\n")

    good, problems = validate_items(vol.Schema({"alias": str}), nodes, section="automation")

    assert good == [(0, {"alias": "a"}), (2, {"alias": "c"})]
    assert [str(problem) for problem in problems] == [
        "inline:2: automation[1].alas: unknown key 'alas'. Did you mean 'alias'?"
    ]


def test_a_faulty_entry_spoils_no_other() -> None:
    nodes = load_text("hall:\n  name: x\nbath: 5\n")

    good, problems = validate_entries(vol.Schema({"name": str}), nodes, section="input_boolean")

    assert good == {"hall": {"name": "x"}}
    assert [str(problem) for problem in problems] == [
        "inline:3: input_boolean.bath: expected a mapping (lines of 'key: value'), "
        "got the number 5; put it in quotes if it is text"
    ]


def test_an_item_of_which_a_part_could_not_be_loaded_is_left_out(write: Write) -> None:
    folder = write({"a.yaml": "- alias: a\n- alias: b\n  condition: !include none.yaml\n"})
    loaded = load_tolerantly(folder / "a.yaml")

    good, problems = validate_items(
        vol.Schema({"alias": str}, extra=vol.ALLOW_EXTRA), loaded.tree, section="automation"
    )

    assert good == [(0, {"alias": "a"})]
    assert [(problem.line, problem.key) for problem in problems] == [(2, "automation[1]")]
