"""Backtests over what other systems have written down."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw
import pytest
from click.testing import CliRunner, Result

from casita.cli import main

BEGIN = datetime(2024, 3, 12, 1, tzinfo=UTC).timestamp()
AUTOMATION = """\
automation:
  - alias: hall light
    triggers: [{trigger: state, entity_id: binary_sensor.hall, to: "on"}]
    conditions: [{condition: numeric_state, entity_id: sensor.lux, below: 20}]
    actions: [{action: light.turn_on, target: {entity_id: light.hall}, data: {brightness: 100}}]
"""
CHANGES = (
    ("sensor.lux", "5", 0), ("binary_sensor.hall", "off", 0), ("binary_sensor.hall", "on", 100),
    ("binary_sensor.hall", "off", 200), ("sensor.lux", "80", 300),
    ("binary_sensor.hall", "on", 400), ("sensor.lux", "10", 500),
    ("binary_sensor.hall", "off", 600), ("binary_sensor.hall", "on", 700),
)  # fmt: skip
Try = Callable[[Path], Result]

RECORDER = """
CREATE TABLE states_meta (metadata_id INTEGER PRIMARY KEY, entity_id TEXT);
CREATE TABLE state_attributes (attributes_id INTEGER PRIMARY KEY, hash INTEGER, shared_attrs TEXT);
CREATE TABLE states (
    state_id INTEGER PRIMARY KEY, state TEXT, metadata_id INTEGER, attributes_id INTEGER,
    last_updated_ts FLOAT, last_changed_ts FLOAT, context_id_bin BLOB
);
CREATE TABLE event_types (event_type_id INTEGER PRIMARY KEY, event_type TEXT);
CREATE TABLE event_data (data_id INTEGER PRIMARY KEY, hash INTEGER, shared_data TEXT);
CREATE TABLE events (
    event_id INTEGER PRIMARY KEY, event_type_id INTEGER, data_id INTEGER, time_fired_ts FLOAT,
    context_id_bin BLOB
);
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with one automation, on which no hub has run."""
    (tmp_path / "casita.yaml").write_text(AUTOMATION)
    return tmp_path


@pytest.fixture
def attempt(home: Path) -> Try:
    """Run the automation over a record."""

    def run(record: Path) -> Result:
        words = ["backtest", "--json", "--config", str(home), "--record", str(record)]
        return CliRunner().invoke(main, words)

    return run


def report_of(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def seconds(report: dict[str, Any]) -> list[float]:
    return [
        datetime.fromisoformat(one["time"]).timestamp() - BEGIN for one in report["lines"]
    ]  # fmt: skip


def test_json_lines_are_replayed(home: Path, attempt: Try) -> None:
    record = home / "record.jsonl.gz"
    with gzip.open(record, "wt") as file:
        for entity_id, state, at in CHANGES:
            item = {"ts": BEGIN + at, "entity_id": entity_id, "state": state, "attributes": {}}
            file.write(json.dumps(item) + "\n")

    report = report_of(attempt(record))

    assert seconds(report) == [100, 700]
    assert report["lines"][0]["data"] == {"brightness": 100}
    assert "does not tell what was sent" in report["notes"][0]


def test_a_csv_of_the_history_panel_is_replayed_though_it_is_grouped_by_entity(
    home: Path, attempt: Try
) -> None:
    record = home / "history.csv"
    lines = [
        f"{entity_id},{state},{datetime.fromtimestamp(BEGIN + at, UTC).isoformat()}"
        for entity_id, state, at in sorted(CHANGES)
    ]
    record.write_text("\n".join(["entity_id,state,last_changed", *lines]))

    assert seconds(report_of(attempt(record))) == [100, 700]


def test_a_recorder_database_is_replayed_and_compared_with_its_service_calls(
    home: Path, attempt: Try
) -> None:
    record = home / "home-assistant_v2.db"
    make_recorder(record, calls_at=(100, 400))

    report = report_of(attempt(record))

    assert (report["same"], report["added"], report["missing"]) == (1, 1, 1)
    assert [one["change"] for one in report["lines"]] == ["missing", "added"]
    assert seconds(report) == [400, 700]
    assert "lux was 80" in report["lines"][0]["why"][-1]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("not json", "record.jsonl:1: this is no JSON"),
        ('{"ts": 1, "entity_id": "light", "state": "on"}', "record.jsonl:1: entity_id: 'light'"),
        ('{"entity_id": "light.a", "state": "on"}', "record.jsonl:1: no time"),
        ('{"ts": "noon", "entity_id": "light.a", "state": "on"}', "'noon' is no time"),
        ("", "it holds no changes of state"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(
    home: Path, attempt: Try, text: str, told: str
) -> None:
    record = home / "record.jsonl"
    record.write_text(text)

    result = attempt(record)

    assert result.exit_code == 2
    assert told in result.stderr


def test_a_database_that_is_no_recorders_is_refused(home: Path, attempt: Try) -> None:
    record = home / "other.db"
    apsw.Connection(str(record)).execute("CREATE TABLE states (id INTEGER)")

    result = attempt(record)

    assert result.exit_code == 2
    assert "no recorder database of Home Assistant" in result.stderr


def make_recorder(path: Path, calls_at: tuple[int, ...]) -> None:
    """Write a database as Home Assistant does, with the runs of an automation and their calls."""
    connection = apsw.Connection(str(path))
    connection.execute(RECORDER)
    ids = {one: number for number, one in enumerate(sorted({one for one, _, _ in CHANGES}), 1)}
    for entity_id, number in ids.items():
        connection.execute("INSERT INTO states_meta VALUES (?, ?)", (number, entity_id))
    connection.execute("INSERT INTO state_attributes VALUES (1, 0, '{}')")
    for entity_id, state, at in CHANGES:
        connection.execute(
            "INSERT INTO states (state, metadata_id, attributes_id, last_updated_ts)"
            " VALUES (?, ?, 1, ?)",
            (state, ids[entity_id], BEGIN + at),
        )
    connection.execute(
        "INSERT INTO event_types VALUES (1,'automation_triggered'),(2,'call_service')"
    )
    triggered = {"name": "hall light", "entity_id": "automation.hall_light"}
    called = {
        "domain": "light", "service": "turn_on",
        "service_data": {"entity_id": ["light.hall"], "brightness": 100},
    }  # fmt: skip
    connection.execute("INSERT INTO event_data VALUES (1, 0, ?)", (json.dumps(triggered),))
    connection.execute("INSERT INTO event_data VALUES (2, 0, ?)", (json.dumps(called),))
    for at in calls_at:
        context = at.to_bytes(16, "big")
        for type_ in (1, 2):
            connection.execute(
                "INSERT INTO events (event_type_id, data_id, time_fired_ts, context_id_bin)"
                " VALUES (?, ?, ?, ?)",
                (type_, type_, BEGIN + at, context),
            )
    connection.close()


def test_automations_of_plugins_have_their_turns(tmp_path: Path) -> None:
    (tmp_path / "casita.yaml").write_text(
        "plugins: {motion_light: }\n"
        "automations:\n"
        "  hall:\n"
        "    use: motion_light.motion_light\n"
        "    with: {sensor: binary_sensor.hall, light: light.hall, hold: 5m}\n"
    )
    record = tmp_path / "record.jsonl"
    record.write_text(
        "".join(
            json.dumps({"ts": f"2024-03-12T{time}Z", "entity_id": entity_id, "state": state}) + "\n"
            for time, entity_id, state in (
                ("09:00:00", "binary_sensor.hall", "off"), ("09:00:00", "light.hall", "off"),
                ("09:10:00", "binary_sensor.hall", "on"), ("09:11:00", "binary_sensor.hall", "off"),
                ("09:30:00", "binary_sensor.hall", "on"), ("09:32:00", "binary_sensor.hall", "off"),
                ("10:00:00", "light.hall", "off"),
            )
        )
    )  # fmt: skip

    result = CliRunner().invoke(
        main, ["backtest", "--json", "--config", str(tmp_path), "--record", str(record)]
    )

    assert result.exit_code == 0, result.output
    lines = json.loads(result.stdout)["lines"]
    assert [(one["time"], one["service"]) for one in lines] == [
        ("2024-03-12T09:10:00Z", "light.turn_on"), ("2024-03-12T09:16:00Z", "light.turn_off"),
        ("2024-03-12T09:30:00Z", "light.turn_on"), ("2024-03-12T09:37:00Z", "light.turn_off"),
    ]  # fmt: skip
