"""Kafka: homes and programs that share topics, the subject as the key."""

from __future__ import annotations

from casita import Plugin
from casita.transport import BrokerKind
from casita_kafka._options import SCHEMA
from casita_kafka._transport import make_transport

plugin = Plugin("kafka", version="0.1.0")
plugin.add_broker(
    BrokerKind(
        schemes=("kafka", "kafka+tls"),
        make=make_transport,
        schema=SCHEMA,
        description="Kafka, and what speaks its protocol.",
    )
)
