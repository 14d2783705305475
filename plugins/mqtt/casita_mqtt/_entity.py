"""What all entities of MQTT devices have in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Final, Generic, NamedTuple, TypeVar

from casita import (
    SAME,
    Cause,
    Command,
    CommandFailed,
    Entity,
    Event,
    Home,
    Outcome,
    StateChanged,
    Status,
)
from casita.clock import Alarm
from casita.entities import text_of
from casita.states import UNAVAILABLE
from casita_mqtt._availability import Availability
from casita_mqtt._configs import BadAnnouncement, EntityConfig
from casita_mqtt._connection import Connection
from casita_mqtt._message import NO_JSON, Message, encoded, json_of
from casita_mqtt._templates import Sandbox, Template, TemplateProblem
from casita_mqtt._topics import Subscription
from casita_mqtt._transport import NoAnswer

NONE: Final = "None"
"""The payload by which a device says that it does not know."""
_COMPLAINTS: Final = 5
"""How many different troubles of one entity are told in the log."""
_NOT_ATTRIBUTES: Final = frozenset(
    (
        "assumed_state",
        "available",
        "device_class",
        "device_info",
        "entity_category",
        "entity_picture",
        "friendly_name",
        "icon",
        "name",
        "state",
        "supported_features",
        "unique_id",
        "unit_of_measurement",
    )
)
"""What ``json_attributes_topic`` may not set, because it says what the entity is."""

Hear = Callable[[str], None]
Act = Callable[[Command], Awaitable[None]]
ConfigT = TypeVar("ConfigT", bound=EntityConfig)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What an entity needs of its surroundings."""

    home: Home
    connection: Connection
    sandbox: Sandbox


class _Route(NamedTuple):
    """Who hears what comes on a topic."""

    template: Template | None
    hear: Hear
    kept_too: bool
    empty_too: bool


class MqttEntity(Entity, Generic[ConfigT]):
    """An entity that a device has announced.

    Subclasses say in their constructor what they listen to (`listen`) and what they can do
    (`can`); what they hear they write into ``state`` and ``readings`` (`put`, `note`). Once all
    handlers of a message have run, `express` is called and the state reported as a whole.
    """

    config_type: ClassVar[type[EntityConfig]]
    in_domain: ClassVar[str]
    default_name: ClassVar[str]

    def __init__(self, config: ConfigT, context: Context, key: str) -> None:
        """``key`` tells the announcement from all others, for an entity without ``unique_id``.

        Raises `BadAnnouncement` if the config cannot be used.
        """
        super().__init__(
            self.in_domain,
            f"{self.in_domain} {config.unique_id or key}",
            config.shown_name(self.default_name),
            object_id=config.wished_id,
            device_class=config.device_class,
            icon=config.icon,
            on_command=self.command,
        )
        self.config = config
        self.on_verdict: Callable[[MqttEntity[Any]], None] | None = None
        """Called when `verdict` has changed."""
        self.device = config.device.info() if config.device is not None else None
        self._home = context.home
        self._connection = context.connection
        self._sandbox = context.sandbox
        self._availability = Availability(config.availabilities(), config.availability_mode)
        self._routes: dict[str, list[_Route]] = {}
        self._actions: dict[str, Act] = {}
        self._subscriptions: list[Subscription] = []
        self._attributes: frozenset[str] = frozenset()
        self._complaints: set[str] = set()
        self._cause: Event | None = None
        self._expires_s: float | None = None
        self._expired = False
        self._expiry: Alarm | None = None
        self._alarm: Alarm | None = None
        self.declare(entity_picture=config.entity_picture)
        for index, topic in enumerate(self._availability.topics):
            self.listen(topic.topic, topic.value_template, partial(self._hear_available, index))
        self.listen(
            config.json_attributes_topic, config.json_attributes_template, self._hear_attributes
        )

    # For subclasses

    def listen(
        self,
        topic: str | None,
        template: str | None,
        hear: Hear,
        *,
        kept_too: bool = True,
        empty_too: bool = False,
    ) -> None:
        """Call ``hear`` with what comes on a topic, after its template; None: nothing to hear.

        ``hear`` raises `ValueError` for what it cannot use. ``kept_too``: also what the broker
        had kept from before. ``empty_too``: also texts that are empty after the template.
        """
        if topic is not None:
            route = _Route(self.template(template), hear, kept_too, empty_too)
            self._routes.setdefault(topic, []).append(route)

    def template(self, source: str | None) -> Template | None:
        """Compile a template. Raises `BadAnnouncement` if it is not valid."""
        if source is None:
            return None
        try:
            return Template(source, self._sandbox, self._facts)
        except TemplateProblem as err:
            raise BadAnnouncement(str(err)) from err

    def can(self, action: str, act: Act) -> None:
        """Say how a service, named without its domain, is carried out."""
        self._actions[action] = act

    def put(self, value: str | bool | int | float | None) -> None:
        """Take down the state, without reporting it yet."""
        self.state = text_of(value)

    def note(self, **readings: Any) -> None:
        """Take down attributes, without reporting them yet; None takes one away."""
        for key, reading in readings.items():
            if reading is None:
                self.readings.pop(key, None)
            else:
                self.readings[key] = reading

    def assumes(self, state_topic: str | None) -> bool:
        """Return whether a state is assumed because nothing tells it, or the device says so."""
        return bool(self.config.optimistic) or state_topic is None

    def declare(self, **capabilities: Any) -> None:
        """Say what the entity is and can do, in attributes; None says nothing."""
        for key, one in capabilities.items():
            if one is not None:
                self.capabilities[key] = list(one) if isinstance(one, tuple) else one

    def express(self) -> None:
        """Write what was heard into ``state`` and ``readings``, once for each message."""

    def remember(self) -> None:
        """Take over what the house knew from before, out of ``state`` and ``readings``."""

    def assumed(self, command: Command) -> None:
        """Report what a command has brought about, because no device will."""
        self.express()
        self.observe(cause=command.event)

    async def send(
        self, topic: str, value: Any, template: Template | None = None, **variables: Any
    ) -> None:
        """Publish a value, after its template, with the config's quality of service.

        Raises `CommandFailed` if it was not sent, `NoAnswer` if nobody acknowledged it.
        """
        text = template.of({"value": value, **variables}) if template else str(value)
        await self._connection.publish(
            topic,
            encoded(text, self.config.encoding),
            qos=self.config.qos,
            retain=self.config.retain,
            cause=self._cause,
        )

    async def send_if(
        self,
        command: Command,
        topic: str | None,
        value: Any,
        template: Template | None = None,
        **variables: Any,
    ) -> None:
        """Publish as `send` does, or raise `CommandFailed` where topic or value is None."""
        if topic is None or value is None:
            raise self._incapable(command)
        await self.send(topic, value, template, **variables)

    def expires_after(self, seconds: float | None) -> None:
        """Be unavailable whenever no `refresh` has come for so long; None: never."""
        self._expires_s = seconds
        self._expired = seconds is not None

    def refresh(self) -> None:
        """Take note that a state has come, for `expires_after`."""
        if self._expires_s is None:
            return
        self._cancel(self._expiry)
        self._expired = False
        self._expiry = self._home.clock.call_later(self._expires_s, self._expire)

    def after(self, seconds: float | None, callback: Callable[[], None]) -> None:
        """Call back later, unless the entity goes; in place of what was asked for before."""
        self._cancel(self._alarm)
        self._alarm = self._home.clock.call_later(seconds, callback) if seconds else None

    # For the broker

    def open(self) -> None:
        """Begin to listen; the entity has its place in the house."""
        if self._shown:
            self.remember()
            self.refresh()
        for topic, routes in self._routes.items():
            self._subscriptions.append(
                self._connection.subscribe(
                    topic,
                    partial(self._hear, routes),
                    qos=self.config.qos,
                    owner=self.entity_id,
                )
            )

    def close(self) -> None:
        """Stop listening, and leave the house's entity as it is."""
        self._fall_silent()
        self.unbind()

    def forsake(self) -> None:
        """Stop listening, and be out of reach: its device does not announce it any more."""
        self._fall_silent()
        self._actions.clear()
        self._expire()

    def decide(self) -> None:
        """Take silence about the device's availability for an answer, once it was long enough."""
        if self.verdict is None and self.available:
            self.unavailable()

    async def command(self, command: Command) -> Outcome | None:
        """Carry out a command of the gateway."""
        act = self._actions.get(command.action)
        if act is None:
            raise self._incapable(command)
        self._cause = command.event
        try:
            await act(command)
        except NoAnswer as err:
            return Outcome(status=Status.UNCERTAIN, message=str(err))
        except TemplateProblem as err:
            raise CommandFailed(f"{self.entity_id}: not sent: {err}") from err
        return None

    @property
    def verdict(self) -> bool | None:
        """Whether its device can be reached, as it says; None as long as it has not said."""
        return self._availability.verdict

    # Reporting

    def observe(
        self, value: Any = SAME, *, cause: Cause | Event | None = None, **readings: Any
    ) -> StateChanged | None:
        """Report what was taken down, as far as the device can be reached."""
        if not self._held:
            return super().observe(value, cause=cause, **readings)
        if value is not SAME:
            self.put(value)
        self.note(**readings)
        if self._undecided and self._shown:
            return None
        return self.unavailable(cause=cause)

    def reachable(self, *, cause: Cause | Event | None = None) -> StateChanged | None:
        """Report that the broker is back; the device itself may still be away."""
        return None if self._held else super().reachable(cause=cause)

    @property
    def _held(self) -> bool:
        return self._connection.recovering or self._expired or self.verdict is not True

    @property
    def _undecided(self) -> bool:
        return self.verdict is None and not self._connection.recovering

    @property
    def _shown(self) -> bool:
        """Whether the house has a value of it, as from before a restart."""
        state = self._home.state(self.entity_id)
        return state is not None and state.state != UNAVAILABLE

    # Hearing

    def _hear(self, routes: Sequence[_Route], message: Message) -> None:
        try:
            text = message.text(self.config.encoding or "latin-1")
        except (ValueError, LookupError) as err:
            self._complain(f"{message.topic}: not in {self.config.encoding}: {err}")
            return
        for route in routes:
            if message.retain and not route.kept_too:
                continue
            try:
                said = route.template.of_message(message, text) if route.template else text
                if said or route.empty_too:
                    route.hear(said)
            except ValueError as err:
                self._complain(f"{message.topic}: {err}")
        self.express()
        self.observe()

    def _hear_available(self, index: int, text: str) -> None:
        before = self.verdict
        self._availability.hear(index, text)
        if self.on_verdict is not None and self.verdict is not before:
            self.on_verdict(self)

    def _hear_attributes(self, text: str) -> None:
        value = json_of(text)
        if not isinstance(value, Mapping):
            what = "not JSON" if value is NO_JSON else "no JSON object"
            raise ValueError(f"attributes: {what}")
        taken = {key: one for key, one in value.items() if key not in _NOT_ATTRIBUTES}
        for key in self._attributes - taken.keys():
            self.readings.pop(key, None)
        self.readings.update(taken)
        self._attributes = frozenset(taken)

    def _incapable(self, command: Command) -> CommandFailed:
        return CommandFailed(f"{self.entity_id}: its device has no way to {command.action}")

    @staticmethod
    def _cancel(alarm: Alarm | None) -> None:
        if alarm is not None:
            alarm.cancel()

    def _fall_silent(self) -> None:
        for subscription in self._subscriptions:
            subscription.cancel()
        self._subscriptions.clear()
        self._cancel(self._expiry)
        self._cancel(self._alarm)

    def _expire(self) -> None:
        self._expired = True
        self.unavailable()

    def _complain(self, trouble: str) -> None:
        if len(self._complaints) < _COMPLAINTS and trouble not in self._complaints:
            self._complaints.add(trouble)
            self._home.logger.warning("%s: %s", self.entity_id or self.unique_id, trouble)

    def _facts(self) -> Mapping[str, Any]:
        return {
            "this": self._home.state(self.entity_id) if self.entity_id else None,
            "entity_id": self.entity_id,
            "name": self.name,
        }
