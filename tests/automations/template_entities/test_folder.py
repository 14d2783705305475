"""What comes of a configuration folder: reloading, macros, blueprints."""

from __future__ import annotations

from pathlib import Path

import pytest

from casita.clock import VirtualClock, settle
from casita.host import own_plugins
from casita.hub import Hub
from casita.testing import START
from casita_config import load_config

BEFORE = """
template:
  - triggers: [{trigger: event, event_type: go}]
    sensor: {name: Kept, state: "{{ trigger.event.data.x }}"}
  - triggers: [{trigger: event, event_type: go}]
    sensor: {name: Changed, unique_id: changed, state: "{{ trigger.event.data.x }}"}
  - sensor: {name: Gone, state: "1"}
"""
AFTER = """
template:
  - triggers: [{trigger: event, event_type: go}]
    sensor: {name: Kept, state: "{{ trigger.event.data.x }}"}
  - triggers: [{trigger: event, event_type: go}]
    sensor: {name: Changed, unique_id: changed, state: "{{ trigger.event.data.x + 1 }}"}
  - sensor: {name: New, state: "{{ states('sensor.kept') }}"}
  - sensor: {name: Broken}
"""
MACROS = """
{% macro warm(entity) %}{{ 'warm' if states(entity) | float(0) > 20 else 'cold' }}{% endmacro %}
"""
USES = """
template:
  - sensor:
      name: Feels
      state: "{% from 'climate/tools.jinja' import warm %}{{ warm('sensor.t') }}"
"""


def make(folder: Path, text: str) -> Hub:
    (folder / "casita.yaml").write_text(text)
    config = load_config(folder)
    clock = VirtualClock(START)
    return Hub(config, folder=None, clock=clock, plugins=own_plugins(), api=False)


async def reload(hub: Hub) -> None:
    call = hub.kernel.commands.call("template.reload", source="test")
    await call.finished()
    call.raise_for_failure()
    await settle()


def state(hub: Hub, entity_id: str) -> str | None:
    found = hub.kernel.states.get(entity_id)
    return None if found is None else found.state


async def test_what_changed_is_replaced_and_what_did_not_goes_on(tmp_path: Path) -> None:
    async with make(tmp_path, BEFORE) as hub:
        hub.kernel.bus.emit("go", "go", {"x": 1}, source="test")
        (tmp_path / "casita.yaml").write_text(AFTER)

        await reload(hub)
        kept = [state(hub, f"sensor.{name}") for name in ("kept", "changed", "gone", "new")]
        hub.kernel.bus.emit("go", "go", {"x": 2}, source="test")

        assert kept == ["1", "1", None, "1"]
        assert [state(hub, f"sensor.{name}") for name in ("kept", "changed", "new")] == [
            "2", "3", "2",
        ]  # fmt: skip
        assert [one.key for one in hub.host.problems()] == ["template[3].sensor"]


async def test_what_is_gone_is_rendered_no_more(tmp_path: Path) -> None:
    async with make(tmp_path, USES.replace("Feels", "Gone")) as hub:
        (tmp_path / "casita.yaml").write_text("template: []")
        await reload(hub)
        head = hub.kernel.log.head

        hub.kernel.states.set("sensor.t", "30", source="test")

        assert hub.kernel.log.head == head + 1


async def test_macros_are_imported_and_what_they_read_counts(tmp_path: Path) -> None:
    (tmp_path / "custom_templates/climate").mkdir(parents=True)
    (tmp_path / "custom_templates/climate/tools.jinja").write_text(MACROS)
    async with make(tmp_path, USES) as hub:
        before = state(hub, "sensor.feels")

        hub.kernel.states.set("sensor.t", "25", source="test")

        assert (before, state(hub, "sensor.feels")) == ("cold", "warm")


async def test_changed_macros_are_read_on_reload(tmp_path: Path) -> None:
    (tmp_path / "custom_templates/climate").mkdir(parents=True)
    file = tmp_path / "custom_templates/climate/tools.jinja"
    file.write_text(MACROS)
    async with make(tmp_path, USES) as hub:
        file.write_text(MACROS.replace("cold", "chilly"))

        await reload(hub)

        assert state(hub, "sensor.feels") == "chilly"


async def test_macros_that_are_missing_are_told_and_harm_one_entity(tmp_path: Path) -> None:
    text = USES + "      \n  - sensor: {name: Other, state: '1'}\n"
    async with make(tmp_path, text) as hub:
        assert state(hub, "sensor.feels") == "unavailable"
        assert state(hub, "sensor.other") == "1"


async def test_macros_that_no_text_can_be_read_of_are_a_problem(tmp_path: Path) -> None:
    (tmp_path / "custom_templates").mkdir()
    (tmp_path / "custom_templates/bad.jinja").write_bytes(b"\xff\xfe")

    async with make(tmp_path, "template: []") as hub:
        assert [one.file for one in hub.host.problems()] == ["custom_templates/bad.jinja"]


async def test_macros_work_in_automations_too(tmp_path: Path) -> None:
    (tmp_path / "custom_templates").mkdir()
    (tmp_path / "custom_templates/tools.jinja").write_text("{% macro one() %}1{% endmacro %}")
    text = """
    automation:
      triggers: [{trigger: event, event_type: go}]
      actions:
        - event: told
          event_data: {x: "{% from 'tools.jinja' import one %}{{ one() }}"}
    """
    async with make(tmp_path, text) as hub:
        hub.kernel.bus.emit("go", "go", {}, source="test")

        assert [dict(one.data) for one in hub.kernel.log.scan() if one.type == "told"] == [{"x": 1}]


BLUEPRINT = """
blueprint:
  name: The opposite
  domain: template
  input: {entity: {}}
variables: {entity: !input entity}
binary_sensor:
  state: "{{ is_state(entity, 'off') }}"
"""


@pytest.mark.parametrize("name", ["Not lit"])
async def test_a_blueprint_makes_an_entity(tmp_path: Path, name: str) -> None:
    (tmp_path / "blueprints/template/me").mkdir(parents=True)
    (tmp_path / "blueprints/template/me/not.yaml").write_text(BLUEPRINT)
    text = f"""
    template:
      - use_blueprint: {{path: me/not.yaml, input: {{entity: light.a}}}}
        name: {name}
        unique_id: not_a
    """
    async with make(tmp_path, text) as hub:
        hub.kernel.states.set("light.a", "off", source="test")

        assert hub.host.problems() == []
        assert state(hub, "binary_sensor.not_lit") == "on"
