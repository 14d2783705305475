"""What the hub itself adds to a house: inputs, counters, timers, groups, persons, the sun."""

from __future__ import annotations

from casita.helpers._component import KINDS as KINDS
from casita.helpers._component import Helpers as Helpers
from casita.plugin import Plugin

plugin = Plugin("helpers", version="0.1.0")
plugin.component(Helpers)
for _kind in KINDS:
    plugin.add_section(_kind.section, description=(_kind.__doc__ or "").partition("\n")[0])
    for _service in _kind.services:
        plugin.add_service(_service)
plugin.add_section("sun", description="Nothing to set; it is here so that it may be written.")
