"""The eight hooks. They declare; what they declare does the work later.

All are synchronous and do no input or output. `casita.Plugin` implements them for its
author; a plugin may also be a plain module with functions marked ``casita.hookimpl``.
Whatever a hook raises, or returns of the wrong type, keeps that one plugin from loading:
it is listed by ``casita plugin list`` with the reason, and everything else starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import pluggy

if TYPE_CHECKING:
    from casita.plugin import Component, ConfigSection, Device, Found
    from casita.services import Service
    from casita.transport import BrokerKind
    from casita.vocabulary import AutomationKind, Word

PROJECT: Final = "casita"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def casita_register_config() -> Sequence[ConfigSection]:  # type: ignore[empty-body]  # a spec
    """Claim top-level keys of the configuration.

    **When**: once, before the configuration's sections are checked.
    **Args**: none.
    **Returns**: sections with their voluptuous schema, or None for a schema that is applied
    by the plugin itself, item by item.
    **Errors**: if you raise, the plugin is not loaded; a key that another plugin has claimed
    is refused likewise.
    **Since**: 0.1
    """


@hookspec
def casita_register_components() -> Sequence[type[Component]]:  # type: ignore[empty-body]  # a spec
    """Name the class whose instance runs as long as the hub does.

    **When**: once, when the plugin is loaded; an instance is made and started for a plugin
    that stands under ``plugins:``, and for the hub's own.
    **Args**: none.
    **Returns**: at most one subclass of `Component`.
    **Errors**: if you raise, the plugin is not loaded. What its ``start`` raises is told in
    the ledger: `NotReady` is tried again with backoff, `AuthFailed` and `SetupFailed` wait
    for a person.
    **Since**: 0.1
    """


@hookspec
def casita_register_devices() -> Sequence[type[Device]]:  # type: ignore[empty-body]  # a spec
    """Name the class of which one instance runs for each adopted device.

    **When**: once, when the plugin is loaded; instances are made when a person adopts a
    device, and at each start for those adopted before.
    **Args**: none.
    **Returns**: at most one subclass of `Device`.
    **Errors**: as for components; each device fails and is retried alone.
    **Since**: 0.1
    """


@hookspec
def casita_register_discoveries() -> Sequence[Found]:  # type: ignore[empty-body]  # a spec
    """Say what to listen for on the network.

    **When**: once, when the plugin is loaded.
    **Args**: none.
    **Returns**: DNS-SD service types, each with a quick function that says whether an advert
    is a device of this plugin. Nothing is connected to before a person adopts it.
    **Errors**: if you raise, the plugin is not loaded; if the function raises, that advert is
    skipped and the failure counted.
    **Since**: 0.1
    """


@hookspec
def casita_register_automations() -> Sequence[AutomationKind]:  # type: ignore[empty-body]  # a spec
    """Supply kinds of automation that config uses with ``use: plugin.name``.

    **When**: once, when the plugin is loaded, before automations are read.
    **Args**: none.
    **Returns**: kinds with schema, triggers, mode and an asynchronous handler.
    **Errors**: if you raise, the plugin is not loaded. If a handler raises, that run ends
    ``failed`` in the log and the automation lives on.
    **Since**: 0.1
    """


@hookspec
def casita_register_vocabulary() -> Sequence[Word]:  # type: ignore[empty-body]  # a spec
    """Add kinds of trigger, condition and action to the words of declared automations.

    **When**: once, when the plugin is loaded, before automations are read.
    **Args**: none.
    **Returns**: kinds with a name and a schema: a `TriggerKind`, which the plugin's component
    arms; a `ConditionKind` with the function that says whether it holds; an `ActionKind` with
    the coroutine function that does it.
    **Errors**: if you raise, the plugin is not loaded; a name that is taken is refused. What a
    condition raises counts as not holding, what an action raises fails its run.
    **Since**: 0.1
    """


@hookspec
def casita_register_services() -> Sequence[Service]:  # type: ignore[empty-body]  # a spec
    """Add services to the house: the vocabulary in which entities are commanded.

    **When**: once, when the plugin is loaded.
    **Args**: none.
    **Returns**: services with schema and kind (``set`` or ``pulse``). Services that need a
    running component are added by it with ``home.offer``.
    **Errors**: if you raise, the plugin is not loaded.
    **Since**: 0.1
    """


@hookspec
def casita_register_brokers() -> Sequence[BrokerKind]:  # type: ignore[empty-body]  # a spec
    """Supply kinds of broker, by which homes and other programs share events.

    **When**: once, when the plugin is loaded; a transport is made for each broker under
    ``brokers:`` whose URL begins with one of the kind's schemes, and anew after each loss.
    **Args**: none.
    **Returns**: kinds with their URL schemes, the schema of their options, and a function that
    makes a `Transport`.
    **Errors**: if you raise, the plugin is not loaded; a scheme that is taken is refused. What
    a transport raises is told by ``casita brokers``: `NotReady` is tried again with backoff,
    `AuthFailed` every five minutes, `SetupFailed` never.
    **Since**: 0.1
    """
