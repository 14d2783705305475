"""What the documentation shows is run, and what it lists is complete."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import casita_config
from casita import hookspecs
from casita.host import own_plugins
from casita.testing import House

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "core/docs").rglob("*.md")])
HOOKS = sorted(name for name in vars(hookspecs) if name.startswith("casita_register_"))
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)


def _blocks(page: Path, language: str) -> Iterator[str]:
    for found, text in _BLOCK.findall(page.read_text()):
        if found == language:
            yield text


def _with(language: str) -> list[Any]:
    return [
        pytest.param(page, id=str(page.relative_to(ROOT)))
        for page in PAGES
        if any(_blocks(page, language))
    ]


@pytest.mark.parametrize("page", _with("python"))
def test_every_python_example_runs(page: Path) -> None:
    names: dict[str, Any] = {"__name__": "example"}
    for text in _blocks(page, "python"):
        exec(compile(text, str(page), "exec", dont_inherit=True), names)


@pytest.mark.parametrize("page", _with("yaml"))
def test_every_yaml_example_is_a_configuration_without_a_problem(page: Path) -> None:
    for text in _blocks(page, "yaml"):
        config = casita_config.load_text(text)

        with House(config) as house:
            problems = house.hub.host.problems()

        assert problems == []


def test_the_pages_that_are_made_from_the_code_are_up_to_date() -> None:
    made = subprocess.run(
        [sys.executable, str(ROOT / "core/docs/generate.py"), "--check"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert made.stderr == ""
    assert made.returncode == 0


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_page_with_an_example(hook: str) -> None:
    page = ROOT / "core/docs/hooks" / f"{hook}.md"

    assert list(_blocks(page, "python"))


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_says_when_and_what_happens_on_errors(hook: str) -> None:
    text = getattr(hookspecs, hook).__doc__

    places = [text.index(f"**{word}**") for word in ("When", "Args", "Returns", "Errors", "Since")]

    assert places == sorted(places)


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_used_by_a_plugin_of_ours(hook: str) -> None:
    from casita_homekit import plugin as homekit
    from casita_motion_light import plugin as motion_light
    from casita_mqtt import plugin as mqtt

    users = [
        plugin.name
        for plugin in (*own_plugins(), homekit, motion_light, mqtt)
        if getattr(plugin, hook)()
    ]

    assert users
