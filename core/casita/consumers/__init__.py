"""Whoever reads the log at its own pace: how far each is, and what it could not deal with."""

from casita.consumers._batches import BatchHandler
from casita.consumers._consumer import Consumer, ConsumerState, ConsumerStatus
from casita.consumers._consumers import Consumers, Follower
from casita.consumers._delivery import Handler, Retries
from casita.consumers._shelf import DeadLetter, Shelf

__all__ = [
    "BatchHandler",
    "Consumer",
    "ConsumerState",
    "ConsumerStatus",
    "Consumers",
    "DeadLetter",
    "Follower",
    "Handler",
    "Retries",
    "Shelf",
]
