"""Twenty-five ways in which automations set each other off without end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from casita.events import Event
from casita.plugin import Component, Plugin
from casita.testing import House

Item = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """A loop, and what sets it going."""

    name: str
    automations: list[Item]
    begin: Callable[[House], object]
    sections: dict[str, Any] = field(default_factory=dict)
    plugins: tuple[Callable[[], Plugin], ...] = ()
    names: tuple[str, ...] = ()
    """Names under ``plugins:``."""


def becomes(entity_id: str | list[str], to: str | list[str] | None = None) -> Item:
    trigger: Item = {"trigger": "state", "entity_id": entity_id}
    return trigger if to is None else {**trigger, "to": to}


def hears(name: str) -> Item:
    return {"trigger": "event", "event_type": name}


def call(service: str, entity_id: str, **data: Any) -> Item:
    return {"action": service, "target": {"entity_id": entity_id}, "data": data}


def tell(name: str) -> Item:
    return {"event": name}


def when(trigger: Item | list[Item], *actions: Item, **more: Any) -> Item:
    return {"triggers": trigger, "actions": [*actions], **more}


def fires(name: str) -> Callable[[House], object]:
    return lambda house: house.fires(name)


def flips(entity_id: str) -> Callable[[House], object]:
    def flip(house: House) -> object:
        known = house.state(entity_id)
        return house.sees(entity_id, "off" if known and known.state == "on" else "on")

    return flip


def sets(*values: float) -> Callable[[House], object]:
    def set_(house: House) -> None:
        for value in values:
            house.calls("input_number.set_value", "input_number.n", value=value)

    return set_


def calls(service: str, entity_id: str) -> Callable[[House], object]:
    return lambda house: house.calls(service, entity_id)


def ring(length: int) -> list[Item]:
    return [when(hears(f"e{n}"), tell(f"e{(n + 1) % length}")) for n in range(length)]


def ring_of_states(length: int) -> list[Item]:
    return [
        when(becomes(f"input_boolean.b{n}"), call("input_boolean.toggle",
             f"input_boolean.b{(n + 1) % length}"))
        for n in range(length)
    ]  # fmt: skip


def on_off(entity_id: str) -> list[Item]:
    domain = entity_id.partition(".")[0]
    return [
        when(becomes(entity_id, "on"), call(f"{domain}.turn_off", entity_id)),
        when(becomes(entity_id, "off"), call(f"{domain}.turn_on", entity_id)),
    ]


def echoing() -> Plugin:
    """A plugin that answers an event with another, and names no cause."""
    plugin = Plugin("echo", version="1.0")

    @plugin.component
    class Echo(Component):
        async def start(self) -> None:
            self.home.on(self._heard, type="ping")

        def _heard(self, _event: Event) -> None:
            self.home.emit("pong", "echo")

    return plugin


def mirroring() -> Plugin:
    """A plugin that calls a service when a lamp changes, and names no cause."""
    plugin = Plugin("mirror", version="1.0")

    @plugin.component
    class Mirror(Component):
        async def start(self) -> None:
            self.home.on(self._changed, type="state.changed", subject="input_boolean.b0")

        def _changed(self, _event: Event) -> None:
            self.home.call("input_boolean.toggle", "input_boolean.b1")

    return plugin


FLAGS: Final = {"input_boolean": {f"b{n}": None for n in range(10)}}
B0, B1 = "input_boolean.b0", "input_boolean.b1"
SHORTLY: Final[Item] = {"delay": {"milliseconds": 1}}
TEMPLATE_ON = {"trigger": "template", "value_template": "{{ is_state('input_boolean.b0', 'on') }}"}
TEMPLATE_OFF = {
    "trigger": "template",
    "value_template": "{{ is_state('input_boolean.b0', 'off') }}",
}

SHAPES: Final = (
    Shape("self by an event", [when(hears("go"), tell("go"))], fires("go")),
    Shape("self by an event, in parallel", [when(hears("go"), tell("go"), mode="parallel")],
          fires("go")),
    Shape("self by an event, queued", [when(hears("go"), tell("go"), mode="queued")], fires("go")),
    Shape("self by an event, restarting", [when(hears("go"), tell("go"), mode="restart")],
          fires("go")),
    Shape("self by a toggle", [when(becomes(B0), call("input_boolean.toggle", B0), mode="queued")],
          calls("input_boolean.toggle", B0), FLAGS),
    Shape("self by a number", [when(becomes("counter.c"), call("counter.increment", "counter.c"),
          mode="parallel")], calls("counter.increment", "counter.c"), {"counter": {"c": None}}),
    Shape("self by being triggered", [when(hears("go"), call("automation.trigger",
          "automation.again"), alias="again", mode="parallel")], fires("go")),
    Shape("a pair by a lamp", on_off("light.hall"), flips("light.hall")),
    Shape("a pair by a helper", on_off(B0), calls("input_boolean.toggle", B0), FLAGS),
    Shape("a pair by events", ring(2), fires("e0")),
    Shape("a ring of three", ring(3), fires("e0")),
    Shape("a ring of ten by events", ring(10), fires("e0")),
    Shape("a ring of ten by states", ring_of_states(10), calls("input_boolean.toggle", B0), FLAGS),
    Shape("by a script", [when(becomes(B0), {"action": "script.flip"}, mode="queued")],
          calls("input_boolean.toggle", B0),
          {**FLAGS, "script": {"flip": {"sequence": [call("input_boolean.toggle", B0)]}}}),
    Shape("by a script of a script", [when(hears("go"), {"action": "script.one"}, mode="parallel")],
          fires("go"), {"script": {
              "one": {"sequence": [{"action": "script.two"}], "mode": "parallel"},
              "two": {"sequence": [tell("go")], "mode": "parallel"}}}),
    Shape("by templates", [when(TEMPLATE_ON, SHORTLY, call("input_boolean.turn_off", B0)),
          when(TEMPLATE_OFF, SHORTLY, call("input_boolean.turn_on", B0))],
          calls("input_boolean.toggle", B0), FLAGS),
    Shape("by numbers between limits", [
          when({"trigger": "numeric_state", "entity_id": "input_number.n", "above": 5},
               call("input_number.set_value", "input_number.n", value=1)),
          when({"trigger": "numeric_state", "entity_id": "input_number.n", "below": 5},
               call("input_number.set_value", "input_number.n", value=9))],
          sets(1, 9),
          {"input_number": {"n": {"min": 0, "max": 10}}}),
    Shape("by a group", [when(becomes("group.g", "on"), call("input_boolean.turn_off", B0)),
          when(becomes("group.g", "off"), call("input_boolean.turn_on", B0))],
          calls("input_boolean.toggle", B0), {**FLAGS, "group": {"g": {"entities": [B0]}}}),
    Shape("by scenes", [when(becomes(B0, "on"), {"scene": "scene.dark"}),
          when(becomes(B0, "off"), {"scene": "scene.lit"})],
          calls("input_boolean.toggle", B0), {**FLAGS, "scene": [
              {"name": "dark", "entities": {B0: "off"}}, {"name": "lit", "entities": {B0: "on"}}]}),
    Shape("by a choice", [when(becomes(B0), {"choose": [
              {"conditions": {"condition": "state", "entity_id": B0, "state": "on"},
               "sequence": [call("input_boolean.turn_off", B0)]}],
              "default": [call("input_boolean.turn_on", B0)]}, mode="queued")],
          calls("input_boolean.toggle", B0), FLAGS),
    Shape("by a wait", [when(hears("go"), tell("ask"), {"wait_for_trigger": [hears("answer")],
          "timeout": "00:00:01"}, tell("go"), mode="parallel"),
          when(hears("ask"), {"delay": {"milliseconds": 1}}, tell("answer"), mode="parallel")],
          fires("go")),
    Shape("by a plugin that tells", [when(hears("pong"), tell("ping"))], fires("ping"),
          plugins=(echoing,), names=("echo",)),
    Shape("by a plugin that acts", [when(becomes(B1), call("input_boolean.toggle", B0))],
          calls("input_boolean.toggle", B0), FLAGS, plugins=(mirroring,), names=("mirror",)),
    Shape("a storm of toggles", [
          when(becomes([B0, B1]), call("input_boolean.toggle", B0), mode="parallel"),
          when(becomes([B0, B1]), call("input_boolean.toggle", B1), mode="parallel"),
          when(becomes([B0, B1]), call("input_boolean.toggle", "input_boolean.b2"),
               mode="parallel")], calls("input_boolean.toggle", B0), FLAGS),
    Shape("a storm of events", [when(hears("go"), tell("go"), alias=f"s{n}", mode="parallel")
          for n in range(3)], fires("go")),
)  # fmt: skip
