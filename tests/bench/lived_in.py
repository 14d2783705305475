"""Writes the log of a house in which people have lived, as a hub would have written it.

``python tests/bench/lived_in.py FOLDER --days 365`` makes a configuration folder with eight rooms
of five entities each, and a log of one report every 2.5 s. Most events stand in a batch of their
own, as in a house where little happens at a time.
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from casita.events import STATE_CHANGED, Event, State
from casita.ids import Offset
from casita.log._codec import Batch, pack, row_of
from casita.log._files import Mark
from casita.log._opening import open_for_writing
from casita.log._store import Writer

BEGIN: Final = datetime(2024, 3, 1, tzinfo=UTC)
_GROUP: Final = 20_000
"""So many batches go into one transaction: nobody waits for them."""
_OFF_AFTER: Final = timedelta(minutes=5)
_DARK_LX: Final = 20.0
_SOURCE: Final = "mqtt"


def automations(rooms: int, kinds: int = 2) -> list[dict[str, Any]]:
    """Return automations of the usual kinds, ``kinds`` for each room: light by motion, comfort.

    The past has what the lights were commanded to do; those for comfort were not there then.
    """
    found: list[dict[str, Any]] = []
    for room in range(rooms):
        found.append(_light(room))
        found += [_fan(room, 26 + number) for number in range(kinds - 1)]
    return found


class Past:
    """What happened in a house: its events in order, each list of them one batch."""

    def __init__(self, rooms: int, *, every_s: float = 2.5, seed: int = 7) -> None:
        """``every_s``: the mean time between two reports of devices."""
        self.rooms = rooms
        self.head = 0
        self.states: dict[str, State] = {}
        self._every_s = every_s
        self._chance = random.Random(seed)
        self._now = BEGIN
        self._attributes = {one: _attributes(one) for one in _entities(rooms)}
        self._off_at: list[tuple[datetime, int, Event]] = []
        self._waiting: dict[int, Event] = {}
        """By room: the run whose light is to go off."""

    def batches(self, until: datetime) -> Iterator[list[Event]]:
        """Yield what happens until a time."""
        yield [
            self._change(one, _first_state(one))
            for one in self._attributes
        ]  # fmt: skip
        while self._now < until:
            moment = self._now + timedelta(seconds=self._chance.expovariate(1 / self._every_s))
            yield from self._due(moment)
            self._now = moment
            yield self._report()

    def _report(self) -> list[Event]:
        chance = self._chance
        room, kind = chance.randrange(self.rooms), chance.random()
        if kind < 0.04:
            return self._motion(room)
        if kind < 0.24:
            value = f"{21 + chance.gauss(0, 1.5):.1f}"
            return [self._change(f"sensor.temperature_{room}", value)]
        if kind < 0.34:
            return [self._change(f"sensor.lux_{room}", str(chance.randrange(200)))]
        return [self._change(f"sensor.power_{room}", f"{chance.uniform(0, 2000):.1f}")]

    def _motion(self, room: int) -> list[Event]:
        sensor = f"binary_sensor.motion_{room}"
        is_on = self.states[sensor].state == "on"
        seen = self._change(sensor, "off" if is_on else "on")
        if is_on or float(self.states[f"sensor.lux_{room}"].state) >= _DARK_LX:
            return [seen]
        automation = f"automation.light_{room}"
        events = [seen]
        before = self._waiting.pop(room, None)
        if before is not None:
            events.append(self._event("run.finished", automation, {"result": "restarted"}, before))
        data = {"trigger": f"state of {sensor}", "run": f"run {self.head}"}
        run = self._event("run.started", automation, data, seen, hop=True)
        events += [run, *self._light(room, "on", run)]
        self._waiting[room] = run
        heapq.heappush(self._off_at, (self._now + _OFF_AFTER, room, run))
        return events

    def _due(self, until: datetime) -> Iterator[list[Event]]:
        while self._off_at and self._off_at[0][0] <= until:
            self._now, room, run = heapq.heappop(self._off_at)
            if self._waiting.get(room) is run:
                del self._waiting[room]
                end = {"result": "finished"}
                off = self._light(room, "off", run)
                yield [*off, self._event("run.finished", f"automation.light_{room}", end, run)]

    def _light(self, room: int, state: str, run: Event) -> list[Event]:
        light = f"light.room_{room}"
        data = {"service": f"light.turn_{state}", "data": {}}
        sent = self._event("command.sent", light, data, run)
        done = self._event("command.done", light, {"service": data["service"]}, sent)
        return [sent, self._change(light, state, sent), done]

    def _change(self, entity_id: str, state: str, cause: Event | None = None) -> Event:
        old = self.states.get(entity_id)
        attributes = self._attributes[entity_id]
        event = self._event(
            STATE_CHANGED, entity_id,
            {"old": old.state if old else None, "state": state, "attributes": attributes}, cause,
        )  # fmt: skip
        held = old is not None and old.state == state
        since = old.last_changed if held and old is not None else self._now
        self.states[entity_id] = State(entity_id, state, attributes, since, self._now, event.offset)
        return event

    def _event(
        self, type_: str, subject: str, data: Mapping[str, Any], cause: Event | None, *,
        hop: bool = False,
    ) -> Event:  # fmt: skip
        self.head += 1
        return Event(
            offset=Offset(self.head), time=self._now, type=type_, subject=subject,
            source=_SOURCE if cause is None else "casita", data=data,
            cause=cause.offset if cause else None, root=cause.root if cause else Offset(self.head),
            hops=(cause.hops if cause else 0) + hop,
        )  # fmt: skip


def write(folder: Path, past: Past, until: datetime, *, kinds: int = 2) -> int:
    """Write a configuration folder with a log; return how many events that has.

    The log is made anew: there must be none. What it takes is about 300 bytes an event.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = {"automation": automations(past.rooms, kinds), "log": {"days": 400}}
    (folder / "casita.yaml").write_text(json.dumps(config, indent=1))
    data = folder / ".casita"
    data.mkdir()
    connection = open_for_writing(data)
    connection.pragma("synchronous", "off")
    with closing(Writer(connection)) as writer:
        total = 0
        group: list[tuple[Batch, set[str]]] = []
        for events in past.batches(until):
            batch, total = pack(events, [row_of(one) for one in events], total)
            group.append((batch, {one.subject for one in events}))
            if len(group) >= _GROUP:
                writer.write(group, {})
                group.clear()
        writer.write(group, _documents(past))
    Mark(data).set(past.head)
    return past.head


def _documents(past: Past) -> dict[tuple[str, str], bytes | None]:
    encode = msgspec.json.Encoder().encode
    documents: dict[tuple[str, str], bytes | None] = {
        ("states", key): encode(one) for key, one in past.states.items()
    }
    documents["states.mark", "offset"] = encode(past.head)
    return documents


def _light(room: int) -> dict[str, Any]:
    return {
        "alias": f"light {room}",
        "mode": "restart",
        "trigger": {"trigger": "state", "entity_id": f"binary_sensor.motion_{room}", "to": "on"},
        "condition": {
            "condition": "numeric_state", "entity_id": f"sensor.lux_{room}", "below": _DARK_LX,
        },
        "action": [
            {"action": "light.turn_on", "target": {"entity_id": f"light.room_{room}"}},
            {"delay": "00:05:00"},
            {"action": "light.turn_off", "target": {"entity_id": f"light.room_{room}"}},
        ],
    }  # fmt: skip


def _fan(room: int, above_c: int) -> dict[str, Any]:
    return {
        "alias": f"warm {room} {above_c}",
        "trigger": {
            "trigger": "numeric_state", "entity_id": f"sensor.temperature_{room}",
            "above": above_c, "for": "00:10:00",
        },
        "condition": "{{ is_state('binary_sensor.motion_" + str(room) + "', 'on') }}",
        "action": {"action": "light.turn_on", "target": {"entity_id": f"light.room_{room}"}},
    }  # fmt: skip


def _entities(rooms: int) -> list[str]:
    kinds = ("binary_sensor.motion", "sensor.temperature", "sensor.lux", "sensor.power",
             "light.room")  # fmt: skip
    return [f"{kind}_{room}" for room in range(rooms) for kind in kinds]


def _first_state(entity_id: str) -> str:
    return "0" if entity_id.startswith("sensor.") else "off"


def _attributes(entity_id: str) -> dict[str, Any]:
    kind = entity_id.partition(".")[2].rpartition("_")[0]
    found: dict[str, Any] = {"friendly_name": entity_id.partition(".")[2].replace("_", " ")}
    units = {"temperature": "°C", "lux": "lx", "power": "W"}
    if kind in units:
        device_class = "illuminance" if kind == "lux" else kind
        found |= {"unit_of_measurement": units[kind], "device_class": device_class,
                  "state_class": "measurement"}  # fmt: skip
    elif kind == "motion":
        found["device_class"] = "motion"
    else:
        found["supported_color_modes"] = ["onoff"]
    return found


def main() -> int:
    """Write a house that is lived in."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--days", type=float, default=365)
    parser.add_argument("--rooms", type=int, default=8)
    parser.add_argument("--every", type=float, default=2.5, help="seconds between two reports")
    parser.add_argument("--automations", type=int, default=2, help="in each room")
    asked = parser.parse_args()
    began = time.perf_counter()
    past = Past(asked.rooms, every_s=asked.every)
    until = BEGIN + timedelta(days=asked.days)
    count = write(asked.folder, past, until, kinds=asked.automations)
    size_mb = (asked.folder / ".casita" / "casita.db").stat().st_size / 1e6
    took_s = time.perf_counter() - began
    print(f"{count} events of {asked.days:g} days, {size_mb:.0f} MB, written in {took_s:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
