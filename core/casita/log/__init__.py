"""The log: every event of the house, in order, durable, with small documents beside it."""

from casita.log._base import EventLog, Notice, Page
from casita.log._check import Report
from casita.log._log import Log
from casita.log._memory import MemoryLog
from casita.log._reader import LogReader

__all__ = ["EventLog", "Log", "LogReader", "MemoryLog", "Notice", "Page", "Report"]
