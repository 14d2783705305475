"""Runs the plugins: finds them, starts and stops them, and keeps each from harming the others."""

from casita.host._declarations import declarations
from casita.host._host import Host
from casita.host._ledger import InstanceStatus, PluginStatus, State
from casita.host._loader import own as own_plugins
from casita.host._tools import tool

__all__ = ["Host", "InstanceStatus", "PluginStatus", "State", "declarations", "own_plugins", "tool"]
