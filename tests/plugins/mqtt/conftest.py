"""A house whose broker is in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from peers.mqtt_fake import FakeBroker, MqttHouse


@pytest.fixture
def broker() -> FakeBroker:
    """A broker in memory."""
    return FakeBroker()


@pytest.fixture
def house(broker: FakeBroker) -> Iterator[MqttHouse]:
    """A house at that broker."""
    with MqttHouse(broker) as one:
        yield one
