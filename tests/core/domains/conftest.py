"""A kernel that knows the domains' services, and things that take their commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from casita.domains import SERVICES
from casita.kernel import Kernel
from casita.model import Target
from casita.services import Command

Asked = list[tuple[str, dict[str, Any]]]
Ask = Callable[..., Asked]


@pytest.fixture
def ask(kernel: Kernel) -> Ask:
    """Ask a thing in some state for something; return what its plugin is told to do."""
    for service in SERVICES:
        kernel.commands.register(service)

    def ask_for(
        service: str,
        data: Mapping[str, Any] | None = None,
        *,
        state: str = "off",
        entity_id: str | None = None,
        **attributes: Any,
    ) -> Asked:
        told: Asked = []

        def take(command: Command) -> None:
            told.append((command.service, dict(command.data)))

        thing = entity_id or f"{service.partition('.')[0]}.thing"
        kernel.states.set(thing, state, attributes, source="test")
        kernel.commands.attach(thing, take)
        kernel.commands.call(service, data, Target(entity_id=[thing]), source="test")
        return told

    return ask_for
