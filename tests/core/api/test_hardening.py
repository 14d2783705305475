"""What is no request at all, what is too much of one, and what went wrong inside."""

from __future__ import annotations

import asyncio
import io
import logging
import socket
import stat
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from casita.api import SOCKET, Api
from casita.clock import VirtualClock, settle
from casita.kernel import Kernel

from .conftest import Caller


async def raw(address: str, sent: bytes) -> bytes:
    """Send bytes and return all that comes back until the other side closes."""
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(sent)
        await writer.drain()
        async with asyncio.timeout(5):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nBad Header: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"POST /api/setup HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        b"Content-Length: 5\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ],
)
async def test_what_is_no_proper_request_is_refused_in_json(
    ask: Caller, caplog: pytest.LogCaptureFixture, sent: bytes
) -> None:
    answer = await raw(ask.address, sent)

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split(b" ")[1][:1] == b"4", answer
    assert b"Content-Type: application/json" in head
    assert b"Server: casita" in head
    assert msgspec.json.decode(body)["error"]["message"]
    assert b"Traceback" not in answer
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]


async def test_a_body_that_is_too_large_is_refused(ask: Caller) -> None:
    body = io.BytesIO(b'{"type": "x", "data": {"text": "' + b"x" * 2**20 + b'"}}')

    reply = await ask(
        "POST", "/api/events", headers={"Content-Type": "application/json"}, data=body
    )

    assert (reply.status, reply.code) == (413, "too_large")


async def test_a_body_that_unpacks_is_refused(ask: Caller) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}

    reply = await ask("POST", "/api/events", headers=headers, data=b"\x1f\x8b\x08")

    assert reply.status in (400, 415)


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b'{"type": "\\ud800"}', b"[" * 100_000,
     b'{"a":' * 50_000, b'{"type": NaN}', b'{"type": "x"} {}'],
)  # fmt: skip
async def test_a_body_that_is_no_json_object_is_refused(ask: Caller, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}

    reply = await ask("POST", "/api/events", headers=headers, data=body)

    assert reply.status == 400
    assert reply.code in ("invalid_json", "invalid_body")


@pytest.mark.parametrize(
    "path",
    ["/api", "/api/", "/api/nothing", "/api/states/", "/api/states/a/b", "/../etc/passwd",
     "/page/app.js", "/app.js/..", "/%2e%2e/%2e%2e/etc/passwd", "/api/states/" + "x" * 2000,
     "/api/states/%00", "/api/states/%ff%fe", "/API/STATES", "//api/states"],
)  # fmt: skip
async def test_what_is_not_there_is_not_found_in_json(ask: Caller, path: str) -> None:
    host, port = ask.address.removeprefix("http://").split(":")
    sent = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {ask.token}\r\n"

    answer = await raw(ask.address, f"{sent}Connection: close\r\n\r\n".encode())

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 404")
    assert msgspec.json.decode(body)["error"]["code"] in ("not_found", "unknown_entity")


async def test_a_fault_of_ours_is_told_by_an_id_and_nothing_else(
    ask: Caller, kernel: Kernel, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(entity_id: str) -> Any:
        raise ZeroDivisionError("canary-51c2")

    monkeypatch.setattr(kernel.states, "require", broken)

    reply = await ask("GET", "/api/states/light.hall")

    assert (reply.status, reply.code) == (500, "internal")
    assert b"canary" not in reply.body
    error_id = reply.json["error"]["message"].split()[-1]
    told = [one for one in caplog.records if error_id in one.getMessage()]
    assert len(told) == 1
    assert "canary-51c2" in str(told[0].exc_info)


async def test_an_allowed_name_gets_in(ask: Caller) -> None:
    port = ask.address.rsplit(":", 1)[1]

    statuses = {
        host: (await ask("GET", "/api/me", headers={"Host": host})).status
        for host in ("home.example", f"HOME.example:{port}", "localhost", "[::1]:80", "127.0.0.1")
    }

    assert set(statuses.values()) == {200}


async def test_a_page_of_ours_gets_in(ask: Caller) -> None:
    host = ask.address.removeprefix("http://")

    own = await ask("GET", "/api/me", headers={"Origin": ask.address})
    behind_tls = await ask("GET", "/api/me", headers={"Origin": f"https://{host}"})

    assert (own.status, behind_tls.status) == (200, 200)


async def _begin(ask: Caller, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Send the head of a request, and let its body wait."""
    host, port = ask.address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = (
        "POST /api/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: 12\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode())
    await ask("GET", "/api/health")
    await settle()
    return reader, writer


async def test_a_body_that_does_not_come_is_not_waited_for(
    ask: Caller, clock: VirtualClock
) -> None:
    reader, writer = await _begin(ask, str(ask.token))

    clock.advance(10)
    answer = await reader.readline()
    writer.close()

    assert answer.startswith(b"HTTP/1.1 408")


async def test_a_token_that_is_revoked_while_the_body_comes_is_dead(
    ask: Caller, kernel: Kernel
) -> None:
    token = await ask.make_token("tablet", "control")
    reader, writer = await _begin(ask, token)

    await ask("DELETE", f"/api/tokens/{token.split('_')[1]}")
    head = kernel.log.head
    writer.write(b'{"type":"x"}')
    answer = await reader.readline()
    writer.close()

    assert answer.startswith(b"HTTP/1.1 401")
    assert kernel.log.head == head


async def test_one_address_cannot_take_all_connections(ask: Caller) -> None:
    host, port = ask.address.removeprefix("http://").split(":")
    opened = [await asyncio.open_connection(host, int(port)) for _ in range(150)]
    for _, writer in opened:
        writer.write(b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n")

    answers = await asyncio.gather(*(_first(reader) for reader, _ in opened))
    reader, writer = await asyncio.open_connection(host, int(port), local_addr=("127.0.0.2", 0))
    writer.write(b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    from_elsewhere = await _first(reader)
    for _, one in [*opened, (reader, writer)]:
        one.close()

    assert 100 < answers.count(b"HTTP/1.1 200 OK\r\n") <= 128
    assert answers.count(b"") >= 22
    assert from_elsewhere == b"HTTP/1.1 200 OK\r\n"


async def _first(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(5):
        try:
            return await reader.readline()
        except ConnectionResetError:
            return b""


# The owner's socket


async def _through_socket(path: Path, method: str, url: str, body: Any = None) -> tuple[int, Any]:
    connector = aiohttp.UnixConnector(path=str(path))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.request(method, f"http://casita{url}", json=body) as response,
    ):
        return response.status, await response.json()


async def test_the_owner_needs_no_token_on_the_socket(api: Api, tmp_path: Path) -> None:
    status, me = await _through_socket(tmp_path / SOCKET, "GET", "/api/me")

    assert (status, me["actor"]) == (200, "owner")
    assert me["scopes"] == ["admin", "control", "control:secure", "read"]


async def test_the_owner_acts_through_the_socket(api: Api, kernel: Kernel, tmp_path: Path) -> None:
    body = {"service": "light.turn_on", "target": "light.hall"}

    status, answer = await _through_socket(tmp_path / SOCKET, "POST", "/api/command", body)

    event = await kernel.log.event(answer["outcomes"]["light.hall"]["offset"])
    assert event is not None
    assert (status, event.actor) == (200, "owner")


async def test_the_socket_is_for_its_owner_and_goes_with_the_hub(api: Api, tmp_path: Path) -> None:
    mode = (tmp_path / SOCKET).stat().st_mode

    await api.stop()

    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600
    assert not (tmp_path / SOCKET).exists()


async def test_the_socket_of_a_hub_that_was_killed_is_replaced(
    kernel: Kernel, host: Any, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / SOCKET))

    async with Api(kernel, host, folder=tmp_path):
        status, _ = await _through_socket(tmp_path / SOCKET, "GET", "/api/me")

    assert status == 200


async def test_a_path_that_is_too_long_for_a_socket_is_told(
    kernel: Kernel, host: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / ("x" * 120)
    folder.mkdir()

    async with Api(kernel, host, folder=folder) as api:
        assert api.address.startswith("http://127.0.0.1:")

    assert "too long for a socket" in caplog.text


async def test_a_port_that_is_taken_is_an_error(api: Api, kernel: Kernel, host: Any) -> None:
    from casita_config import Configuration

    port = int(api.address.rsplit(":", 1)[1])
    other = Kernel.assemble(
        Configuration.from_mapping({"http": {"port": port}}), kernel.clock, kernel.log
    )

    with pytest.raises(OSError, match=str(port)):
        await Api(other, host).start()


def test_an_api_that_does_not_run_has_no_address(kernel: Kernel, host: Any) -> None:
    with pytest.raises(RuntimeError, match="does not run"):
        _ = Api(kernel, host).address
