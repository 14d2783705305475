"""Whether something is in a zone."""

from __future__ import annotations

from casita.events import State
from casita_automations.distance import distance_m


def has_place(state: State | None) -> bool:
    """Say whether a state tells where the entity is."""
    return (
        state is not None
        and isinstance(state.attributes.get("latitude"), int | float)
        and isinstance(state.attributes.get("longitude"), int | float)
    )


def is_in(zone: State, state: State) -> bool:
    """Say whether an entity that tells its place is in a zone, or its accuracy reaches into it."""
    if not (has_place(zone) and has_place(state)):
        return False
    here, there = state.attributes, zone.attributes
    apart_m = distance_m(here["latitude"], here["longitude"], there["latitude"], there["longitude"])
    accuracy_m = float(here.get("gps_accuracy") or 0)
    return apart_m - accuracy_m < float(there.get("radius", 100))
