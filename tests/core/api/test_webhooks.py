"""Webhooks over HTTP: no token, but nothing else is let through either."""

from __future__ import annotations

import pytest

from casita.kernel import Kernel
from casita.webhooks import Delivery

from .conftest import Caller

PATH = "/api/webhook/long-and-secret"


@pytest.fixture
def heard(kernel: Kernel) -> list[Delivery]:
    found: list[Delivery] = []
    kernel.webhooks.register("long-and-secret", found.append)
    return found


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_what_is_sent_arrives(ask: Caller, heard: list[Delivery], method: str) -> None:
    reply = await ask(method, f"{PATH}?a=1&b=2&b=3", {"n": [1, 2]}, token=None)

    assert (reply.status, reply.json) == (200, {})
    assert [(one.method, one.body, one.query) for one in heard] == [
        (method, {"n": [1, 2]}, {"a": "1", "b": ["2", "3"]})
    ]
    assert heard[0].is_local


@pytest.mark.parametrize(
    ("kind", "body", "form"),
    [
        (
            "application/x-www-form-urlencoded",
            b"a=1&b=2&b=%C3%A4&c=",
            {"a": "1", "b": ["2", "ä"], "c": ""},
        ),
        (
            "multipart/form-data; boundary=edge",
            b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
            b'--edge\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\nno\r\n'
            b"--edge--\r\n",
            {"a": "1"},
        ),
        ("multipart/form-data", b"nonsense", {}),
    ],
)
async def test_a_form_arrives_without_its_files(
    ask: Caller, heard: list[Delivery], kind: str, body: bytes, form: dict[str, object]
) -> None:
    reply = await ask("POST", PATH, headers={"Content-Type": kind}, data=body, token=None)

    assert (reply.status, reply.json) == (200, {})
    assert [(one.body, one.form) for one in heard] == [(None, form)]


async def test_a_form_of_another_site_is_not_heard(ask: Caller, heard: list[Delivery]) -> None:
    headers = {
        "Content-Type": "application/x-www-form-urlencoded", "Origin": "http://evil.example",
    }  # fmt: skip

    reply = await ask("POST", PATH, headers=headers, data=b"a=1", token=None)

    assert (reply.status, heard) == (403, [])


async def test_what_is_no_form_is_refused(ask: Caller, heard: list[Delivery]) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    reply = await ask("POST", PATH, headers=headers, data=b"a=\xff\xfe", token=None)

    assert (reply.status, heard) == (400, [])


async def test_a_get_brings_its_query(ask: Caller, heard: list[Delivery]) -> None:
    await ask("GET", f"{PATH}?a=1", token=None)

    assert [(one.method, one.body, one.query) for one in heard] == [("GET", None, {"a": "1"})]


async def test_an_id_that_nobody_knows_is_answered_alike(
    ask: Caller, heard: list[Delivery]
) -> None:
    known = await ask("POST", PATH, {}, token=None)
    unknown = await ask("POST", "/api/webhook/guess", {}, token=None)

    assert (known.status, known.body) == (unknown.status, unknown.body)
    assert len(heard) == 1


async def test_a_page_of_another_site_is_not_heard(ask: Caller, heard: list[Delivery]) -> None:
    reply = await ask("POST", PATH, {}, headers={"Origin": "http://evil.example"}, token=None)

    assert (reply.status, heard) == (403, [])


async def test_nobody_hears_after_they_left(ask: Caller, kernel: Kernel) -> None:
    heard: list[Delivery] = []
    cancel = kernel.webhooks.register("long-and-secret", heard.append)

    cancel()
    cancel()
    await ask("POST", PATH, {}, token=None)

    assert heard == []


@pytest.mark.parametrize(
    ("remote", "local"),
    [
        (None, True),
        ("127.0.0.1", True),
        ("192.168.1.9", True),
        ("fe80::1", True),
        ("8.8.8.8", False),
        ("2001:4860:4860::8888", False),
        ("nonsense", False),
    ],
)
def test_who_is_local(remote: str | None, local: bool) -> None:
    delivery = Delivery(webhook_id="a", method="POST", query={}, remote=remote)

    assert delivery.is_local is local
