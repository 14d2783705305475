"""A configuration folder as a whole: settings, plugins, sections, packages."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import voluptuous as vol

from casita_config import (
    ConfigError,
    Configuration,
    Place,
    load_config,
    place_of,
    validate_items,
)
from casita_config.redact import BLANK

from .conftest import Write

FULL = """\
home:
  name: Casita
  latitude: 52.5
  longitude: "13.4"
  elevation: 34
  time_zone: Europe/Berlin
  country: de
  currency: EUR
  unit_system: metric
  language: de
http: {port: 0, open_to_lan: yes, allowed_hosts: casita.local}
log: {days: 7, max_size: 500 MB, folder: data}
network: {interfaces: 127.0.0.1}
areas: {kitchen: , bath: Badezimmer}
plugins:
  homekit:
  mqtt: {host: 127.0.0.1}
automation: !include automations.yaml
automation kitchen:
  - alias: second
"""


def test_every_setting_is_read(write: Write) -> None:
    folder = write({"casita.yaml": FULL, "automations.yaml": "- alias: first\n"})

    config = load_config(folder)

    assert config.problems == ()
    assert (config.home.latitude, config.home.longitude) == (52.5, 13.4)
    assert (config.home.elevation_m, config.home.country) == (34.0, "DE")
    assert config.home.zone.key == "Europe/Berlin"
    assert (config.http.host, config.http.port) == ("0.0.0.0", 0)
    assert config.http.allowed_hosts == ("casita.local",)
    assert (config.log.days, config.log.max_bytes) == (7, 500_000_000)
    assert config.data_folder == folder.resolve() / "data"
    assert config.network.interfaces == ("127.0.0.1",)
    assert [(key, area.name) for key, area in config.areas.items()] == [
        ("kitchen", "Kitchen"),
        ("bath", "Badezimmer"),
    ]
    assert config.plugins == {"homekit": None, "mqtt": {"host": "127.0.0.1"}}
    assert [share.label for share in config.sections["automation"]] == [None, "kitchen"]
    assert config.items("automation") == [{"alias": "first"}, {"alias": "second"}]


def test_without_a_word_everything_has_a_safe_default(write: Write) -> None:
    config = load_config(write({"casita.yaml": ""}))

    assert (config.http.host, config.http.port, config.http.open_to_lan) == (
        "127.0.0.1",
        8723,
        False,
    )
    assert (config.log.days, config.home.time_zone) == (30, "UTC")
    assert (config.plugins, config.sections, config.areas) == ({}, {}, {})


@pytest.mark.parametrize("days", ["0", "~"])
def test_the_log_can_be_kept_for_ever(days: str, write: Write) -> None:
    assert load_config(write({"casita.yaml": f"log: {{days: {days}}}"})).log.days is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("home: {latitude: 91}", "casita.yaml:1: home.latitude: a latitude is from -90 to 90"),
        ("home: {time_zone: Mars}", "'Mars' is not a time zone"),
        ("home: {country: no}", "false is not a country; use two letters in quotes"),
        ("home: {nmae: x}", "Did you mean 'name'?"),
        ("http:\n  host: 0.0.0.0", "casita.yaml:2: http.host: '0.0.0.0' is open to the network"),
        ("http: {host: casita.local}", "add 'open_to_lan: true'"),
        ("http: {port: 99999}", "value must be at most 65535"),
        ("log: {max_size: big}", "'big' is not an amount of storage"),
        ("network: {interfaces: [eth0]}", "'eth0' is not an IP address"),
        ("areas: {Kitchen Sink: x}", "is not a usable name"),
        ("home: !include none.yaml", "casita.yaml:1: none.yaml: there is no such file"),
        ("- a list", "casita.yaml:1: expected a mapping of sections"),
        ("a: 1\na: 2", "casita.yaml:2: the key 'a' is here twice"),
        ("a: [", "not valid YAML"),
    ],
)
def test_a_fault_in_what_the_hub_itself_needs_is_raised(write: Write, text: str, said: str) -> None:
    folder = write({"casita.yaml": text})

    with pytest.raises(ConfigError) as caught:
        load_config(folder)

    assert said in str(caught.value)


def test_all_faults_of_the_hubs_own_settings_are_raised_at_once(write: Write) -> None:
    folder = write({"casita.yaml": "home: {latitude: x, nmae: y}\nlog: {days: -1}\n"})

    with pytest.raises(ConfigError) as caught:
        load_config(folder)

    assert {problem.key for problem in caught.value.problems} == {
        "home.latitude",
        "home.nmae",
        "log.days",
    }


def test_a_folder_without_a_configuration_says_what_to_write(write: Write) -> None:
    with pytest.raises(ConfigError, match=r"there is no casita.yaml in .*; write one"):
        load_config(write({}))


def test_a_broken_file_of_automations_spoils_nothing_else(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    folder = write(
        {
            "casita.yaml": "automation: !include a.yaml\nscript: {x: {y: 1}}\nplugins: {mqtt: }\n",
            "a.yaml": "- alias: [\n",
        }
    )

    with caplog.at_level(logging.WARNING):
        config = load_config(folder)

    assert [problem.file for problem in config.problems] == ["a.yaml"]
    assert "a.yaml:2" in caplog.text
    assert config.items("automation") == []
    assert config.items("script") == [{"x": {"y": 1}}]
    assert "mqtt" in config.plugins


def test_a_broken_automation_spoils_no_other(write: Write) -> None:
    folder = write(
        {
            "casita.yaml": "automation: !include a.yaml\n",
            "a.yaml": "- alias: one\n- alias: 2\n  alias: x\n- alias: !secret none\n- alias: four",
        }
    )
    config = load_config(folder)

    good, problems = validate_items(
        vol.Schema({"alias": str}), config.items("automation"), section="automation"
    )

    assert [value["alias"] for _, value in good] == ["one", "four"]
    assert [problem.line for problem in config.problems] == [3, 4]
    assert [problem.key for problem in problems] == ["automation[1]", "automation[2]"]


def test_a_plugin_with_faulty_options_does_not_run_and_others_do(write: Write) -> None:
    folder = write({"casita.yaml": "plugins:\n  a: 5\n  b: {x: 1}\n  c: !include none.yaml\n"})

    config = load_config(folder)

    assert config.plugins == {"b": {"x": 1}}
    assert [(p.line, p.key) for p in config.problems] == [(4, None), (2, "plugins.a")]


def test_plugins_without_options_may_be_a_list() -> None:
    config = Configuration.from_mapping({"plugins": ["mqtt", "demo"]})

    assert config.plugins == {"mqtt": None, "demo": None}


def test_unknown_sections_are_told_with_the_nearest_name(write: Write) -> None:
    folder = write({"casita.yaml": "automation: []\n\nautomatoin kitchen:\n  - alias: x\n"})
    config = load_config(folder)

    (problem,) = config.unknown_sections({"automation", "script"})

    assert problem.key == "automatoin"
    assert (problem.file, problem.line) == ("casita.yaml", 3)
    assert "Did you mean 'automation'?" in problem.message


def test_sections_of_packages_are_joined_and_keep_their_lines(write: Write) -> None:
    folder = write(
        {
            "casita.yaml": (
                "packages: !include_dir_named packages\n"
                "automation:\n  - alias: main\n"
                "input_boolean:\n  guests: {name: Guests}\n"
            ),
            "packages/bath.yaml": (
                "automation:\n  - alias: bath\ninput_boolean:\n  fan: {name: Fan}\n"
                "  guests: {icon: x}\nplugins: {demo: }\n"
            ),
            "packages/hall.yaml": "automation hall:\n  alias: hall\n",
            "packages/empty.yaml": "",
        }
    )

    config = load_config(folder)

    items = config.items("automation")
    mapping = config.mapping("input_boolean")
    assert config.problems == ()
    assert [item["alias"] for item in items] == ["main", "bath", "hall"]
    assert place_of(items, [1, "alias"]) == Place("packages/bath.yaml", 2)
    assert mapping == {"guests": {"name": "Guests", "icon": "x"}, "fan": {"name": "Fan"}}
    assert place_of(mapping, ["fan"]) == Place("packages/bath.yaml", 4)
    assert place_of(mapping, ["guests", "icon"]) == Place("packages/bath.yaml", 5)
    assert "demo" in config.plugins


def test_a_value_that_two_packages_give_is_a_fault_with_both_places(write: Write) -> None:
    folder = write(
        {
            "casita.yaml": "packages: !include_dir_named p\n",
            "p/a.yaml": "input_boolean:\n  fan:\n    name: A\n",
            "p/b.yaml": "input_boolean:\n  fan: {name: B}\n",
        }
    )
    config = load_config(folder)

    with pytest.raises(ConfigError) as caught:
        config.mapping("input_boolean")

    assert str(caught.value) == (
        "p/b.yaml:2: input_boolean.fan.name: is given by another file already (p/a.yaml:3); "
        "take one of the two out"
    )


def test_a_package_cannot_change_the_hubs_own_settings(write: Write) -> None:
    folder = write(
        {"casita.yaml": "packages: {x: !include x.yaml}\n", "x.yaml": "http: {port: 1}\na: 1\n"}
    )

    config = load_config(folder)

    assert config.http.port == 8723
    assert config.items("a") == [1]
    assert [str(problem) for problem in config.problems] == [
        "x.yaml:1: packages.x.http: a package cannot hold 'http'; move it to the main file"
    ]


@pytest.mark.parametrize("packages", ["[a]", "text", "{x: [1]}"])
def test_packages_of_the_wrong_kind_are_told(write: Write, packages: str) -> None:
    config = load_config(write({"casita.yaml": f"packages: {packages}\n"}))

    assert len(config.problems) == 1
    assert config.problems[0].line == 1


def test_a_home_assistant_folder_is_understood(write: Write) -> None:
    folder = write(
        {
            "configuration.yaml": (
                "homeassistant:\n"
                "  name: Home\n  unit_system: imperial\n  external_url: https://x\n"
                "  customize: !include customize.yaml\n"
                "  packages: !include_dir_named packages\n"
                "http:\n  server_port: 8123\n  trusted_proxies: [192.0.2.1]\n"
                "automation: !include_dir_merge_list automations\n"
            ),
            "customize.yaml": "",
            "packages/a.yaml": "homeassistant: {customize: {}}\nscript: {x: {sequence: []}}\n",
            "automations/a.yaml": "- alias: a\n",
        }
    )

    config = load_config(folder)

    assert config.problems == ()
    assert (config.home.name, config.home.unit_system) == ("Home", "us_customary")
    assert config.http.port == 8723
    assert config.items("automation") == [{"alias": "a"}]
    assert config.mapping("script") == {"x": {"sequence": []}}


def test_casitas_own_file_comes_before_home_assistants(write: Write) -> None:
    folder = write({"casita.yaml": "home: {name: a}", "configuration.yaml": "home: {name: b}"})

    assert load_config(folder).home.name == "a"


def test_a_section_is_checked_by_the_schema_of_its_owner() -> None:
    config = Configuration.from_mapping({"tags": {"a": 1}, "nothing": None})

    assert config.section("tags", vol.Schema({str: int})) == {"a": 1}
    assert config.section("none", vol.Schema({str: int})) is None
    assert config.section("nothing", vol.Schema(None)) is None
    with pytest.raises(ConfigError, match=r"tags.a: expected text, got the number 1"):
        config.section("tags", vol.Schema({str: str}))


def test_a_section_of_the_wrong_kind_is_no_mapping() -> None:
    config = Configuration.from_mapping({"tags": [1]})

    with pytest.raises(ConfigError, match="tags: expected a mapping"):
        config.mapping("tags")
    assert config.mapping("none") == {}


def test_a_configuration_may_come_from_plain_data() -> None:
    data: dict[str, Any] = {"home": {"name": "Test"}, "automations": ({"alias": "x"},)}

    config = Configuration.from_mapping(data)

    assert config.home.name == "Test"
    assert config.items("automations") == [{"alias": "x"}]
    assert config.folder is None
    assert config.data_folder is None


def test_secrets_and_coordinates_are_known_to_the_redactor(write: Write) -> None:
    folder = write(
        {
            "casita.yaml": (
                "home: {latitude: 52.51637, longitude: 13.37771}\n"
                "plugins: {mqtt: {password: !secret mqtt}}\n"
            ),
            "secrets.yaml": "mqtt: hunter2\nold: letmein\n",
        }
    )

    config = load_config(folder)

    text = config.redactor.text("hunter2 letmein 52.51637 13.37771")
    assert text == " ".join([BLANK] * 4)
    assert config.unused_secrets == (("old", Place("secrets.yaml", 2)),)
    assert "hunter2" not in repr(config)
