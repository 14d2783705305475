"""Workers that come, go, pause and are cut off: never two act for a key, and no row is lost."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casita.workers import Anything, Change, Member, Row, Standing
from proofs import share

LEASE_S = 6.0
KEYS = tuple(f"automation.number_{one}" for one in range(6))
STEP_S = 0.25


@dataclass
class Process:
    """A worker as a process: it may be paused, cut off from the broker, or killed."""

    worker: str
    member: Member
    read: int = 0
    awake: bool = True
    linked: bool = True
    runs: dict[str, str] = field(default_factory=dict)
    """The runs that it believes to be its own to act for, by run."""


class Village:
    """The order of what was said, and the processes that read it, each at its own pace."""

    def __init__(self, seed: int, lease_s: float = LEASE_S, *, fenced: bool = True) -> None:
        self.random = random.Random(seed)
        self.fenced = fenced
        self.lease_s = lease_s
        self.now = 0.0
        self.said: list[Anything] = []
        self.processes: list[Process] = []
        self.number = 0
        self.rows: dict[str, Row] = {}
        """What was written down, and is to be known by whoever acts."""
        self.ended: set[str] = set()
        self.killed: list[Process] = []
        self.forgetful = False
        """Whether the broker has broken its word: then nobody can keep theirs."""

    def start(self) -> Process:
        """Start a worker: one that was killed, with what its disk holds, or else a new one."""
        if self.killed:
            before = self.killed.pop(0)
            process = Process(before.worker, before.member, before.read)
            process.member = self.member(before.worker, dict(before.member.rows))
        else:
            self.number += 1
            worker = f"w{self.number}"
            process = Process(worker, self.member(worker, {}))
        self.processes.append(process)
        return process

    def member(self, worker: str, rows: dict[str, Row]) -> Member:
        return Member(worker, self.lease_s, rows, lambda: f"{self.random.random()}")

    def kill(self, process: Process) -> None:
        """Let a process end as in a power cut."""
        self.processes.remove(process)
        self.killed.append(process)

    def passes(self, seconds: float) -> None:
        for _ in range(int(seconds / STEP_S)):
            self.now += STEP_S
            for process in self.random.sample(self.processes, len(self.processes)):
                if process.awake:
                    self.step(process)
                if not self.forgetful:
                    self.check()

    def step(self, process: Process) -> None:
        """Let a process do what it does in a quarter of a second: not always everything."""
        member = process.member
        if process.linked and self.random.random() < 0.9:
            behind = len(self.said) - process.read
            for _ in range(self.random.randint(0, behind) if behind > 3 else behind):
                member.hear(self.said[process.read], self.now)
                process.read += 1
        member.tick(self.now)
        if member.is_to_adopt and self.random.random() < 0.7:
            member.adopt(self.now)
        if process.linked and self.random.random() < 0.8:
            self.said += member.outbox
            member.outbox = []

    def acting(self, key: str) -> list[Process]:
        return [one for one in self.processes if self.acts(one, key)]

    def acts(self, process: Process, key: str) -> bool:
        if self.fenced:
            return process.member.may_act(key, self.now)
        return process.member.may_act(key, 0.0)

    def check(self) -> None:
        for key in KEYS:
            assert len(self.acting(key)) <= 1, f"{self.now}: two act for {key}"

    def settled(self) -> bool:
        members = [one.member for one in self.processes]
        return all(one.standing is Standing.MEMBER for one in members)

    def writes(self, key: str, run: str) -> None:
        """Let whoever acts for a key write a run down."""
        for process in self.acting(key):
            row = Row(key, {"by": process.worker})
            if process.awake and process.linked and not process.member.outbox:
                process.member.note([Change(run, row)], [], self.now)
                self.said += process.member.outbox  # what is published while the lease runs
                process.member.outbox = []
                self.rows[run] = row

    def ends(self, key: str) -> None:
        """Let whoever acts for a key end its runs."""
        for process in self.acting(key):
            mine = [run for run, row in process.member.rows.items() if row.key == key]
            if process.awake and process.linked and not process.member.outbox and mine:
                process.member.note([Change(run, None) for run in mine], [], self.now)
                self.said += process.member.outbox
                process.member.outbox = []
                self.ended.update(mine)


EVENTS = st.one_of(
    st.tuples(st.just("pass"), st.floats(0.5, 30)),
    st.tuples(st.just("start"), st.just(0)),
    st.tuples(st.just("kill"), st.integers(0, 5)),
    st.tuples(st.just("pause"), st.integers(0, 5)),
    st.tuples(st.just("wake"), st.integers(0, 5)),
    st.tuples(st.just("cut"), st.integers(0, 5)),
    st.tuples(st.just("mend"), st.integers(0, 5)),
    st.tuples(st.just("leave"), st.integers(0, 5)),
    st.tuples(st.just("write"), st.integers(0, len(KEYS) - 1)),
    st.tuples(st.just("end"), st.integers(0, len(KEYS) - 1)),
)


def live(village: Village, events: list[tuple[str, float]]) -> None:
    """Let a village go through what happens to it."""
    for number, (what, which) in enumerate(events):
        there = village.processes
        if what == "pass":
            village.passes(which)
        elif what == "start" and len(there) < 5:
            village.start()
        elif what == "write":
            village.writes(KEYS[int(which)], f"run-{number}")
        elif what == "end":
            village.ends(KEYS[int(which)])
        elif there:
            chosen = there[int(which) % len(there)]
            if what == "kill":
                village.kill(chosen)
            elif what in ("pause", "wake"):
                chosen.awake = what == "wake"
            elif what in ("cut", "mend"):
                chosen.linked = what == "mend"
            elif what == "leave" and len(there) > 1 and chosen.awake:
                chosen.member.leave(village.now)
                village.said += chosen.member.outbox if chosen.linked else []
                village.kill(chosen)
    while village.killed:
        village.start()
    for one in village.processes:
        one.awake = one.linked = True
    village.passes(60)


@settings(max_examples=share(1000), deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 3), st.lists(EVENTS, min_size=3, max_size=25))
def test_never_two_act_for_a_key_and_in_the_end_one_does(
    seed: int, number: int, events: list[tuple[str, float]]
) -> None:
    village = Village(seed)
    for _ in range(number):
        village.start()
    village.passes(20)

    live(village, events)

    assert village.settled()
    assert [len(village.acting(key)) for key in KEYS] == [1] * len(KEYS)
    left = {run: row for run, row in village.rows.items() if run not in village.ended}
    for process in village.processes:
        assert dict(process.member.rows) == left


def test_without_fencing_two_act_after_a_pause() -> None:
    """The control: a lease that never ends is found out."""
    village = Village(1, fenced=False)
    for _ in range(3):
        village.start()
    village.passes(30)
    assert village.settled()
    (owner,) = village.acting(KEYS[0])
    owner.awake = False

    with pytest.raises(AssertionError, match="two act for"):
        village.passes(60)


def test_what_was_written_down_is_known_to_whoever_takes_over() -> None:
    village = Village(2)
    first, _second = village.start(), village.start()
    village.passes(30)
    mine = [key for key in KEYS if village.acting(key) == [first]]
    for key in mine:
        village.writes(key, f"run of {key}")
    village.passes(5)
    assert mine

    village.processes.remove(first)  # with its disk
    third = village.start()
    village.passes(30)

    for key in mine:
        (owner,) = village.acting(key)
        assert owner.member.rows[f"run of {key}"].key == key
        assert third.member.rows == owner.member.rows


@settings(max_examples=share(200), deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 12), st.lists(st.integers(0, 3), max_size=8))
def test_a_broker_that_has_forgotten_is_survived(seed: int, lost: int, cuts: list[int]) -> None:
    """What was acknowledged is gone, and some have heard of it: they agree again."""
    village = Village(seed)
    for _ in range(3):
        village.start()
    village.passes(25)
    for number in cuts:
        village.processes[number % 3].linked = number < 2
        village.passes(3)

    del village.said[-lost:]
    for process in village.processes:
        process.read = min(process.read, len(village.said))
        process.linked = True
    village.forgetful = True
    village.passes(120)

    assert village.settled()
    assert [len(village.acting(key)) for key in KEYS] == [1] * len(KEYS)
