"""The trigger ``mqtt``: a message on a topic starts an automation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from casita import Event, Home
from casita.vocabulary import Cancel, Fire
from casita_mqtt._connection import Connection
from casita_mqtt._message import NO_JSON, Message
from casita_mqtt._templates import Sandbox, Template

_LOGGED_CHARS: Final = 10_000
"""How much of a payload stands in the log."""


class MqttTrigger:
    """One armed trigger, with Home Assistant's variables.

    A message that the broker had kept fires it, as in Home Assistant; after a reconnect only if
    it is not the one that came last.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        fire: Fire,
        *,
        home: Home,
        connection: Connection,
        sandbox: Sandbox,
    ) -> None:
        """``config`` has passed the trigger's schema. Raises `TemplateProblem`."""
        self._fire = fire
        self._home = home
        self._connection = connection
        self._encoding: str = config["encoding"]
        template = config.get("value_template")
        self._template = None if template is None else Template(template, sandbox)
        payload = config.get("payload")
        self._payload = None if payload is None else Template(payload, sandbox).of({})
        topic = Template(config["topic"], sandbox).of({})
        self._subscription = connection.subscribe(
            topic, self._hear, qos=config["qos"], owner=f"trigger on {topic}"
        )

    @property
    def cancel(self) -> Cancel:
        """What disarms it."""
        return self._subscription.cancel

    def _hear(self, message: Message) -> None:
        text = message.text(self._encoding or "latin-1")
        value = self._template.of_message(message, text) if self._template else text
        if self._payload is None or value == self._payload:
            self._fire(_variables(message, text), self._logged(message, text))

    def _logged(self, message: Message, text: str) -> Event:
        """Return the event that a message is in the log; written once, however many it concerns."""
        if message.event is None:
            data = {
                "topic": message.topic,
                "payload": text[:_LOGGED_CHARS],
                "qos": message.qos,
                "retain": message.retain,
            }
            cause = self._connection.cause_of(message)
            message.event = self._home.emit("mqtt.message", message.topic, data, cause=cause)
        return message.event


def _variables(message: Message, text: str) -> dict[str, Any]:
    variables = {
        "platform": "mqtt",
        "topic": message.topic,
        "payload": text,
        "qos": message.qos,
        "retain": message.retain,
        "description": f"mqtt topic {message.topic}",
    }
    value = message.json()
    return variables if value is NO_JSON else {**variables, "payload_json": value}
