"""Two homes at one broker: what one tells, the other has in its log, once and in order."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from casita.services import Status
from peers.brokers import Peer, asked, event, told
from peers.homes import LINK, sharing, until

from .conftest import Connect

OPEN = {"commands": {"main": ["light.*", "cover.*", "lock.shed"]}}


async def test_a_state_appears_under_its_home(peer: Peer, prefix: str, tmp_path: Path) -> None:
    async with sharing(peer, prefix, tmp_path, main={}, cabin={}) as homes:
        main, cabin = homes["main"], homes["cabin"]
        cabin.sees("light.hall", "on", brightness=100, friendly_name="Hall")
        await until(lambda: main.state("cabin.light.hall") == "on")

        cabin.sees("light.hall", "off")
        await until(lambda: len(main.logged("state.changed", "cabin.light.hall")) == 2)

        states = main.logged("state.changed", "cabin.light.hall")
        assert [one.data["state"] for one in states] == ["on", "off"]
        assert states[0].data["attributes"] == {"brightness": 100, "friendly_name": "Hall"}
        assert {one.source for one in states} == {"casita:cabin"}
        assert cabin.state("main.light.hall") is None


async def test_what_was_there_before_is_told_at_the_start(
    peer: Peer, prefix: str, tmp_path: Path
) -> None:
    async with sharing(peer, prefix, tmp_path, main={}, cabin={}) as homes:
        main, cabin = homes["main"], homes["cabin"]
        await cabin.stop()
        await cabin.start()
        cabin.sees("sensor.hall", "20.5", unit_of_measurement="°C")
        await cabin.connected()

        await until(lambda: main.state("cabin.sensor.hall") == "20.5")


async def test_an_entity_that_is_gone_is_gone_there_too(
    peer: Peer, prefix: str, tmp_path: Path
) -> None:
    async with sharing(peer, prefix, tmp_path, main={}, cabin={}) as homes:
        main, cabin = homes["main"], homes["cabin"]
        cabin.sees("light.hall", "on")
        await until(lambda: main.state("cabin.light.hall") == "on")

        cabin.kernel.states.remove("light.hall", source="test")

        await until(lambda: main.state("cabin.light.hall") is None)


async def test_another_event_keeps_its_type_and_bears_its_home(
    peer: Peer, prefix: str, tmp_path: Path
) -> None:
    shares = {"publish": {"types": ["leak.*", "run.*"]}}
    async with sharing(peer, prefix, tmp_path, main={}, cabin=shares) as homes:
        main, cabin = homes["main"], homes["cabin"]
        cabin.sees("light.hall", "on")
        cabin.emits("leak.found", "cellar", depth_mm=3)
        cabin.emits("run.started", "automation.night")
        await until(lambda: bool(main.logged("remote.run.started")))

        leaks = main.logged("leak.found")
        assert [(one.subject, one.data) for one in leaks] == [("cabin.cellar", {"depth_mm": 3})]
        assert main.state("cabin.light.hall") is None


async def test_filters_decide_what_leaves_and_what_comes_in(
    peer: Peer, prefix: str, tmp_path: Path
) -> None:
    tells = {"publish": {"subjects": ["light.*", "sensor.*"]}}
    hears = {"subscribe": {"subjects": ["light.*", "lock.*"]}}
    async with sharing(peer, prefix, tmp_path, main=hears, cabin=tells) as homes:
        main, cabin = homes["main"], homes["cabin"]
        for entity_id in ("lock.door", "sensor.hall", "light.hall"):
            cabin.sees(entity_id, "on")
        await until(lambda: main.state("cabin.light.hall") == "on")

        assert main.state("cabin.lock.door") is None
        assert main.state("cabin.sensor.hall") is None


# Commands


async def test_a_command_is_done_by_the_home_that_owns_the_device(
    peer: Peer, prefix: str, tmp_path: Path
) -> None:
    async with sharing(peer, prefix, tmp_path, main={}, cabin=OPEN, barn={}) as homes:
        main, cabin, barn = homes["main"], homes["cabin"], homes["barn"]
        cabin.sees("light.hall", "off", supported_color_modes=["brightness"])
        barn.sees("light.hall", "off")
        await until(lambda: main.state("cabin.light.hall") == "off")

        call = await main.calls("light.turn_on", "cabin.light.hall", brightness=50).finished()
        await until(lambda: main.state("cabin.light.hall") == "on")

        assert call.outcomes["cabin.light.hall"].status is Status.DONE
        assert cabin.done == [("light.turn_on", "light.hall")]
        assert barn.done == main.done == []
        sent = cabin.logged("command.sent")[0]
        assert (sent.actor, sent.source, sent.data["data"]["brightness"]) == (
            "home:main", "casita:main", 50,
        )  # fmt: skip


async def test_a_command_that_is_not_permitted_fails_and_says_so(
    peer: Peer, prefix: str, tmp_path: Path
) -> None:
    async with sharing(peer, prefix, tmp_path, main={}, cabin={}) as homes:
        main, cabin = homes["main"], homes["cabin"]
        cabin.sees("light.hall", "off")
        await until(lambda: main.state("cabin.light.hall") == "off")

        call = await main.calls("light.turn_on", "cabin.light.hall").finished()

        outcome = call.outcomes["cabin.light.hall"]
        assert outcome.status is Status.FAILED
        assert "does not let main command light.hall" in str(outcome.message)
        assert cabin.done == []


async def test_a_lock_is_commanded_only_if_it_is_named_in_full(
    peer: Peer, prefix: str, tmp_path: Path
) -> None:
    given = {"commands": {"main": ["*", "lock.shed"]}}
    async with sharing(peer, prefix, tmp_path, main={}, cabin=given) as homes:
        main, cabin = homes["main"], homes["cabin"]
        cabin.sees("lock.front", "locked")
        cabin.sees("lock.shed", "locked")
        cabin.sees("cover.garage", "closed", device_class="garage")
        await until(lambda: main.state("cabin.cover.garage") == "closed")

        outcomes = {
            entity_id: (await main.calls(service, entity_id).finished()).outcomes[entity_id].status
            for service, entity_id in (
                ("lock.unlock", "cabin.lock.front"),
                ("lock.unlock", "cabin.lock.shed"),
                ("cover.open_cover", "cabin.cover.garage"),
            )
        }

        assert outcomes == {
            "cabin.lock.front": Status.FAILED,
            "cabin.lock.shed": Status.DONE,
            "cabin.cover.garage": Status.FAILED,
        }
        assert cabin.done == [("lock.unlock", "lock.shed")]


async def test_a_command_that_comes_twice_is_done_once_and_one_that_is_late_never(
    peer: Peer, prefix: str, tmp_path: Path, connect: Connect
) -> None:
    async with sharing(peer, prefix, tmp_path, cabin=OPEN) as homes:
        cabin = homes["cabin"]
        cabin.sees("light.hall", "off")
        cabin.sees("light.late", "off")
        main = await connect("main", subscribes=False)
        data = {"service": "light.toggle", "entity_id": "light.hall", "data": {}}
        toggle = event(
            1, home="main", type="casita.command",
            data={**data, "expires": "2999-01-01T00:00:00+00:00"},
        )  # fmt: skip
        late = event(
            2, home="main", type="casita.command",
            data={**data, "entity_id": "light.late", "expires": "2020-01-01T00:00:00+00:00"},
        )  # fmt: skip

        await main.transport.publish([asked(toggle, of="cabin")])
        await main.transport.publish([asked(toggle, of="cabin"), asked(late, of="cabin")])
        answers = await main.next(2)

        said = [one.event.data for one in answers if one.event is not None and one.event.data]
        by_id = {one["id"]: one for one in said if "status" in one}
        assert by_id["log-1"]["status"] == "done"
        assert "too late" in by_id["log-2"]["message"]
        assert cabin.done == [("light.turn_on", "light.hall")]


async def test_nobody_commands_through_an_entity_that_is_not_the_home_s_own(
    peer: Peer, prefix: str, tmp_path: Path, connect: Connect
) -> None:
    given = {"commands": {"main": ["*"]}}
    async with sharing(peer, prefix, tmp_path, cabin=given) as homes:
        cabin = homes["cabin"]
        cabin.sees("light.hall", "off")
        main = await connect("main", subscribes=False)
        until_then = "2999-01-01T00:00:00+00:00"
        asking: list[dict[str, object]] = [
            {"service": "light.turn_on", "entity_id": "barn.light.hall", "data": {}},
            {"service": "homeassistant.restart", "entity_id": "light.hall", "data": {}},
            {"service": "light.turn_on", "entity_id": "all", "data": {}},
            {"service": "light.turn_on", "entity_id": "light.hall", "data": {"nonsense": 1}},
            {"service": 7},
        ]

        await main.transport.publish(
            [
                asked(
                    event(
                        n, home="main", type="casita.command", data={**one, "expires": until_then}
                    ),
                    of="cabin",
                )
                for n, one in enumerate(asking)
            ]
        )
        answers = await main.next(len(asking))

        assert {one.event.data.get("status") for one in answers if one.event} == {"failed"}
        assert cabin.done == []


# Once, and in order


async def test_what_comes_again_after_a_restart_is_in_the_log_once(
    peer: Peer, prefix: str, tmp_path: Path, connect: Connect
) -> None:
    async with sharing(peer, prefix, tmp_path, main={}) as homes:
        main = homes["main"]
        cabin = await connect("cabin")
        await cabin.transport.publish(told(*(event(n) for n in range(5))))
        await until(lambda: len(main.logged("rang")) == 5)
        await main.stop()
        again = [msgspec.structs.replace(event(n), extensions={"again": "yes"}) for n in range(5)]
        await cabin.transport.publish(told(*again, event(5)))

        await main.start()
        await until(lambda: len(main.logged("rang")) >= 6)
        await asyncio.sleep(0.3)

        assert [one.data["n"] for one in main.logged("rang")] == [0, 1, 2, 3, 4, 5]


async def test_all_that_happens_arrives_in_the_order_of_each_subject(
    peer: Peer, prefix: str, tmp_path: Path
) -> None:
    shares = {"publish": {"types": ["rang"]}}
    async with sharing(peer, prefix, tmp_path, main={}, cabin=shares) as homes:
        main, cabin = homes["main"], homes["cabin"]
        for number in range(120):
            cabin.emits("rang", f"bell.{number % 4}", n=number)
        await until(lambda: len(main.logged("rang")) == 120)

        for bell in range(4):
            got = [one.data["n"] for one in main.logged("rang", f"cabin.bell.{bell}")]
            assert got == list(range(bell, 120, 4))


async def test_what_happens_while_a_home_is_down_reaches_it_later(
    peer: Peer, prefix: str, tmp_path: Path
) -> None:
    shares = {"publish": {"types": ["rang"]}}
    async with sharing(peer, prefix, tmp_path, main={}, cabin=shares) as homes:
        main, cabin = homes["main"], homes["cabin"]
        cabin.emits("rang", "bell", n=1)
        await until(lambda: len(main.logged("rang")) == 1)
        await main.stop()

        cabin.emits("rang", "bell", n=2)
        await main.start()
        await until(lambda: len(main.logged("rang")) == 2)

        assert [one.data["n"] for one in main.logged("rang")] == [1, 2]


async def test_a_home_that_was_stopped_goes_on_telling_where_it_was(
    peer: Peer, prefix: str, tmp_path: Path
) -> None:
    shares = {"publish": {"types": ["rang"]}}
    async with sharing(peer, prefix, tmp_path, main={}, cabin=shares) as homes:
        main, cabin = homes["main"], homes["cabin"]
        for number in range(50):
            cabin.emits("rang", "bell", n=number)
        await cabin.stop()
        await cabin.start()
        cabin.emits("rang", "bell", n=50)
        await until(lambda: len(main.logged("rang")) >= 51)

        assert [one.data["n"] for one in main.logged("rang")] == list(range(51))


async def test_automations_that_set_each_other_off_across_homes_stop(
    peer: Peer, prefix: str, tmp_path: Path, connect: Connect
) -> None:
    async with sharing(peer, prefix, tmp_path, main={}) as homes:
        main = homes["main"]
        cabin = await connect("cabin")
        await cabin.transport.publish(
            told(event(1, extensions={"partitionkey": "light.hall", "casitahops": 17}))
        )
        await until(lambda: bool(main.logged("rang")))

        received, rang = main.logged("broker.received")[0], main.logged("rang")[0]
        assert (rang.cause, rang.hops) == (received.offset, 17)
        assert received.data["id"] == "log-1"


# What cannot be taken


async def test_what_is_no_cloud_event_ends_on_the_shelf_and_holds_nobody_up(
    peer: Peer, prefix: str, tmp_path: Path, connect: Connect
) -> None:
    async with sharing(peer, prefix, tmp_path, main={}) as homes:
        main = homes["main"]
        cabin = await connect("cabin")
        await peer.put_raw("cabin", b"hello", prefix)
        no_entity = event(1, type="state.changed", subject="nonsense", data={"state": "on"})
        await cabin.transport.publish(told(no_entity, event(2)))
        await until(lambda: bool(main.logged("rang")))
        shelf = main.kernel.consumers.shelf
        await until(lambda: len(shelf) == 2)

        errors = sorted(one.error for one in shelf.letters(f"brokers.{LINK}.in"))
        assert "no JSON" in errors[1]
        assert "'nonsense' is no entity of cabin" in errors[0]
        assert (await main.status()).rejected == 2


async def test_a_program_s_events_come_in_under_its_own_name_and_pose_as_nobody(
    peer: Peer, prefix: str, tmp_path: Path, connect: Connect
) -> None:
    async with sharing(peer, prefix, tmp_path, main={}) as homes:
        main = homes["main"]
        cabin = await connect("cabin")
        parcel = event(1, source="/parcels", type="parcel.came", subject="door")
        forged = event(
            2, source="/parcels", type="state.changed", subject="lock.front",
            data={"state": "unlocked"},
        )  # fmt: skip
        await cabin.transport.publish(told(parcel, forged))
        await until(lambda: bool(main.logged("remote.state.changed")))

        came = main.logged("parcel.came")[0]
        assert (came.subject, came.source) == ("door", f"{LINK}: /parcels")
        assert main.state("lock.front") is None


async def test_how_it_fares_can_be_seen(peer: Peer, prefix: str, tmp_path: Path) -> None:
    async with sharing(peer, prefix, tmp_path, main={}, cabin={}) as homes:
        main, cabin = homes["main"], homes["cabin"]
        cabin.sees("light.hall", "on")
        await until(lambda: main.state("cabin.light.hall") == "on")
        await until(lambda: not cabin.kernel.consumers.statuses()[-1].lag)

        heard, said = await main.status(), await cabin.status()

        assert (heard.received, heard.duplicates, heard.rejected) == (1, 0, 0)
        assert (said.published, said.behind) == (1, 0)
        assert heard.promises is not None
        assert heard.promises.ordered
