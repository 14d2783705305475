"""What an MQTT broker has under ``brokers:``, beside what every broker has."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import voluptuous as vol

from casita.clock import Clock
from casita.transport import BrokerKind, Plan, Transport
from casita_config.schemas import duration, slug, string

PORTS: Final = {"mqtt": 1883, "mqtts": 8883}

SCHEMA: Final = vol.Schema(
    {
        vol.Optional("prefix", default="casita"): slug,
        vol.Optional("username"): string,
        vol.Optional("password"): string,
        vol.Optional("certificate"): string,
        vol.Optional("keep", default="7d"): vol.All(duration, vol.Range(max=timedelta(days=365))),
        vol.Optional("keepalive", default="10s"): vol.All(
            duration, vol.Range(min=timedelta(seconds=1), max=timedelta(hours=1))
        ),
        vol.Optional("timeout", default="15s"): vol.All(
            duration, vol.Range(min=timedelta(seconds=1), max=timedelta(seconds=20))
        ),
        vol.Inclusive("group", "group"): slug,
        vol.Inclusive("client_id", "group"): vol.All(string, vol.Length(min=1, max=64)),
    }
)


def make_transport(plan: Plan, clock: Clock) -> Transport:
    """Make a transport that is not connected yet."""
    from casita_mqtt._bridge import MqttTransport

    return MqttTransport(plan, clock)


KIND: Final = BrokerKind(
    schemes=tuple(PORTS),
    make=make_transport,
    schema=SCHEMA,
    description="An MQTT 5 broker, as mosquitto.",
)
