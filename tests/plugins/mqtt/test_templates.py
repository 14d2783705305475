"""Templates of devices: what they know, and what they may not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casita_mqtt._message import Message
from casita_mqtt._templates import Sandbox, Template, TemplateProblem

SANDBOX = Sandbox()
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(-2, 2)
    | st.text("ab \n", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "items"]), inner, max_size=3)
    ),
    max_leaves=8,
)


def _render(source: str, payload: str) -> str:
    return Template(source, SANDBOX).of_message(Message("t", payload.encode()), payload)


@pytest.mark.parametrize(
    ("source", "payload", "expected"),
    [
        ("fixed", "x", "fixed"),
        ("{{ value }}", " x ", "x"),
        ("{{ value_json.a }}", '{"a": 1.50}', "1.5"),
        ("{{ value_json['a'][1].b }}", '{"a": [0, {"b": null}]}', "None"),
        ("{{ value_json.a }}", '{"a": true}', "True"),
        ("{{ value_json.missing }}", '{"a": 1}', ""),
        ("{{ value_json.items }}", '{"a": 1}', "<built-in method items"),
        ("{{ value | int + 1 }}", "41", "42"),
        ("{{ value_json.t | round(1) }}", '{"t": 21.449}', "21.4"),
        ("{{ value | round }}", "2.6", "3"),
        ("{{ value | float(0) }}", "n/a", "0"),
        ("{{ value_json.b | is_defined }}", '{"b": 0}', "0"),
        ("{{ 'ON' if value_json.s == 'open' else 'OFF' }}", '{"s": "open"}', "ON"),
        ("{{ iif(value_json.s, 'a', 'b') }}", '{"s": 0}', "b"),
        ("{{ value_json.temp | multiply(0.1) | round(1) }}", '{"temp": 215}', "21.5"),
        ("{{ value | regex_replace('[^0-9]', '') }}", "a1b2", "12"),
        ("{{ value is match('^a') }}", "abc", "True"),
        ("{{ (value_json.t | as_datetime).isoformat() }}", '{"t": 0}', "1970-01-01T00:00:00+00:00"),
        ("{{ value_json.t | timestamp_custom('%H:%M', false) }}", '{"t": 3600}', "01:00"),
        ("{{ value_json | to_json }}", '{"a": [1, "ä"]}', '{"a":[1,"ä"]}'),
        ("{{ (value | from_json).a }}", '{"a": 7}', "7"),
        ("{{ value | base64_decode }}", "aGk=", "hi"),
        ("{{ value_json.v | bitwise_and(4) }}", '{"v": 6}', "4"),
        ("{{ [1, 2, 6] | average }} {{ median(3, 1, 2) }}", "", "3.0 2.0"),
        ("{{ value | slugify }}", "Küche 2", "kuche_2"),
        ("{% set x = value_json %}{{ x.a }}{# no #}", '{"a": 3}', "3"),
        ("{% for i in value_json %}{% if i > 1 %}{% break %}{% endif %}{{ i }}{% endfor %}",
         "[0, 1, 2]", "01"),
        ("{{ value.split(',')[1] }}", "a,b", "b"),
        ("{{ '%.1f' % value_json.a }} {{ '%d' | format(3) }}", '{"a": 1.26}', "1.3 3"),
        ("{{ value | replace('a', 'b') ~ '!' }}", "aa", "bb!"),
        ("{{ value_json | map(attribute='x') | join(', ') }}", '[{"x": 1}, {"x": 2}]', "1, 2"),
        ("{{ value_json.a }} {{ value }}", '{"a": 1}', '1 {"a": 1}'),
    ],
)  # fmt: skip
def test_a_template_says_what_it_says_in_home_assistant(
    source: str, payload: str, expected: str
) -> None:
    assert _render(source, payload).startswith(expected)
    assert bool(_render(source, payload)) == bool(expected)


@given(value=_JSON, path=st.lists(st.sampled_from(["a", "b", "items", 0, 1, -1]), min_size=1))
def test_the_quick_way_and_jinjas_way_agree(value: Any, path: list[str | int]) -> None:
    lookup = "".join(f"[{key!r}]" for key in path)
    payload = json.dumps(value)

    quick = _try(f"{{{{ value_json{lookup} }}}}", payload)
    slow = _try(f"{{{{ value_json{lookup} ~ '' }}}}", payload)

    assert quick == slow


def _try(source: str, payload: str) -> str:
    try:
        return _render(source, payload).partition(" at 0x")[0]
    except TemplateProblem:
        return "failed"


@pytest.mark.parametrize(
    ("source", "payload"),
    [
        ("{{ value_json.a }}", "no json"),
        ("{{ value_json.a.b }}", "{}"),
        ("{{ value_json.a | is_defined }}", "{}"),
        ("{{ value | int }}", "abc"),
        ("{{ 1 / 0 }}", ""),
        ("{{ value | regex_search('(') }}", "x"),
    ],
)
def test_what_fails_is_a_problem_and_nothing_else(source: str, payload: str) -> None:
    with pytest.raises(TemplateProblem, match="failed"):
        _render(source, payload)


@pytest.mark.parametrize("source", ["{{ value", "{% if %}", "{{ value | nonsense }}"])
def test_what_is_no_template_is_told_at_once(source: str) -> None:
    with pytest.raises(TemplateProblem, match="no valid template"):
        Template(source, SANDBOX)


@pytest.mark.parametrize(
    "source",
    [
        "{% macro m(n) %}{{ m(n) }}{% endmacro %}{{ m(1) }}",
        "{% include 'x' %}",
        "{% import 'x' as x %}",
        "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{{ value }}" + "x" * 20_001,
        "{% for a in [] %}" * 30 + "{% endfor %}" * 30,
        "{{ " + "(" * 5000 + ")" * 5000 + " }}",
    ],
)
def test_what_a_device_has_no_need_of_is_refused(source: str) -> None:
    with pytest.raises(TemplateProblem):
        Template(source, SANDBOX)


@pytest.mark.parametrize(
    "source",
    [
        "{{ ().__class__.__mro__ }}",
        "{{ value.__class__.__init__.__globals__ }}",
        "{{ 'a' * 10 ** 9 }}",
        "{{ [0] * 10 ** 9 }}",
        "{{ 10 ** 99999 }}",
        "{{ ((10 ** 999) ** 999) ** 999 }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '%999999999d' | format(1) }}",
        "{{ '{:>999999999}'.format(1) }}",
        "{% set a = value %}" + "{% set a = a ~ a %}" * 40,
        "{% set a = value %}" + "{% set a = a + a %}" * 40,
        "{% set a = 9 ** 99 %}" + "{% set a = a * a %}" * 40,
        "{% set a = value * 200 %}{{ value.replace(',', a) }}",
        "{% set a = value * 200 %}{{ value | replace(',', a) }}",
        "{% set a = value * 200 %}{{ [a, a, a] | join }}",
        "{% set a = value * 200 %}{{ ''.join([a, a, a]) }}",
        "{{ 'a'.ljust(10 ** 9) }}",
        "{{ 'a' | center(10 ** 9) }}",
        "{{ range(10 ** 9) | list }}",
        "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
        "{% for a in value %}{% for b in value %}{% for c in value %}{% endfor %}{% endfor %}"
        "{% endfor %}",
        "{{ lipsum(100000) }}",
        "{{ value_json.append(1) }}",
    ],
)
def test_a_hostile_template_burns_nothing(source: str) -> None:
    with pytest.raises(TemplateProblem):
        _render(source, "[" + "1," * 200 + "1]")


def test_a_template_knows_its_entity() -> None:
    template = Template(
        "{{ this.state }} {{ entity_id }} {{ name }} {{ value }}",
        SANDBOX,
        lambda: {"this": {"state": "on"}, "entity_id": "switch.x", "name": "X"},
    )

    assert template.of_message(Message("t", b"v"), "v") == "on switch.x X v"
