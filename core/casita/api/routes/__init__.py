"""The routes of the API, by what they are about."""

from casita.api._table import Route, routes_of
from casita.api.routes import (
    access,
    asking,
    automations,
    brokers,
    clock,
    commands,
    consumers,
    discovery,
    events,
    history,
    page,
    registry,
    states,
    system,
    traces,
    trying,
    webhooks,
    workers,
)


def every_route() -> list[Route]:
    """Return all routes of the API and of its page."""
    topics = (
        states, history, registry, commands, events, consumers, brokers, workers, discovery,
        automations, asking, trying, system, traces, clock, access, webhooks,
        page,
    )  # fmt: skip
    return routes_of(topics)
