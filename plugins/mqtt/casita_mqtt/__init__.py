"""MQTT: devices that announce themselves at a broker, a trigger and ``mqtt.publish``."""

from __future__ import annotations

from casita import Component, Plugin
from casita_mqtt._bridge_options import KIND
from casita_mqtt._broker import Broker
from casita_mqtt._options import OPTIONS, TRIGGER

__all__ = ["make_plugin", "plugin"]


def make_plugin(component: type[Component] | None = None) -> Plugin:
    """Return the plugin. ``component`` takes the place of `Broker`, as in tests."""
    made = Plugin("mqtt", version="0.1.0", config=OPTIONS)
    made.add_trigger("mqtt", TRIGGER)
    made.component(component or Broker)
    made.add_broker(KIND)
    return made


plugin = make_plugin()
