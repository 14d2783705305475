"""What the configuration says of a worker: ``worker: {group, broker, lease}``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple

import msgspec
import voluptuous as vol

from casita_config.schemas import duration, slug

_LEASE: Final = timedelta(seconds=6)
_SHORTEST: Final = timedelta(seconds=1)
_LONGEST: Final = timedelta(minutes=5)


class _Section(NamedTuple):
    """A section of the configuration."""

    key: str
    schema: vol.Schema


def _lease(value: Any) -> timedelta:
    length: timedelta = duration(value)
    if not _SHORTEST <= length <= _LONGEST:
        raise vol.Invalid("a lease lasts 1 s to 5 min")
    return length


SECTION: Final = _Section(
    "worker",
    vol.Schema(
        {
            vol.Optional("group"): slug,
            vol.Optional("broker"): slug,
            vol.Optional("lease", default=_LEASE): _lease,
        }
    ),
)


class WorkerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How this process takes part in a group."""

    group: str
    """How the group is called among the homes."""
    worker: str
    """How this process is called in the group."""
    broker: str | None = None
    """Through which broker of the configuration; None: the only one."""
    lease_s: float = _LEASE.total_seconds()
    """After so long without a word from it, what a worker did is not its own any more."""


def worker_settings(given: Mapping[str, Any], worker: str, group: str) -> WorkerSettings:
    """Make settings of what the schema has let through; ``group`` is the name by default."""
    lease: timedelta = given.get("lease", _LEASE)
    return WorkerSettings(
        group=given.get("group", group),
        worker=worker,
        broker=given.get("broker"),
        lease_s=lease.total_seconds(),
    )
