"""Amazon SQS: a FIFO queue for each home, the subject as the message group."""

from __future__ import annotations

from casita import Plugin
from casita.transport import BrokerKind
from casita_sqs._options import SCHEMA
from casita_sqs._transport import make_transport

plugin = Plugin("sqs", version="0.1.0")
plugin.add_broker(
    BrokerKind(
        schemes=("sqs",),
        make=make_transport,
        schema=SCHEMA,
        fans_out=False,
        description="Amazon SQS, and what speaks its protocol.",
    )
)
