"""The log: every event of the house, in order, durable, with small documents beside it."""

from casita.log._backup import Manifest, Restored, backup, restore
from casita.log._base import EventLog, Notice, Page
from casita.log._check import Report
from casita.log._codec import RawEvent
from casita.log._finding import repair_folder
from casita.log._log import Log
from casita.log._memory import MemoryLog
from casita.log._reader import LogReader
from casita.log._repair import Repair

__all__ = [
    "EventLog",
    "Log",
    "LogReader",
    "Manifest",
    "MemoryLog",
    "Notice",
    "Page",
    "RawEvent",
    "Repair",
    "Report",
    "Restored",
    "backup",
    "repair_folder",
    "restore",
]
