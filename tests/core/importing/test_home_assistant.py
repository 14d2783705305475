"""A Home Assistant folder becomes a configuration that is checked, starts, and tells its story."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from casita.cli.check import findings_of
from casita.clock import VirtualClock
from casita.host import own_plugins
from casita.hub import Hub
from casita.importing import Fate, ImportFailed, Part, Report, import_home_assistant
from casita_config import load_config

from .conftest import AUTOMATIONS, CONFIGURATION, STORED, write

SECRETS = ("topsecret-", "hunter2", "52.123456", "52.987654", "52.777777")
Import = Callable[..., Report]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def bring(hass: Path, target: Path) -> Import:
    """Import the folder, with the plugins mqtt and homekit installed."""

    def run(**options: Any) -> Report:
        return import_home_assistant(
            hass,
            target,
            sections={one.key for each in own_plugins() for one in each.casita_register_config()},
            **{"installed": {"mqtt", "homekit"}, "check": findings_of, **options},
        )

    return run


def _part(report: Report, kind: str, name: str) -> Part:
    (found,) = [one for one in report.parts if (one.kind, one.name) == (kind, name)]
    return found


def _left(report: Report) -> dict[tuple[str, str], str]:
    return {(one.kind, one.name): one.place for one in report.of(Fate.LEFT)}


def _snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# The result


def test_the_result_passes_the_check(bring: Import, target: Path) -> None:
    report = bring()

    assert report.problems == ()
    assert [str(one) for one in findings_of(target) if one.severity != "hint"] == []


def test_the_result_starts_as_the_house_it_was(bring: Import, target: Path) -> None:
    bring(installed=set())

    asyncio.run(_live_in(target))


async def _live_in(target: Path) -> None:
    clock = VirtualClock(datetime(2024, 3, 12, 9, tzinfo=UTC))
    async with Hub(
        load_config(target), folder=None, clock=clock, plugins=own_plugins(), api=False
    ) as hub:
        await hub.host.started()
        states = hub.kernel.states
        registry = hub.kernel.registry

        assert hub.host.problems() == []
        assert states.require("automation.hall_light_on_motion").state == "on"
        assert states.require("input_number.rooms").attributes["friendly_name"] == "Räume"
        assert states.require("timer.egg").attributes["duration"] == "0:04:00"
        assert states.require("schedule.heating").state == "off"
        assert states.require("person.ann").attributes["device_trackers"] == [
            "device_tracker.ann_phone"
        ]
        assert states.require("sensor.feels_like").state == "21"
        assert states.require("zone.school").attributes["latitude"] == 52.123456
        assert hub.config.home.name == "Villa"
        assert hub.config.home.time_zone == "Europe/Berlin"
        area = registry.area_of("input_number.rooms")
        assert area is not None
        assert area.name == "Bad"


def test_names_areas_floors_and_labels_come_from_the_registries(
    bring: Import, target: Path
) -> None:
    bring()

    config = load_config(target)
    assert config.floors["ground"].level == 0
    assert (config.areas["hall"].floor, config.areas["hall"].aliases) == ("ground", ("entrance",))
    assert config.labels["warm"].name == "Warm"
    light = config.entities["light.hall"]
    assert (light.name, light.area, light.labels) == ("Hall ceiling", "hall", ("warm",))
    assert config.entities["sensor.hall_power"].name == "Hall lamp Power"
    assert config.entities["sensor.hall_power"].hidden
    assert config.entities["sensor.noise"].disabled
    assert "sensor.plain" not in config.entities


def test_the_broker_of_mqtt_is_taken_with_its_password_as_a_secret(
    bring: Import, target: Path
) -> None:
    report = bring()

    assert load_config(target).plugins["mqtt"] == {
        "broker": "mqtt://core-mosquitto:1883",
        "username": "ha",
        "discovery_prefix": "ha",
        "password": "topsecret-mqtt",
    }
    assert "topsecret-mqtt" not in (target / "casita.yaml").read_text()
    (told,) = [one for one in report.of(Fate.NOTE) if one.kind == "integration"]
    assert "core-mosquitto is on Home Assistant's own machine" in told.reason


def test_without_the_plugin_the_report_says_which_to_install(bring: Import, target: Path) -> None:
    report = bring(installed=set())

    mqtt = _part(report, "integration", "mqtt")
    assert (mqtt.fate, mqtt.plugin) == (Fate.LEFT, "casita-mqtt")
    assert "mqtt://core-mosquitto:1883" in mqtt.reason
    assert load_config(target).plugins == {}


# What is copied


def test_unchanged_yaml_is_the_same_to_the_byte(bring: Import, target: Path, hass: Path) -> None:
    bring()

    same = ("scenes.yaml", "groups.yaml", "automations/garden.yaml", "customize.yaml")
    for file in (*same, "blueprints/automation/me/motion.yaml", "custom_templates/tools.jinja"):
        assert (target / file).read_bytes() == (hass / file).read_bytes()


def test_comments_includes_and_secrets_stay_where_they_were(bring: Import, target: Path) -> None:
    bring()

    ours = (target / "casita.yaml").read_text().splitlines()
    for number, line in enumerate(CONFIGURATION.splitlines()):
        assert ours[number].removeprefix("# ").startswith(line.removeprefix("# ")[:20])
    assert "    name: Guests     # with a comment" in ours
    assert "automation ui: !include automations.yaml" in ours
    assert "    latitude: !secret school_lat" in ours


def test_what_is_not_taken_is_commented_out_in_its_place(bring: Import, target: Path) -> None:
    bring()

    before, after = AUTOMATIONS.splitlines(), (target / "automations.yaml").read_text().splitlines()
    changed = [number for number, line in enumerate(after, 1) if line != before[number - 1]]
    assert changed == [11, 12, 13, 14, 15, 24]
    assert after[10] == "# - id: '1700000000002'  # not taken: see IMPORT.md"


def test_one_bad_template_entity_does_not_take_its_neighbours_along(
    bring: Import, target: Path
) -> None:
    report = bring()

    assert _part(report, "template", "Nonsense").place == "template.yaml:4"
    assert "    - name: Double" in (target / "template.yaml").read_text().splitlines()


def test_only_the_owner_can_read_what_was_written(bring: Import, target: Path) -> None:
    bring()

    modes = {stat.S_IMODE(path.stat().st_mode) for path in target.rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert stat.S_IMODE(target.stat().st_mode) == 0o700


def test_secrets_that_nothing_uses_any_more_stay_behind(bring: Import, target: Path) -> None:
    report = bring()

    text = (target / "secrets.yaml").read_text()
    assert "school_lat: 52.123456" in text
    assert "topsecret-pushover" not in text
    assert _part(report, "secret", "pushover_key").place == "secrets.yaml:3"


# What is told


@pytest.mark.parametrize(
    ("kind", "name", "place", "said"),
    [
        ("automation", "From the future", "automations.yaml:11", "no trigger 'telepathy'"),
        ("script", "bad", "scripts.yaml:4", "'sequence' is missing"),
        ("input_number", "broken", "configuration.yaml:28", "'max' is missing"),
        ("sensor", "Meter", "configuration.yaml:39", "no plugin that reads web addresses"),
        ("notify", "pushover me", "configuration.yaml:44", "no plugin"),
        ("section", "hue", "packages/bath.yaml:4", "casita-homekit adopts"),
        ("section", "homekit_controler", "configuration.yaml:59", "'homekit_controller'?"),
        ("section", "frontend", "configuration.yaml:13", "a page of its own"),
        ("input_boolean", "guests", ".storage/input_boolean:8", "given by another file already"),
        ("integration", "zha", ".storage/core.config_entries:34", "Zigbee2MQTT"),
        ("custom integration", "hacs", "custom_components/hacs", "made for Home Assistant"),
        ("automation", "automations/damaged.yaml", "automations/damaged.yaml:1", "not valid YAML"),
        ("file", "ui-lovelace.yaml", "ui-lovelace.yaml", "nothing that was taken includes it"),
        ("customize", "light.hall", "customize.yaml:1", "device_class"),
        ("history", "of states", "home-assistant_v2.db", "begins anew"),
    ],
)  # fmt: skip
def test_what_was_not_taken_is_told_with_place_and_reason(
    bring: Import, kind: str, name: str, place: str, said: str
) -> None:
    report = bring()

    found = [one for one in report.of(Fate.LEFT) if (one.kind, one.name) == (kind, name)]
    assert [one.place for one in found] == [place]
    assert said in found[0].reason


def test_each_homekit_accessory_is_told_with_its_plugin(bring: Import) -> None:
    report = bring()

    part = _part(report, "accessory", "Eve Door (homekit_controller)")
    assert (part.fate, part.plugin) == (Fate.LEFT, "casita-homekit")
    assert "adopt it here with its code" in part.reason


def test_what_was_taken_is_told_with_its_place(bring: Import) -> None:
    report = bring()

    taken = {(one.kind, one.name): one.place for one in report.of(Fate.TAKEN)}
    assert taken[("automation", "Hall light on motion")] == "automations.yaml:1"
    assert taken[("automation", "Sprinkle")] == "automations/garden.yaml:1"
    assert taken[("automation", "Fan")] == "packages/bath.yaml:7"
    assert taken[("script", "good_night")] == "scripts.yaml:1"
    assert taken[("input_select", "mode")] == ".storage/input_select:8"
    assert taken[("area", "Hall")] == ".storage/core.area_registry:8"
    assert {key for key in taken if key in _left(report)} == {("input_boolean", "guests")}


def test_ids_that_mean_nothing_here_are_told_with_what_to_name_instead(bring: Import) -> None:
    report = bring()

    notes = {one.place: one.reason for one in report.of(Fate.NOTE)}
    assert notes["automations.yaml:24"].endswith("here it names light.hall")
    assert "was automation.button and is automation.button_pressed" in notes["automations.yaml:16"]


EDITED = """\
- alias: By the editor
  triggers:
    - trigger: device
      device_id: 0123456789abcdef0123456789abcdef
      domain: light
      type: turned_on
      entity_id: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
  conditions:
    - {condition: state, entity_id: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, state: "on"}
  actions:
    - action: light.turn_off
      target: {device_id: 0123456789abcdef0123456789abcdef, area_id: hall}
    - action: homeassistant.turn_off
      target:
        device_id:
          - 0123456789abcdef0123456789abcdef
          - 0123456789abcdef0123456789abcdef
    - action: light.turn_off
      target:
        device_id: ffffffffffffffffffffffffffffffff
"""


def test_entities_are_named_where_the_editor_wrote_ids_of_registries(
    bring: Import, hass: Path, target: Path
) -> None:
    (hass / "automations" / "edited.yaml").write_text(EDITED)
    registry = hass / ".storage" / "core.entity_registry"
    stored = json.loads(registry.read_text())
    for item in stored["data"]["entities"]:
        if item["entity_id"] == "light.hall":
            item["id"] = "a" * 32
    registry.write_text(json.dumps(stored))

    bring(keep=True)

    lines = (target / "automations" / "edited.yaml").read_text().splitlines()
    assert len(lines) == len(EDITED.splitlines())
    assert [lines[number - 1].strip() for number in (7, 9, 12, 15, 16, 17, 20)] == [
        "entity_id: light.hall",
        '- {condition: state, entity_id: light.hall, state: "on"}',
        "target: {entity_id: light.hall, area_id: hall}",
        "entity_id: light.hall",
        "#",
        "#",
        "device_id: ffffffffffffffffffffffffffffffff",
    ]


def test_no_secret_is_told_anywhere(bring: Import, target: Path) -> None:
    report = bring()

    told = [*report.as_text(), report.as_markdown(), (target / "IMPORT.md").read_text()]
    for secret in SECRETS:
        assert secret not in "\n".join(told)
        assert secret not in repr(report)


def test_a_secret_in_a_fault_is_blanked(bring: Import, hass: Path) -> None:
    text = (hass / "secrets.yaml").read_text().replace("52.123456", "somewhere-secret")
    (hass / "secrets.yaml").write_text(text)

    report = bring()

    assert _part(report, "zone", "School").fate is Fate.LEFT
    assert "somewhere-secret" not in repr(report)


def test_a_name_cannot_bring_markup_into_the_page(bring: Import, hass: Path, target: Path) -> None:
    (hass / "scenes.yaml").write_text("- name: 'a | b <script>`'\n  entities: {}\n")

    bring()

    page = (target / "IMPORT.md").read_text()
    assert "a \\| b &lt;script\\>\\`" in page


# What is never touched


def test_the_source_is_never_written(bring: Import, hass: Path) -> None:
    before = _snapshot(hass)

    bring()

    assert _snapshot(hass) == before


def test_a_folder_that_holds_something_is_not_written_over(bring: Import, target: Path) -> None:
    write(target, {"casita.yaml": "mine", "notes.txt": "mine too"})

    with pytest.raises(ImportFailed, match="--force"):
        bring()

    assert (target / "casita.yaml").read_text() == "mine"
    assert sorted(path.name for path in target.iterdir()) == ["casita.yaml", "notes.txt"]


def test_on_demand_its_files_are_replaced_and_others_stay(bring: Import, target: Path) -> None:
    write(target, {"casita.yaml": "mine", "notes.txt": "mine too"})

    bring(replace=True)

    assert load_config(target).home.name == "Villa"
    assert (target / "notes.txt").read_text() == "mine too"


@pytest.mark.parametrize("place", ["hass/casita", "."])
def test_a_target_in_or_around_the_source_is_refused(hass: Path, place: str) -> None:
    with pytest.raises(ImportFailed, match="only read"):
        import_home_assistant(
            hass, hass.parent / place, sections=(), installed=(), check=findings_of
        )


def test_a_link_in_the_target_does_not_lead_into_the_source(
    bring: Import, hass: Path, target: Path
) -> None:
    before = _snapshot(hass)
    target.mkdir()
    (target / "packages").symlink_to(hass / "packages")

    bring(replace=True)

    assert _snapshot(hass) == before


def test_a_link_that_leads_out_of_the_source_is_not_followed(
    bring: Import, hass: Path, target: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere.yaml").write_text("- name: Stolen\n  entities: {}\n")
    (hass / "scenes.yaml").unlink()
    (hass / "scenes.yaml").symlink_to(tmp_path / "elsewhere.yaml")

    report = bring()

    assert not (target / "scenes.yaml").exists()
    assert _part(report, "scene", "scene").place == "configuration.yaml:19"


# Folders that are less than whole


def test_a_folder_without_storage_is_enough(tmp_path: Path, target: Path) -> None:
    source = write(tmp_path / "bare", {"configuration.yaml": "script: {}\n"})

    report = import_home_assistant(
        source, target, sections={"script"}, installed=(), check=findings_of
    )

    assert report.problems == ()
    assert (target / "casita.yaml").read_text() == "script: {}\n"


@pytest.mark.parametrize(
    ("files", "said"),
    [({}, "there is no configuration.yaml"), ({"configuration.yaml": "a: [\n"}, "not valid YAML")],
)
def test_without_a_main_file_nothing_is_written(
    tmp_path: Path, target: Path, files: dict[str, str], said: str
) -> None:
    source = tmp_path / "bare"
    source.mkdir()
    write(source, files)

    with pytest.raises(ImportFailed, match=said):
        import_home_assistant(source, target, sections=(), installed=(), check=findings_of)

    assert not target.exists()


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"data": []}', '{"data": {"items": 7}}', "\0"])
def test_damaged_storage_spoils_nothing_else(bring: Import, hass: Path, damage: str) -> None:
    for name in STORED:
        (hass / ".storage" / name).write_text(damage)

    report = bring()

    assert report.problems == ()
    assert _part(report, "automation", "Hall light on motion").fate is Fate.TAKEN


def test_what_repeats_a_part_that_is_left_out_goes_with_it(bring: Import, hass: Path) -> None:
    text = (
        "- alias: First\n  triggers: &shared\n    - trigger: telepathy\n  actions: []\n"
        "- alias: Second\n  triggers: *shared\n  actions: []\n"
        "- alias: Third\n  triggers: []\n  actions: []\n"
    )
    (hass / "automations.yaml").write_text(text)

    report = bring()

    assert report.problems == ()
    assert _part(report, "automation", "Second").fate is Fate.LEFT
    assert _part(report, "automation", "Third").fate is Fate.TAKEN


def test_calls_of_what_is_not_here_are_left_out_unless_all_is_wanted(
    bring: Import, hass: Path, target: Path
) -> None:
    text = "- alias: Reboot\n  triggers: []\n  actions:\n    - action: hassio.host_reboot\n"
    (hass / "automations.yaml").write_text(text)

    strict = bring()
    lenient = bring(replace=True, keep=True)

    assert _part(strict, "automation", "Reboot").fate is Fate.LEFT
    assert "hassio.host_reboot" in _part(strict, "automation", "Reboot").reason
    assert strict.problems == ()
    assert _part(lenient, "automation", "Reboot").fate is Fate.TAKEN
    assert any("hassio.host_reboot" in one for one in lenient.problems)
