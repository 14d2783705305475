"""The routes of the API, by what they are about."""

from casita.api._table import Route, routes_of
from casita.api.routes import (
    access,
    automations,
    commands,
    discovery,
    events,
    page,
    registry,
    states,
    system,
)


def every_route() -> list[Route]:
    """Return all routes of the API and of its page."""
    topics = (states, registry, commands, events, discovery, automations, system, access, page)
    return routes_of(topics)
