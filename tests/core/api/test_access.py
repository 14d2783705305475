"""The first token, and all others: made, limited, guessed, revoked."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import msgspec
import pytest

from casita.api import Api
from casita.api._guesses import Guesses
from casita.api._setup import SetupCode
from casita.clock import VirtualClock
from casita.host import Host
from casita.kernel import Kernel
from casita.log import MemoryLog

from .conftest import ALL, Caller


@pytest.fixture
async def stranger(api: Api) -> AsyncIterator[Caller]:
    """Somebody without a token, before the hub is set up."""
    async with aiohttp.ClientSession() as session:
        yield Caller(session, api.address)


# Set-up


async def test_the_code_makes_the_first_token_once(api: Api, stranger: Caller) -> None:
    code = api.setup_code

    first = await stranger("POST", "/api/setup", {"code": code, "name": "ann"})
    second = await stranger("POST", "/api/setup", {"code": code, "name": "eve"})

    assert first.status == 200
    me = await stranger("GET", "/api/me", token=first.json["token"])
    assert me.json == {"actor": "token:ann", "scopes": sorted(ALL)}
    assert (second.status, second.code) == (409, "set_up_already")
    assert api.setup_code is None


async def test_the_code_is_taken_as_people_type_it(api: Api, stranger: Caller) -> None:
    code = str(api.setup_code).lower().replace("-", " ")

    reply = await stranger("POST", "/api/setup", {"code": code})

    assert reply.status == 200


def test_the_code_has_128_bits(kernel: Kernel, host: Host) -> None:
    codes = {SetupCode(kernel.clock).text for _ in range(50)}

    assert len(codes) == 50
    assert {len(one.replace("-", "")) * 5 // 128 for one in codes} == {1}


async def test_five_wrong_codes_burn_the_right_one(api: Api, stranger: Caller) -> None:
    code = api.setup_code

    wrong = [await stranger("POST", "/api/setup", {"code": f"AAAA-{n}"}) for n in range(5)]
    right = await stranger("POST", "/api/setup", {"code": code})

    assert {reply.code for reply in wrong} == {"wrong_code"}
    assert (right.status, right.code) == (410, "code_over")
    assert api.setup_code is None


async def test_the_code_is_over_after_15_minutes(
    api: Api, stranger: Caller, clock: VirtualClock
) -> None:
    code = api.setup_code

    clock.advance(timedelta(minutes=15))
    reply = await stranger("POST", "/api/setup", {"code": code})

    assert (reply.status, reply.code) == (410, "code_over")


async def test_a_hub_that_is_set_up_has_no_code(kernel: Kernel, host: Host, ask: Caller) -> None:
    async with Api(kernel, host) as again:
        assert again.setup_code is None


async def test_a_hub_whose_admins_are_over_has_a_code_again(
    kernel: Kernel, host: Host, ask: Caller, clock: VirtualClock
) -> None:
    clock.advance(timedelta(days=91))

    async with Api(kernel, host) as again:
        assert again.setup_code is not None


# Tokens


async def test_a_token_reads_for_90_days_unless_asked_otherwise(ask: Caller) -> None:
    reply = await ask("POST", "/api/tokens", {"name": "tablet"})

    info = reply.json["info"]
    assert info["scopes"] == ["read"]
    assert (info["created"][:10], info["expires"][:10]) == ("2024-03-12", "2024-06-10")


async def test_only_hashes_of_tokens_are_kept(ask: Caller, log: MemoryLog) -> None:
    token = await ask.make_token("tablet")

    kept = msgspec.json.encode([log.items("token"), list(log.scan())]).decode()
    secret = token.split("_", 2)[2]
    assert hashlib.sha256(secret.encode()).hexdigest() in kept
    assert secret not in kept


async def test_a_token_outlives_the_hub(kernel: Kernel, host: Host, ask: Caller) -> None:
    async with Api(kernel, host) as again, aiohttp.ClientSession() as session:
        reply = await Caller(session, again.address)("GET", "/api/me", token=ask.token)

    assert reply.json["actor"] == "token:ann"


async def test_making_and_revoking_are_in_the_log(ask: Caller, log: MemoryLog) -> None:
    token = await ask.make_token("tablet")
    await ask("DELETE", f"/api/tokens/{token.split('_')[1]}")

    told = [(e.type, e.subject, e.actor) for e in log.scan(types=["token.*"])]
    assert told[1:] == [
        ("token.created", "tablet", "token:ann"),
        ("token.revoked", "tablet", "token:ann"),
    ]


async def test_a_revoked_token_is_dead(ask: Caller) -> None:
    token = await ask.make_token("tablet")

    await ask("DELETE", f"/api/tokens/{token.split('_')[1]}")

    assert (await ask("GET", "/api/states", token=token)).status == 401


async def test_nobody_gives_what_they_lack(ask: Caller) -> None:
    narrow = await ask.make_token("helper", "admin")

    reply = await ask(
        "POST", "/api/tokens", {"name": "x", "scopes": ["control:secure"]}, token=narrow
    )

    assert (reply.status, reply.code) == (403, "missing_scope")


async def test_two_tokens_cannot_have_one_name(ask: Caller) -> None:
    reply = await ask("POST", "/api/tokens", {"name": "ann"})

    assert (reply.status, reply.code) == (409, "name_taken")


async def test_tokens_are_listed_without_secrets(ask: Caller, clock: VirtualClock) -> None:
    clock.advance(timedelta(hours=1))

    reply = await ask("GET", "/api/tokens")

    assert [one["name"] for one in reply.json] == ["ann"]
    assert set(reply.json[0]) == {"id", "name", "scopes", "created", "expires", "last_used"}
    assert reply.json[0]["last_used"] == "2024-03-12T10:00:00Z"


# Guesses


async def test_ten_wrong_tokens_a_minute_are_tested_and_the_owner_gets_in(
    ask: Caller, clock: VirtualClock
) -> None:
    own_id = str(ask.token).split("_")[1]
    guesses = [f"casita_{own_id}_{number}" for number in range(200)]
    guesses += [f"casita_{number:016x}_guess" for number in range(200)]

    statuses = [(await ask("GET", "/api/me", token=one)).status for one in guesses[:200]]
    strangers = [(await ask("GET", "/api/me", token=one)).status for one in guesses[200:]]

    assert (statuses.count(401), statuses.count(429)) == (10, 190)
    assert (strangers.count(401), strangers.count(429)) == (10, 190)
    clock.advance(60)
    assert (await ask("GET", "/api/me")).status == 200


async def test_guesses_without_an_id_do_not_lock_the_owner_out(ask: Caller) -> None:
    for number in range(50):
        await ask("GET", "/api/me", token=f"casita_{number:016x}_guess")

    assert (await ask("GET", "/api/me")).status == 200


async def test_a_held_back_source_is_told_how_long(ask: Caller, clock: VirtualClock) -> None:
    for _ in range(10):
        await ask("GET", "/api/me", token="wrong")
    clock.advance(20)

    reply = await ask("GET", "/api/me", token="wrong")

    assert (reply.status, reply.headers["Retry-After"]) == (429, "41")


def test_guesses_are_counted_by_source_and_forgotten_after_a_minute(clock: VirtualClock) -> None:
    guesses = Guesses(clock)

    for _ in range(10):
        guesses.wrong("192.0.2.1")

    assert guesses.wait_s("192.0.2.1") == 60
    assert guesses.wait_s("192.0.2.2") == 0
    clock.advance(60)
    assert guesses.wait_s("192.0.2.1") == 0


def test_one_ipv6_network_is_one_source(clock: VirtualClock) -> None:
    guesses = Guesses(clock)

    for number in range(10):
        guesses.wrong(f"2001:db8::{number:x}")

    assert guesses.wait_s("2001:db8::ffff") > 0
    assert guesses.wait_s("2001:db8:0:1::1") == 0


def test_a_flood_of_sources_is_held_in_bounds(clock: VirtualClock) -> None:
    guesses = Guesses(clock)
    for number in range(3000):
        guesses.wrong(f"10.{number // 250}.{number % 250}.1")

    assert guesses.wait_s("10.200.0.1") > 0
    clock.advance(60)
    assert guesses.wait_s("10.200.0.1") == 0
