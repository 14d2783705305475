"""Blueprints: read from the configuration folder, filled with what their users give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from casita.errors import ConfigError
from casita_automations.blueprints import Blueprints
from casita_automations.parsing import At

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


@pytest.fixture
def blueprints(tmp_path: Path) -> Blueprints:
    folder = tmp_path / "blueprints" / "automation" / "me"
    folder.mkdir(parents=True)
    (folder / "light.yaml").write_text(TEXT)
    return Blueprints(tmp_path)


def expand(blueprints: Blueprints, path: str, **inputs: Any) -> Any:
    node = {"alias": "a", "use_blueprint": {"path": path, "input": inputs}, "mode": "single"}
    return blueprints.expand(node, At(node, "automation"), "automation")


def test_inputs_and_defaults_fill_the_gaps(blueprints: Blueprints) -> None:
    item = expand(blueprints, "me/light.yaml", sensor="binary_sensor.hall")

    assert item == {
        "trigger": {"platform": "state", "entity_id": "binary_sensor.hall", "to": "on"},
        "action": [{"delay": 120}],
        "mode": "single",
        "alias": "a",
    }


@pytest.mark.parametrize(
    ("path", "inputs", "told"),
    [
        ("me/light.yaml", {}, "needs the input 'sensor'"),
        ("me/light.yaml", {"sensr": "x"}, "no input 'sensr'. Did you mean 'sensor'?"),
        ("me/lights.yaml", {}, "Did you mean 'automation/me/light.yaml'?"),
        ("../../../etc/passwd", {}, "there is no blueprint"),
    ],
)
def test_what_does_not_fit_is_told(
    blueprints: Blueprints, path: str, inputs: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        expand(blueprints, path, **inputs)

    assert told in str(raised.value)
