"""Runs the plugins: finds them, starts and stops them, and keeps each from harming the others."""

from casita.host._host import Host as Host
from casita.host._ledger import InstanceStatus as InstanceStatus
from casita.host._ledger import PluginStatus as PluginStatus
from casita.host._ledger import State as State
