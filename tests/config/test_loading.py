"""What YAML means, and where each part of it stands."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import msgspec
import pytest
import yaml

from casita_config import (
    ConfigError,
    Input,
    NodeDict,
    NodeList,
    NodeStr,
    Place,
    Problem,
    key_path,
    load,
    load_text,
    place_of,
    plain,
)
from casita_config import _syntax as syntax

from .conftest import Write


def problems_of(text: str) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        load_text(text)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", True),
        ("No", False),
        ("'on'", "on"),
        ("10:30", 630),
        ("07:30", "07:30"),
        ("0x1F", 31),
        ("017", 15),
        ("1_000", 1000),
        ("1.5e3", "1.5e3"),
        ("1.5e+3", 1500.0),
        ("~", None),
        ("null", None),
        ("2024-03-12", date(2024, 3, 12)),
        ("!!str 5", "5"),
        ("!!int '5'", 5),
        ("! 5", "5"),
        ("=", "="),
        ("", None),
        ("'<<'", "<<"),
    ],
)
def test_scalars_mean_what_home_assistant_takes_them_for(text: str, value: Any) -> None:
    tree = load_text(f"key: {text}\n")

    assert plain(tree) == {"key": value}
    assert type(plain(tree)["key"]) is type(value)


def test_a_bare_on_is_the_key_true() -> None:
    assert load_text("on: 1\n'off': 2\n") == {True: 1, "off": 2}


def test_nodes_are_ordinary_dicts_lists_and_texts() -> None:
    tree = load_text("a: [x, 1]\nb: {c: d}\n")

    assert (type(tree), type(tree["a"]), type(tree["a"][0])) == (NodeDict, NodeList, NodeStr)
    assert tree == {"a": ["x", 1], "b": {"c": "d"}}
    assert hash(tree["a"][0]) == hash("x")


def test_every_key_and_value_knows_its_line() -> None:
    tree = load_text(
        "one: 1\ntwo:\n  - a\n  - 5\n\n  - x: true\n    y: >\n      long\n", file="f.yaml"
    )

    lines = {
        key_path("", path): place_of(tree, path)
        for path in (["one"], ["two"], ["two", 0], ["two", 1], ["two", 2, "x"], ["two", 2, "y"])
    }
    assert lines == {
        "one": Place("f.yaml", 1),
        "two": Place("f.yaml", 2),
        "two[0]": Place("f.yaml", 3),
        "two[1]": Place("f.yaml", 4),
        "two[2].x": Place("f.yaml", 6),
        "two[2].y": Place("f.yaml", 7),
    }
    assert tree["two"][2].place == Place("f.yaml", 6)


def test_a_path_that_leads_nowhere_has_the_place_of_the_last_part_that_is_there() -> None:
    tree = load_text("a:\n  b:\n    c: 1\n")

    assert place_of(tree, ["a", "b", "nope", 3]) == Place("inline", 2)


def test_an_index_into_what_is_no_list_is_passed_over() -> None:
    tree = load_text("trigger:\n  to: 1\n")

    assert place_of(tree, ["trigger", 0, "to"]) == Place("inline", 2)


def test_lines_outlive_a_change_of_the_mapping() -> None:
    tree = load_text("a: 1\nb: 2\nc: 3\n")

    del tree["a"]
    tree["d"] = 4

    assert tree.place_at("c") == Place("inline", 3)
    assert tree.place_at("d") == Place("inline", 1)


def test_a_copy_keeps_its_lines() -> None:
    tree = load_text("a:\n  - text\n")

    again = copy.deepcopy(tree)

    assert again == tree
    assert place_of(again, ["a", 0]) == Place("inline", 2)
    assert again["a"][0].place == Place("inline", 2)


def test_equally_shaped_mappings_share_their_line_table() -> None:
    tree = load_text("- a: 1\n  b: 2\n- a: 3\n  b: 4\n")

    assert tree[0]._layout is tree[1]._layout
    assert place_of(tree, [1, "b"]) == Place("inline", 4)


def test_plain_data_can_be_encoded() -> None:
    tree = load_text("a: [text, 1, {b: null}]\n")

    assert msgspec.json.encode(plain(tree)) == b'{"a":["text",1,{"b":null}]}'


def test_anchors_and_merges_work_and_own_keys_win() -> None:
    tree = load_text(
        "base: &base\n  a: 1\n  b: 2\nmore: &more {b: 9, c: 3}\n"
        "first:\n  b: 5\n  <<: *base\nboth:\n  <<: [*base, *more]\nagain: *base\n"
    )

    assert tree["first"] == {"a": 1, "b": 5}
    assert tree["both"] == {"a": 1, "b": 2, "c": 3}
    assert tree["again"] == {"a": 1, "b": 2}
    assert place_of(tree, ["first", "b"]) == Place("inline", 6)
    assert place_of(tree, ["first", "a"]) == Place("inline", 2)


def test_a_duplicate_key_is_an_error_that_names_both_lines() -> None:
    (problem,) = problems_of("automation:\n  alias: a\n  mode: single\n  alias: b\n")

    assert problem.line == 4
    assert "'alias' is here twice, first in line 2" in problem.message


def test_keys_that_yaml_reads_as_the_same_value_are_duplicates() -> None:
    (problem,) = problems_of("on: 1\nyes: 2\n")

    assert "'yes' (read as True)" in problem.message


def test_all_faults_of_a_file_are_told_at_once() -> None:
    problems = problems_of("a: !secrt x\nb: 1\nb: 2\nc: 2024-99-99\nd: *nope\n")

    assert sorted((problem.line, problem.message.split()[0]) for problem in problems) == [
        (1, "unknown"),
        (3, "the"),
        (4, "this"),
        (5, "the"),
    ]


def test_what_is_merged_from_a_broken_part_is_told_once() -> None:
    (problem,) = problems_of("a: &a !secrt x\nb:\n  <<: *a\n  c: 1\n")

    assert problem.line == 1


def test_an_unknown_tag_suggests_the_nearest() -> None:
    (problem,) = problems_of("a: !inclde x.yaml\n")

    assert problem.message == "unknown tag '!inclde'. Did you mean '!include'?"


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object/apply:os.system [id]\n",
        "a: !!python/name:os.system\n",
        "a: !!set {x}\n",
        "a: !!binary '%%%'\n",
        "a: !!map text\n",
        "a: !lambda {x: 1}\n",
        "!secret [a]: 1\n",
    ],
)
def test_tags_that_make_objects_are_refused(text: str) -> None:
    (problem,) = problems_of(text)

    assert problem.line == 1


def test_a_template_without_quotes_is_explained() -> None:
    (problem,) = problems_of("value: {{ states('x') }}\n")

    assert "quotes" in problem.message


@pytest.mark.parametrize(
    ("text", "line", "advice"),
    [
        ("a:\n\tb: 1\n", 2, "use spaces"),
        ("a: b: c\n", 1, "Put a text that holds ': ' in quotes"),
        ("a:\n  b: 1\n c: 2\n", 3, "indentation"),
        ("a: [1, 2\nb: 3\n", 2, "']' is missing"),
        ("a: {x: 1\nb: 3\n", 2, "'}' is missing"),
        ('a: "text\n', 2, "never closed"),
        ('a: "\\q"\n', 1, "backslash"),
        ("a: @home\n", 1, "put it in quotes"),
        ("a: 1\n- b\n", 2, "indentation"),
        ("- a\nb: 1\n", 2, "'- '"),
        ("a: \x01\n", 1, "control character"),
    ],
)
def test_broken_syntax_names_the_line_and_what_to_do(text: str, line: int, advice: str) -> None:
    (problem,) = problems_of(text)

    assert problem.line == line
    assert advice in problem.message


def test_a_second_document_is_refused() -> None:
    (problem,) = problems_of("a: 1\n---\nb: 2\n")

    assert problem.line == 2
    assert "one document" in problem.message


def test_an_input_stands_for_what_a_blueprint_is_given() -> None:
    tree = load_text("a: !input motion\n")

    assert tree["a"] == Input("motion")
    assert tree["a"].place == Place("inline", 1)


def test_a_byte_order_mark_is_no_fault(write: Write) -> None:
    folder = write({"a.yaml": "\ufeffkey: ä\n"})

    assert load(folder / "a.yaml") == {"key": "ä"}


def test_a_file_that_is_not_utf8_names_the_line(write: Write) -> None:
    folder = write({})
    (folder / "a.yaml").write_bytes(b"a: 1\nb: \xff\n")

    with pytest.raises(ConfigError, match=r"a.yaml:2: is not UTF-8 text; save it as UTF-8"):
        load(folder / "a.yaml")


def test_half_a_character_is_a_fault_and_no_crash() -> None:
    (problem,) = problems_of("a: 1\nb: \ud800\n")

    assert problem.line == 2


def test_a_missing_file_is_named(write: Write) -> None:
    folder = write({})

    with pytest.raises(ConfigError, match=r"none.yaml: there is no such file"):
        load(folder / "none.yaml")


def test_without_libyaml_the_result_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: &x\n  - 1\n  - {b: 'on', <<: {c: d}}\ne: *x\n"
    fast = load_text(text)

    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    slow = load_text(text)

    assert type(syntax.events_of(text)).__module__ == "casita_config._syntax"
    assert slow == fast
    assert place_of(slow, ["a", 1, "b"]) == place_of(fast, ["a", 1, "b"])
