"""``casita devices``: what the house consists of, and what waits to be adopted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from casita.cli._options import common
from casita.cli._output import say_json, say_table
from casita.cli._reading import Reading
from casita.discovery import Found, Status
from casita.model import Area, DeviceEntry, EntityEntry


@click.command("devices")
@common
def devices_command(folder: Path, as_json: bool) -> None:
    """List the devices with their areas, and what was found and waits to be adopted."""
    with Reading(folder) as reading:
        devices = reading.documents("device", DeviceEntry)
        areas = reading.documents("area", Area)
        entities = reading.documents("entity", EntityEntry)
        inbox = [
            one for one in reading.documents("candidate", Found) if one.status is not Status.ADOPTED
        ]
    devices.sort(key=lambda one: one.shown_name.casefold())
    inbox.sort(key=lambda one: one.first_seen)
    if as_json:
        say_json({"devices": devices, "areas": areas, "inbox": inbox})
        return
    _say_devices(devices, areas, entities)
    _say_inbox([one for one in inbox if one.status is Status.NEW])


def _say_devices(
    devices: Sequence[DeviceEntry], areas: Sequence[Area], entities: Sequence[EntityEntry]
) -> None:
    if not devices:
        click.echo("There are no devices yet.")
        return
    name_of = {area.id: area.name for area in areas}
    count = Counter(entity.device_id for entity in entities)
    say_table(
        ("device", "model", "area", "plugin", "entities"),
        [
            (
                one.shown_name, one.model, name_of.get(one.area_id or ""), one.source,
                count[one.id],
            )
            for one in devices
        ],
    )  # fmt: skip


def _say_inbox(inbox: Sequence[Found]) -> None:
    if not inbox:
        return
    click.echo()
    click.echo("Waiting to be adopted, with `casita adopt ID`:")
    say_table(
        ("id", "device", "asks for"),
        [
            (
                one.id, one.candidate.title,
                "; ".join(f"{field}: {what}" for field, what in one.candidate.asks.items()),
            )
            for one in inbox
        ],
    )  # fmt: skip
