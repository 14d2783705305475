"""``casita worker`` and ``casita workers``: what is checked before, and said without a worker."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Cli

WORKER = """
home: {name: Helpers}
worker: {lease: 10s}
brokers: {village: {url: "memory://village"}}
automations:
  - alias: Gate
    triggers: {trigger: state, entity_id: cabin.binary_sensor.gate, to: "on"}
    actions: {action: light.turn_on, target: {entity_id: main.light.gate}}
"""


def test_the_configuration_of_a_worker_is_checked(casita: Cli, home: Path) -> None:
    (home / "casita.yaml").write_text(WORKER)

    result = casita("check", home)

    assert result.exit_code == 0, result.output
    assert "no problems" in result.output


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("lease: 10s", "lease: 1d", "casita.yaml:3: worker.lease: a lease lasts 1 s to 5 min"),
        ("lease: 10s", "leese: 10s", "casita.yaml:3: worker.leese"),
        ("lease: 10s", "broker: vilage", "a worker needs its broker 'vilage'. Did you mean"),
        (
            'village"}}', 'village", publish: }}',
            "casita.yaml:4: brokers.village.publish: a worker has no devices",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_for_a_worker_is_told(
    casita: Cli, home: Path, right: str, wrong: str, told: str
) -> None:
    (home / "casita.yaml").write_text(WORKER.replace(right, wrong))

    result = casita("check", home)

    assert result.exit_code == 1
    assert told in result.output


def test_without_a_worker_there_is_nothing_to_show(casita: Cli, home: Path) -> None:
    (home / "casita.yaml").write_text(WORKER)

    result = casita("workers", "--config", home)

    assert result.exit_code == 3
    assert "no worker is running" in result.stderr


def test_a_worker_is_not_run_on_a_configuration_that_is_wrong(casita: Cli, home: Path) -> None:
    (home / "casita.yaml").write_text(WORKER.replace("10s", "never"))

    result = casita("worker", home)

    assert result.exit_code == 1
    assert "lease" in result.stderr
