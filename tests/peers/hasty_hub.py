"""``casita`` with a log that says "stored" before it is: a proof of durability has to notice."""

from __future__ import annotations

import time
from typing import Any

from casita.cli import main
from casita.log import EventLog, _writer

_STORING_S = 0.05


async def _at_once(self: EventLog, event: Any) -> None:
    """Say that an event is durable, whatever it is."""


def _be_hasty() -> None:
    store = _writer.WriterThread._store

    def store_late(self: _writer.WriterThread, group: list[Any]) -> None:
        time.sleep(_STORING_S)
        store(self, group)

    EventLog.stored = _at_once  # type: ignore[method-assign]  # the fault
    _writer.WriterThread._store = store_late  # type: ignore[method-assign]  # and a slow disk


if __name__ == "__main__":
    _be_hasty()
    main()
