"""The log: every event of the house, in order, durable, with small documents beside it."""

from casita.log._base import EventLog, Page
from casita.log._log import Log
from casita.log._memory import MemoryLog
from casita.log._reader import LogReader, Report

__all__ = ["EventLog", "Log", "LogReader", "MemoryLog", "Page", "Report"]
