"""The questions from the command line, which asks them over HTTP."""

from __future__ import annotations

import pytest

from automations.asking.conftest import Running


def _waits(hub: Running) -> None:
    hub.sees("binary_sensor.dark", "on")
    hub.sees("binary_sensor.hall", "on")


def test_nothing_is_pending_at_first(running: Running) -> None:
    assert running.casita("next") == "Nothing is due in this time; --for looks further ahead.\n"


def test_next_lists_a_delay_and_cancels_it(running: Running) -> None:
    _waits(running)

    (found,) = running.told("next", "--for", "2h")["upcoming"]
    said = running.casita("next", "--cancel", found["id"])

    assert (found["kind"], found["subject"]) == ("delay", "automation.hall")
    assert said.startswith("automation.hall: cancelled:")
    assert running.told("next")["upcoming"] == []


def test_next_postpones(running: Running) -> None:
    _waits(running)
    (before,) = running.told("next", "--for", "3h")["upcoming"]

    running.casita("next", "--postpone", before["id"], "--by", "30m")

    (after,) = running.told("next", "--for", "3h")["upcoming"]
    assert after["id"] == before["id"]
    assert after["due"] > before["due"]


def test_next_wants_to_know_by_how_much(running: Running) -> None:
    running.casita("next", "--postpone", "run:1:0")

    assert running.exit_code == 2


def test_what_is_not_pending_cannot_be_run(running: Running) -> None:
    said = running.casita("next", "--run", "run:99:0")

    assert (running.exit_code, "nothing of this name is pending" in said) == (4, True)


def test_whynot_tells_the_clause_and_where_it_stands(running: Running) -> None:
    running.sees("binary_sensor.hall", "on")

    said = running.casita("whynot", "hall")

    assert "Hall did not run" in said
    assert "NO  binary_sensor.dark is on (it was off)  casita.yaml:5" in said


def test_whynot_of_a_time_in_json(running: Running) -> None:
    running.sees("binary_sensor.hall", "on")

    answer = running.told("whynot", "automation.hall", "--since", "1h")

    (miss,) = [one for one in answer["misses"] if one["reason"] == "condition"]
    assert miss["recorded"] is True
    assert miss["offset"] is not None


def test_whynot_of_an_automation_that_is_not_there(running: Running) -> None:
    said = running.casita("whynot", "hal")

    assert (running.exit_code, "Did you mean 'automation.hall'?" in said) == (4, True)


@pytest.mark.parametrize("named", ["automation.hall", "hall", "Hall"])
def test_whynot_takes_an_automation_by_id_and_by_name(running: Running, named: str) -> None:
    assert running.told("whynot", named)["automation"] == "automation.hall"


def test_shadow_diff_tells_what_would_have_been_sent(running: Running) -> None:
    running.sees("binary_sensor.hall", "on")

    said = running.casita("shadow", "diff")

    assert "+ would have been sent, and was not: light.turn_on light.hall" in said
    assert "The shadow ran once; 0 commands were the same, 1 differs." in said


def test_shadow_diff_of_one_in_json(running: Running) -> None:
    running.sees("binary_sensor.hall", "on")

    answer = running.told("shadow", "diff", "dim", "--since", "1h")

    assert [one["kind"] for one in answer["differences"]] == ["only_shadow"]


def test_the_api_checks_the_folder(running: Running) -> None:
    from casita.cli._client import Client

    text = (running.folder / "casita.yaml").read_text()
    (running.folder / "casita.yaml").write_text(text.replace("light.turn_on", "light.turnon"))

    answer = Client(running.folder).ask("POST", "/api/check", {})

    found = [(one["code"], one["file"]) for one in answer["problems"]]
    assert ("unknown-service", "casita.yaml") in found
