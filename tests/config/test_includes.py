"""Includes and secrets: what stands where, and where it came from."""

from __future__ import annotations

import pytest

from casita_config import ConfigError, Place, SecretStr, load, load_tolerantly, place_of

from .conftest import Write


def test_an_included_part_has_the_lines_of_its_own_file(write: Write) -> None:
    folder = write({"casita.yaml": "a: 1\nb: !include sub/b.yaml\n", "sub/b.yaml": "\nx:\n  - y\n"})

    tree = load(folder / "casita.yaml")

    assert tree == {"a": 1, "b": {"x": ["y"]}}
    assert place_of(tree, ["b"]) == Place("casita.yaml", 2)
    assert place_of(tree, ["b", "x", 0]) == Place("sub/b.yaml", 3)


def test_includes_are_relative_to_the_file_they_stand_in(write: Write) -> None:
    folder = write(
        {"a.yaml": "!include sub/b.yaml", "sub/b.yaml": "!include c.yaml", "sub/c.yaml": "5"}
    )

    assert load(folder / "a.yaml") == 5


def test_an_empty_include_is_an_empty_mapping(write: Write) -> None:
    folder = write({"a.yaml": "x: !include empty.yaml\n", "empty.yaml": "# nothing\n"})

    assert load(folder / "a.yaml") == {"x": {}}


FOLDER = {
    "d/b.yaml": "- 2\n- 3\n",
    "d/a.yaml": "- 1\n",
    "d/sub/c.yaml": "- 4\n",
    "d/empty.yaml": "",
    "d/.hidden.yaml": "- 9\n",
    "d/.git/x.yaml": "- 9\n",
    "d/secrets.yaml": "x: y\n",
    "d/notes.txt": "not YAML: [",
    "d/other.yml": "- 9\n",
}


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("!include_dir_list", [[1], [2, 3], [4]]),
        ("!include_dir_merge_list", [1, 2, 3, 4]),
        ("!include_dir_named", {"a": [1], "b": [2, 3], "empty": {}, "c": [4]}),
    ],
)
def test_a_folder_is_included_in_order_without_hidden_files(
    write: Write, tag: str, value: object
) -> None:
    folder = write({"casita.yaml": f"x: {tag} d\n", **FOLDER})

    assert load(folder / "casita.yaml") == {"x": value}


def test_items_of_a_merged_list_keep_their_lines(write: Write) -> None:
    folder = write({"casita.yaml": "x: !include_dir_merge_list d\n", **FOLDER})

    tree = load(folder / "casita.yaml")

    assert place_of(tree, ["x", 2]) == Place("d/b.yaml", 2)


def test_mappings_of_a_folder_are_merged_with_their_lines(write: Write) -> None:
    folder = write(
        {
            "casita.yaml": "x: !include_dir_merge_named d\n",
            "d/a.yaml": "one: 1\n",
            "d/b.yaml": "\ntwo: {three: 3}\n",
        }
    )

    tree = load(folder / "casita.yaml")

    assert tree["x"] == {"one": 1, "two": {"three": 3}}
    assert place_of(tree, ["x", "two"]) == Place("d/b.yaml", 2)


def test_a_key_in_two_merged_files_is_told_with_both_places(write: Write) -> None:
    folder = write(
        {
            "casita.yaml": "x: !include_dir_merge_named d\n",
            "d/a.yaml": "one: 1\n",
            "d/b.yaml": "\none: 2\n",
        }
    )

    with pytest.raises(ConfigError, match=r"d/b.yaml:2: .*'one' is here twice.*d/a.yaml:1"):
        load(folder / "casita.yaml")


@pytest.mark.parametrize(
    ("tag", "text"), [("!include_dir_merge_list", "a: 1"), ("!include_dir_merge_named", "- 1")]
)
def test_a_file_of_the_wrong_kind_cannot_be_merged(write: Write, tag: str, text: str) -> None:
    folder = write({"casita.yaml": f"x: {tag} d\n", "d/a.yaml": text})

    with pytest.raises(ConfigError, match=r"d/a.yaml:1: a file for"):
        load(folder / "casita.yaml")


def test_a_missing_folder_is_told_where_it_is_asked_for(write: Write) -> None:
    folder = write({"casita.yaml": "a: 1\nx: !include_dir_list nope\n"})

    with pytest.raises(ConfigError, match=r"casita.yaml:2: .*there is no folder 'nope'"):
        load(folder / "casita.yaml")


def test_faults_of_all_files_are_told(write: Write) -> None:
    folder = write(
        {
            "casita.yaml": "x: !include a.yaml\ny: !include b.yaml\nz: !include none.yaml\n",
            "a.yaml": "a: [\n",
            "b.yaml": "ok: 1\nb: b: b\n",
        }
    )

    loaded = load_tolerantly(folder / "casita.yaml")

    assert {(problem.file, problem.line) for problem in loaded.problems} == {
        ("a.yaml", 2),
        ("b.yaml", 2),
        ("casita.yaml", 3),
    }


def test_a_secret_comes_from_the_nearest_folder_up_to_the_root(write: Write) -> None:
    folder = write(
        {
            "casita.yaml": "a: !secret one\nb: !include sub/deep/b.yaml\n",
            "sub/deep/b.yaml": "[!secret one, !secret two]",
            "secrets.yaml": "one: root 1\ntwo: root 2\n",
            "sub/secrets.yaml": "one: sub 1\n",
        }
    )

    tree = load(folder / "casita.yaml")

    assert tree == {"a": "root 1", "b": ["sub 1", "root 2"]}
    assert place_of(tree, ["b", 1]) == Place("sub/deep/b.yaml", 1)


def test_secrets_above_the_configuration_folder_are_not_used(write: Write) -> None:
    folder = write({"secrets.yaml": "one: 1\n", "home/casita.yaml": "a: !secret one\n"})

    with pytest.raises(ConfigError, match="there is no secrets"):
        load(folder / "home/casita.yaml")


def test_secrets_can_lie_in_another_folder(write: Write) -> None:
    folder = write({"safe/secrets.yaml": "one: abc\n", "home/casita.yaml": "a: !secret one\n"})

    assert load(folder / "home/casita.yaml", secrets_dir=folder / "safe") == {"a": "abc"}


def test_a_missing_secret_suggests_the_nearest_name(write: Write) -> None:
    folder = write(
        {"casita.yaml": "a: !secret wifi_pasword\n", "secrets.yaml": "wifi_password: x\n"}
    )

    with pytest.raises(ConfigError, match=r"casita.yaml:1: .*Did you mean 'wifi_password'\?"):
        load(folder / "casita.yaml")


def test_a_secret_keeps_its_kind_and_hides_in_repr(write: Write) -> None:
    folder = write(
        {
            "casita.yaml": "a: !secret pin\nb: !secret word\nc: !secret both\n",
            "secrets.yaml": "pin: 1234\nword: hunter2\nboth: [x1y2z3, {k: v9w8}]\n",
        }
    )

    loaded = load_tolerantly(folder / "casita.yaml")

    assert loaded.tree == {"a": 1234, "b": "hunter2", "c": ["x1y2z3", {"k": "v9w8"}]}
    assert isinstance(loaded.tree["b"], SecretStr)
    assert "hunter2" not in repr(loaded.tree)
    assert loaded.secrets.values == {"1234", "hunter2", "x1y2z3", "v9w8"}


def test_secrets_that_nothing_uses_are_listed(write: Write) -> None:
    folder = write(
        {"casita.yaml": "a: !secret one\n", "secrets.yaml": "one: x\nold: y\nolder: z\n"}
    )

    loaded = load_tolerantly(folder / "casita.yaml")

    assert loaded.secrets.unused() == [
        ("old", Place("secrets.yaml", 2)),
        ("older", Place("secrets.yaml", 3)),
    ]


@pytest.mark.parametrize(
    "text", ["- one\n", "one: !secret one\n", "one: !include x.yaml\n", "one: [\n"]
)
def test_a_broken_secrets_file_is_told_once(write: Write, text: str) -> None:
    folder = write({"casita.yaml": "a: !secret one\nb: !secret one\n", "secrets.yaml": text})

    loaded = load_tolerantly(folder / "casita.yaml")

    assert [problem.file for problem in loaded.problems] == ["secrets.yaml"]


def test_no_message_about_secrets_tells_one(write: Write) -> None:
    folder = write(
        {"casita.yaml": "a: 1\n", "secrets.yaml": "one: 2024-77-77\none: hunter2\ntwo: 'a\n"}
    )

    loaded = load_tolerantly(folder / "casita.yaml")

    told = "\n".join(map(str, loaded.problems))
    assert loaded.problems
    assert "77" not in told
    assert "hunter2" not in told


def test_an_environment_variable_is_a_secret_and_may_have_a_default(write: Write) -> None:
    folder = write({"casita.yaml": "a: !env_var TOKEN\nb: !env_var NAME the default\n"})

    loaded = load_tolerantly(folder / "casita.yaml", environ={"TOKEN": "t0ps3cret"})

    assert loaded.tree == {"a": "t0ps3cret", "b": "the default"}
    assert loaded.secrets.values == {"t0ps3cret"}


def test_an_environment_variable_that_is_not_set_is_a_fault(write: Write) -> None:
    folder = write({"casita.yaml": "a: !env_var TOKEN\n"})

    with pytest.raises(ConfigError, match=r"casita.yaml:1: .*'TOKEN' is not set"):
        load(folder / "casita.yaml", environ={})
