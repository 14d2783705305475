"""The automation engine of Casita: reads automations as people write them, and runs them."""

from casita.plugin import Plugin
from casita_automations.component import Automations
from casita_automations.loading import SECTIONS

plugin = Plugin("automations", version="0.1.0")
plugin.component(Automations)
plugin.add_tool("backtest", "casita_automations.backtest.tool:run")
plugin.add_tool("test", "casita_automations.testing.tool:run")
for _section in (*SECTIONS, "script"):
    plugin.add_section(_section)
