"""NATS JetStream: homes and programs that share a stream, a subject for each entity."""

from __future__ import annotations

from casita import Plugin
from casita.transport import BrokerKind
from casita_nats._options import SCHEMA
from casita_nats._transport import make_transport

plugin = Plugin("nats", version="0.1.0")
plugin.add_broker(
    BrokerKind(
        schemes=("nats", "tls"),
        make=make_transport,
        schema=SCHEMA,
        description="NATS with JetStream.",
    )
)
