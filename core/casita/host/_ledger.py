"""What the host tells of each plugin: whether it works, and if not, why not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec


class State(StrEnum):
    """How a plugin, or one instance of it, fares."""

    INSTALLED = "installed"
    """It could run, and the configuration does not name it."""
    BROKEN = "broken"
    """It could not be loaded."""
    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting"
    """Its start failed for now; it is tried again."""
    NEEDS_ATTENTION = "needs attention"
    """A person has to give a new code or password."""
    FAILED = "failed"
    """Trying again cannot help."""
    STOPPED = "stopped"


class InstanceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One running part of a plugin: its component, or one adopted device."""

    name: str
    state: State
    reason: str | None = None
    """Why it does not run, in words for a person."""
    attempts: int = 0
    """How often its start was tried since it last ran."""
    errors: int = 0
    """How many of its callbacks and tasks have failed."""
    last_error: str | None = None
    since: datetime


class PluginStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin as the hub sees it."""

    name: str
    version: str | None
    distribution: str | None
    """The installed package that it comes with."""
    state: State
    reason: str | None = None
    instances: Sequence[InstanceStatus] = ()
