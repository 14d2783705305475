"""Which events descend from which automation's runs."""

from __future__ import annotations

from collections.abc import Collection

from casita.events import Event
from casita.log import RawEvent


class Lineage:
    """Follows causes through an ordered record, from the runs of some automations on."""

    def __init__(self, automations: Collection[str]) -> None:
        self._automations = frozenset(automations)
        self._owners: dict[int, str] = {}

    def note(self, event: Event | RawEvent) -> str | None:
        """Return the automation that an event comes from; None if it is none of ours.

        What an automation of somebody else's does is theirs, even if it reacts to one of ours;
        what a script does is its caller's. Each event is given once, after its cause.
        """
        owner: str | None
        if event.type == "run.started" and event.subject.startswith("automation."):
            owner = event.subject if event.subject in self._automations else None
        elif event.cause is None:
            return None
        else:
            owner = self._owners.get(event.cause)
        if owner is not None:
            self._owners[event.offset] = owner
        return owner

    def owner(self, offset: int) -> str | None:
        """Return the automation that the event at an offset comes from."""
        return self._owners.get(offset)
