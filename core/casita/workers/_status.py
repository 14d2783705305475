"""A group of workers as people see it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from casita.workers._member import Member, Standing


class WorkerStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One worker of a group, as another sees it."""

    name: str
    member: str
    settled: bool
    myself: bool
    automations: Sequence[str]
    """Those that fall to it by the present view."""
    runs: int
    """How many waiting runs these have."""


class GroupStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A group of workers, as one of them sees it."""

    group: str
    worker: str
    standing: Standing
    acting: bool
    """Whether its lease runs: it may act for what is its own."""
    agreed: bool
    """Whether all act by the same view."""
    workers: Sequence[WorkerStatus]


def status_of(member: Member, group: str, keys: Sequence[str], now: float) -> GroupStatus:
    """Return how a group fares, as far as a member knows; ``keys`` are all that can be run."""
    roll = member.roll
    owners = {key: roll.owner(key) for key in keys} if roll is not None else {}
    waiting = [roll.owner(row.key) for row in member.rows.values()] if roll is not None else []
    return GroupStatus(
        group=group,
        worker=member.worker,
        standing=member.standing,
        acting=now < member.lease_until,
        agreed=roll is not None and roll.agreed,
        workers=[
            WorkerStatus(
                name=seat.worker,
                member=seat.member,
                settled=seat.settled,
                myself=seat.member == member.name,
                automations=sorted(key for key, one in owners.items() if one == seat.member),
                runs=waiting.count(seat.member),
            )
            for seat in (roll.seats.values() if roll is not None else ())
        ],
    )
