"""Properties of the configuration loader: it agrees with PyYAML, and never crashes."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest
import voluptuous as vol
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casita_config import ConfigError, Configuration, NodeDict, NodeList, load_text, place_of, plain
from casita_config.redact import Redactor
from casita_config.schemas import duration

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.dates()
    | texts
    | st.sampled_from(["on", "off", "yes", "~", "<<", "=", "10:30", "1_0", "0x1", ".inf", "- a"])
)
trees = st.recursive(
    scalars,
    lambda parts: (
        st.lists(parts, max_size=4)
        | st.dictionaries(texts | st.integers() | st.booleans(), parts, max_size=4)
    ),
    max_leaves=20,
)
styles = st.sampled_from([None, False, True])
fragments = st.lists(
    st.sampled_from(
        ["a", "b", ": ", "- ", "\n", "  ", "\t", "[", "]", "{", "}", ",", "&a ", "*a", "<<: ", "? ",
         "!secret x", "!include a", "!!int ", "!input i", "'", '"', "|", ">", "#", "%", "---\n",
         "...\n", "\\", "1", "on", "10:30", "2024-99-01", "0x", "=", "\ufeff", "\x85", "\0", "é"]
    ),
    max_size=40,
).map("".join)  # fmt: skip


@given(tree=trees, flow=styles)
def test_what_pyyaml_writes_is_read_as_pyyaml_reads_it(tree: Any, flow: bool | None) -> None:
    text = yaml.safe_dump(tree, default_flow_style=flow, allow_unicode=True)

    assert plain(load_text(text)) == yaml.safe_load(text)


@given(text=fragments | st.text(max_size=60))
def test_any_text_is_a_tree_or_a_config_error(text: str) -> None:
    try:
        tree = load_text(text, environ={})
    except ConfigError:
        return

    assert repr(plain(tree)) == repr(plain(load_text(text, environ={})))


@given(text=fragments)
def test_what_pyyaml_accepts_without_our_rules_is_the_same_tree(text: str) -> None:
    try:
        ours = plain(load_text(text, environ={}))
        theirs = yaml.load(text, yaml.CSafeLoader)
    except (ConfigError, yaml.YAMLError, ValueError):
        return

    assert repr(ours) == repr(theirs)


@given(tree=trees)
def test_every_part_lies_on_a_line_of_the_text(tree: Any) -> None:
    text = yaml.safe_dump(tree, default_flow_style=False, allow_unicode=True)
    count = len(text.splitlines())

    pending: list[tuple[Any, int]] = [(load_text(text), 1)]

    while pending:
        node, above = pending.pop()
        parts: Any = node.items() if isinstance(node, NodeDict) else ()
        if isinstance(node, NodeList):
            parts = enumerate(node)
        for key, part in parts:
            place = place_of(node, [key])
            assert place is not None
            assert above <= place.line <= count
            pending.append((part, place.line))


@given(data=trees)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_mapping_is_a_configuration_or_a_config_error(data: Any) -> None:
    try:
        config = Configuration.from_mapping({"home": data, "plugins": data, "x": data})
    except ConfigError:
        config = Configuration.from_mapping({"plugins": data, "x": data, "packages": data})

    assert isinstance(config.items("x"), list)
    assert all(key not in ("home", "http") for key in config.sections)


@given(value=scalars | trees | st.dictionaries(st.sampled_from(["hours", "minutes"]), scalars))
def test_a_duration_is_a_length_of_time_or_refused(value: Any) -> None:
    try:
        length = duration(value)
    except vol.Invalid:
        return

    assert length >= timedelta()


@given(hours=st.integers(0, 9999), minutes=st.integers(0, 59), seconds=st.integers(0, 59))
def test_all_spellings_of_a_duration_agree(hours: int, minutes: int, seconds: int) -> None:
    parts = {"hours": hours, "minutes": minutes, "seconds": seconds}

    spellings = [
        parts,
        f"{hours}:{minutes:02}:{seconds:02}",
        f"{hours}h{minutes}m{seconds}s",
        f"{hours} hours, {minutes} minutes, {seconds} seconds",
        timedelta(**parts).total_seconds(),
    ]

    assert {duration(spelling) for spelling in spellings} == {timedelta(**parts)}


@given(secret=st.text(min_size=4, max_size=20), before=texts, after=texts)
def test_a_redacted_text_never_holds_the_secret(secret: str, before: str, after: str) -> None:
    redacted = Redactor([secret]).text(f"{before}{secret}{after}")

    assert secret not in redacted or secret in "**redacted**"


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_numbers_without_bounds_are_read(number: float) -> None:
    text = yaml.safe_dump([number])

    assert repr(plain(load_text(text))) == repr([number])
