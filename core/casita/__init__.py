"""Casita: the event-driven smart home. These names are what plugin authors write with."""

from __future__ import annotations

from casita.clock import Clock, SystemClock, VirtualClock
from casita.consumers import Consumer, Retries
from casita.discovery import Advert, Candidate
from casita.entities import SAME, Entity
from casita.errors import AuthFailed, CasitaError, CommandFailed, NotReady, SetupFailed
from casita.events import Cause, Event, State, StateChanged
from casita.home import Home
from casita.hookspecs import hookimpl
from casita.model import DeviceInfo, Target
from casita.plugin import Component, ConfigSection, Device, Plugin
from casita.services import Command, Kind, Outcome, Service, Status
from casita.vocabulary import ActionKind, Changed, ConditionKind, House, Mode, TriggerKind
from casita_config import duration, entities, entity

__all__ = [
    "SAME",
    "ActionKind",
    "Advert",
    "AuthFailed",
    "Candidate",
    "CasitaError",
    "Cause",
    "Changed",
    "Clock",
    "Command",
    "CommandFailed",
    "Component",
    "ConditionKind",
    "ConfigSection",
    "Consumer",
    "Device",
    "DeviceInfo",
    "Entity",
    "Event",
    "Home",
    "House",
    "Kind",
    "Mode",
    "NotReady",
    "Outcome",
    "Plugin",
    "Retries",
    "Service",
    "SetupFailed",
    "State",
    "StateChanged",
    "Status",
    "SystemClock",
    "Target",
    "TriggerKind",
    "VirtualClock",
    "duration",
    "entities",
    "entity",
    "hookimpl",
]
