"""A secret never leaves."""

from __future__ import annotations

import json
from urllib.parse import quote

from casita_config.redact import BLANK, Redactor


def test_secrets_are_blanked_wherever_they_stand() -> None:
    redactor = Redactor(["hunter2", "1234"])

    data = {"a": ["x hunter2 y", 1234, 5, None, True], "hunter2": ("hunter2",)}

    assert redactor.redact(data) == {
        "a": [f"x {BLANK} y", BLANK, 5, None, True],
        BLANK: [BLANK],
    }


def test_secrets_are_blanked_as_urls_and_json_spell_them() -> None:
    secret = 'pa"ss/wörd &'
    redactor = Redactor([secret])

    text = f"GET /?p={quote(secret, '')} {json.dumps({'p': secret})} {secret}"

    assert redactor.text(text) == f'GET /?p={BLANK} {{"p": "{BLANK}"}} {BLANK}'


def test_the_longest_of_overlapping_secrets_goes_first() -> None:
    assert Redactor(["secret", "secret-long"]).text("secret-long") == BLANK


def test_short_secrets_are_blanked_only_as_whole_values() -> None:
    redactor = Redactor(["abc"])

    assert redactor.redact(["abc", "abcd"]) == [BLANK, "abcd"]


def test_what_stands_under_a_secret_key_is_blanked_whatever_it_is() -> None:
    redactor = Redactor()

    data = {"Password": ["x"], "token": None, "latitude": 52.5, "name": "Home"}

    assert redactor.redact(data) == {
        "Password": BLANK,
        "token": None,
        "latitude": BLANK,
        "name": "Home",
    }


def test_secrets_can_be_added_later() -> None:
    redactor = Redactor()
    before = redactor.text("a pairing-key")

    redactor.add("pairing-key", "")

    assert before == "a pairing-key"
    assert redactor.text("a pairing-key") == f"a {BLANK}"


def test_without_secrets_nothing_changes() -> None:
    assert Redactor().text("anything (at) all.") == "anything (at) all."
