"""Brings a house over from Home Assistant: its folder is read, one of Casita's is written."""

from casita.importing.home_assistant import ImportFailed, import_home_assistant
from casita.importing.report import Fate, Part, Report

__all__ = ["Fate", "ImportFailed", "Part", "Report", "import_home_assistant"]
