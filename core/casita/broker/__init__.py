"""Other homes and other programs, through a broker: what goes out, and what comes in."""

from __future__ import annotations

from casita.broker._bridge import BrokerStatus as BrokerStatus
from casita.broker._bridge import LinkState as LinkState
from casita.broker._component import SECTION as SECTION
from casita.broker._component import Brokers as Brokers
from casita.broker._memory import KIND as KIND
from casita.broker._memory import MemoryBroker as MemoryBroker
from casita.broker._memory import memory_broker as memory_broker
from casita.plugin import Plugin
from casita.workers import SECTION as WORKER

plugin = Plugin("brokers", version="0.1.0")
plugin.component(Brokers)
plugin.add_section(SECTION, description="Brokers that carry events between homes and programs.")
plugin.add_section(
    WORKER.key, WORKER.schema, description="How `casita worker` takes part in its group."
)
plugin.add_broker(KIND)
