"""No file can exhaust the machine, and no include can leave the folder."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from casita_config import ConfigError, load, load_text

from .conftest import Write

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(LAUGHS, "aliases", id="a billion laughs"),
        pytest.param(
            "a: &a {" + ", ".join(f"k{i}: 1" for i in range(1000)) + "}\n"
            + "".join(f"b{i}: {{<<: *a}}\n" for i in range(1000)),
            "aliases",
            id="a thousand merges",
        ),
        pytest.param("- " * 60 + "x\n", "nested more than 50", id="nested lists"),
        pytest.param("[" * 900_000, "nested more than 50", id="open brackets"),
        pytest.param("{a: " * 400_000, "nested more than 50", id="open braces"),
        pytest.param("- 1\n" * 250_000, "more than 200,000 values", id="too many items"),
        pytest.param("a: " + "x" * 2_000_001, "larger than 2,000,000 bytes", id="too large"),
        pytest.param("a: &a [*a]\n", "stands inside of what it stands for", id="itself"),
        pytest.param("a: &a\n  <<: *a\n", "stands inside of what it stands for", id="own merge"),
        pytest.param("a: " + "9" * 5000, "quotes", id="a huge number"),
        pytest.param("".join(f"k{i}: 1\n" for i in range(40_000)) * 2, "more problems", id="twice"),
    ],
)  # fmt: skip
def test_a_hostile_text_is_refused_quickly(text: str, said: str) -> None:
    started = time.process_time()

    with pytest.raises(ConfigError, match=said) as caught:
        load_text(text)

    assert time.process_time() - started < 8
    assert len(caught.value.problems) <= 101


def test_as_much_as_is_allowed_is_allowed() -> None:
    assert len(load_text("- 1\n" * 199_000)) == 199_000
    assert load_text("[" * 50 + "]" * 50) is not None


def test_includes_that_multiply_are_counted_like_aliases(write: Write) -> None:
    folder = write(
        {
            "a.yaml": "x: &x !include b.yaml\n" + "".join(f"y{i}: *x\n" for i in range(500)),
            "b.yaml": "- 1\n" * 1000,
        }
    )

    with pytest.raises(ConfigError, match="more than 200,000 values"):
        load(folder / "a.yaml")


def test_a_fan_of_includes_ends(write: Write) -> None:
    fan = "".join("- !include {}.yaml\n" for _ in range(100))
    folder = write({f"{i}.yaml": fan.format(*[i + 1] * 100) for i in range(5)} | {"5.yaml": "1"})

    started = time.process_time()
    with pytest.raises(ConfigError, match="is one included very often"):
        load(folder / "0.yaml")

    assert time.process_time() - started < 20


@pytest.mark.parametrize(
    "target", ["../outside.yaml", "/etc/passwd", "link.yaml", "folder_link/outside.yaml"]
)
def test_an_include_cannot_leave_the_folder(tmp_path: Path, target: str) -> None:
    (tmp_path / "outside.yaml").write_text("secret: stuff\n")
    root = tmp_path / "home"
    root.mkdir()
    (root / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    (root / "folder_link").symlink_to(tmp_path)
    (root / "casita.yaml").write_text(f"a: 1\nb: !include {target}\n")

    with pytest.raises(ConfigError, match=r"casita.yaml:2: .*outside the configuration folder"):
        load(root / "casita.yaml")


@pytest.mark.parametrize("tag", ["!include_dir_list", "!include_dir_named"])
def test_a_folder_cannot_lead_outside_either(tmp_path: Path, tag: str) -> None:
    (tmp_path / "outside.yaml").write_text("secret: stuff\n")
    root = tmp_path / "home"
    (root / "parts").mkdir(parents=True)
    (root / "parts" / "x.yaml").symlink_to(tmp_path / "outside.yaml")
    (root / "casita.yaml").write_text(f"b: {tag} parts\nc: {tag} ..\n")

    with pytest.raises(ConfigError) as caught:
        load(root / "casita.yaml")

    assert ["outside" in problem.message for problem in caught.value.problems] == [True, True]


def test_secrets_cannot_be_a_link_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("wifi: stuff\n")
    root = tmp_path / "home"
    root.mkdir()
    (root / "secrets.yaml").symlink_to(tmp_path / "other.yaml")
    (root / "casita.yaml").write_text("a: !secret wifi\n")

    with pytest.raises(ConfigError, match="outside the configuration folder"):
        load(root / "casita.yaml")


def test_a_pipe_is_refused_without_waiting_for_it(write: Write) -> None:
    folder = write({"a.yaml": "b: !include pipe.yaml\n"})
    os.mkfifo(folder / "pipe.yaml")

    with pytest.raises(ConfigError, match="is not a regular file"):
        load(folder / "a.yaml")


def test_a_device_is_refused() -> None:
    with pytest.raises(ConfigError, match="is not a regular file"):
        load(Path("/dev/zero"))


def test_a_folder_is_no_file(write: Write) -> None:
    folder = write({"a.yaml": "b: !include sub\n", "sub/x.yaml": ""})

    with pytest.raises(ConfigError, match="is not a regular file"):
        load(folder / "a.yaml")


def test_includes_that_go_in_a_circle_are_named(write: Write) -> None:
    folder = write({"a.yaml": "x: !include b.yaml\n", "b.yaml": "y: !include a.yaml\n"})

    with pytest.raises(ConfigError, match=r"b.yaml:1: .*a.yaml -> b.yaml -> a.yaml"):
        load(folder / "a.yaml")


def test_a_long_chain_of_includes_ends(write: Write) -> None:
    folder = write({f"{i}.yaml": f"!include {i + 1}.yaml" for i in range(3000)})

    with pytest.raises(ConfigError, match="more than 20 deep"):
        load(folder / "0.yaml")


def test_depth_is_counted_across_includes(write: Write) -> None:
    deep = "[" * 20 + "{}" + "]" * 20
    folder = write(
        {
            "0.yaml": deep.format("!include 1.yaml"),
            "1.yaml": deep.format("!include 2.yaml"),
            "2.yaml": deep.format("1"),
        }
    )

    with pytest.raises(ConfigError, match=r"2.yaml:1: nested more than 50"):
        load(folder / "0.yaml")


@pytest.mark.parametrize("name", ["\\x00.yaml", "a" * 5000 + ".yaml", ""])
def test_impossible_file_names_are_faults(write: Write, name: str) -> None:
    folder = write({"a.yaml": f'b: !include "{name}"\n'})

    with pytest.raises(ConfigError, match=r"a.yaml:1"):
        load(folder / "a.yaml")
