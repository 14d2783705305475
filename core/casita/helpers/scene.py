"""Scenes: states that were written down, and are brought about together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

import voluptuous as vol

from casita.domains.fields import seconds
from casita.errors import CasitaError, did_you_mean
from casita.events import Event
from casita.helpers._base import Helper, item_schema
from casita.helpers._reproduce import Wanted, calls_for
from casita.home import Home
from casita.ids import domain_of, slugify
from casita.model import Target
from casita.services import Call, Command, Outcome, Service, Status
from casita_config.schemas import entity_id, entity_ids, slug, string

_PREFIX: Final = "created."


def _state_of(value: Any) -> dict[str, Any]:
    """Return a state with its attributes under ``state``, however it was written."""
    if isinstance(value, Mapping):
        if "state" not in value:
            raise vol.Invalid("the key 'state' is missing; add it")
        return {**value, "state": _text_of(value["state"])}
    return {"state": _text_of(value)}


def _text_of(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return string(value)


STATES: Final = vol.Schema({entity_id: _state_of})
"""Schema of the states of a scene, by entity id."""


class Scene(Helper):
    """States to bring about; its own state is when it was last turned on."""

    section = "scene"
    schema = item_schema(
        {
            vol.Required("name"): string,
            vol.Required("entities"): STATES,
            vol.Optional("id"): string,
            vol.Optional("metadata"): dict,
        }
    )

    def __init__(self, object_id: str, config: Mapping[str, Any]) -> None:
        own_id = {"id": config["id"]} if "id" in config else {}
        super().__init__(object_id, config, capabilities=own_id)
        self.unique_id = f"scene.{config.get('id', object_id)}"
        self._wanted: list[Wanted] = []
        self.take(config["entities"])

    def take(self, entities: Mapping[str, Mapping[str, Any]]) -> None:
        """Stand for other states from now on."""
        self._wanted = wanted_of(entities)
        self.capabilities["entity_id"] = list(entities)
        self.observe()

    def command(self, command: Command) -> Awaitable[Outcome]:  # type: ignore[override]  # waits
        transition_s = command.data.get("transition")
        outcome = apply(self.home, self._wanted, transition_s, command.event)
        self.observe(command.event.time.isoformat(), cause=command.event)
        return outcome


class Scenes:
    """The services that apply, make and remove scenes while the hub runs.

    A scene that was made is there again after a restart.
    """

    def __init__(
        self, home: Home, add: Callable[[Helper], None], remove: Callable[[Helper], None]
    ) -> None:
        self._home = home
        self._add = add
        self._remove = remove
        self._made: dict[str, Scene] = {}

    def services(self) -> tuple[Service, ...]:
        """Return them, for the gateway."""
        return (
            Service(
                domain="scene",
                name="apply",
                schema=vol.Schema(
                    {vol.Required("entities"): STATES, vol.Optional("transition"): seconds}
                ),
                handler=self._apply,
                description="Bring about states without making a scene of them.",
            ),
            Service(
                domain="scene",
                name="create",
                schema=vol.Schema(
                    {
                        vol.Required("scene_id"): slug,
                        vol.Optional("entities", default=dict): STATES,
                        vol.Optional("snapshot_entities", default=list): entity_ids,
                    }
                ),
                handler=self._create,
                description="Make a scene, of given states or of how things are now.",
            ),
            Service(
                domain="scene",
                name="delete",
                schema=vol.Schema({vol.Required("entity_id"): entity_ids}),
                handler=self._delete,
                description="Remove scenes that were made with scene.create.",
            ),
        )

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Make the scenes again that were made before the restart."""
        for key, entities in kept.items():
            if key.startswith(f"scene.{_PREFIX}"):
                self._make(key.removeprefix(f"scene.{_PREFIX}"), entities)

    def _apply(self, command: Command) -> Awaitable[Outcome]:
        wanted = wanted_of(command.data["entities"])
        return apply(self._home, wanted, command.data.get("transition"), command.event)

    def _create(self, command: Command) -> None:
        entities = dict(command.data["entities"])
        for one in command.data["snapshot_entities"]:
            state = self._home.kernel.states.require(one)
            entities[one] = {**state.attributes, "state": state.state}
        if not entities:
            raise CasitaError("scene.create: give entities, snapshot_entities, or both")
        name = command.data["scene_id"]
        if self._home.state(f"scene.{name}") is not None and name not in self._made:
            raise CasitaError(
                f"scene.create: scene.{name} stands in the configuration; choose another scene_id"
            )
        self._make(name, entities)
        self._home.remember(f"scene.{_PREFIX}{name}", entities)

    def _make(self, name: str, entities: Mapping[str, Any]) -> None:
        known = self._made.get(name)
        if known is not None:
            known.take(entities)
            return
        scene = Scene(name, {"name": name.replace("_", " "), "entities": entities})
        self._made[name] = scene
        self._add(scene)

    def _delete(self, command: Command) -> None:
        for one in command.data["entity_id"]:
            name = one.partition(".")[2]
            scene = self._made.pop(name, None)
            if scene is None:
                hint = did_you_mean(name, self._made)
                raise CasitaError(f"scene.delete: no scene {one} was made while running.{hint}")
            self._remove(scene)
            self._home.remember(f"scene.{_PREFIX}{name}", None)


def wanted_of(entities: Mapping[str, Mapping[str, Any]]) -> list[Wanted]:
    """Return the states that a checked mapping tells."""
    return [
        Wanted(one, state["state"], {key: value for key, value in state.items() if key != "state"})
        for one, state in entities.items()
    ]


def apply(
    home: Home, wanted: Iterable[Wanted], transition_s: float | None, cause: Event
) -> Awaitable[Outcome]:
    """Send what brings about states, all at once; await how it went.

    What cannot be brought about is told in the outcome, and keeps nothing else from it.
    """
    calls: list[Call] = []
    faults: list[str] = []
    for one in wanted:
        try:
            for service, data in _calls(home, one, transition_s):
                target = Target(entity_id=[one.entity_id])
                calls.append(
                    home.kernel.commands.call(
                        service, data, target, source=home.instance, cause=cause
                    )
                )
        except LookupError:
            faults.append(f"a {domain_of(one.entity_id)} cannot be brought into a state")
        except CasitaError as err:
            faults.append(str(err))
    return _outcome(calls, faults)


def _calls(
    home: Home, wanted: Wanted, transition_s: float | None
) -> list[tuple[str, dict[str, Any]]]:
    return calls_for(wanted, home.kernel.states.require(wanted.entity_id), transition_s)


async def _outcome(calls: list[Call], faults: list[str]) -> Outcome:
    await asyncio.gather(*(call.finished() for call in calls))
    for call in calls:
        for subject, outcome in call.outcomes.items():
            if outcome.status is not Status.DONE:
                faults.append(f"{call.service} {subject}: {outcome.message or outcome.status}")
    if faults:
        return Outcome(status=Status.FAILED, message="; ".join(faults))
    return Outcome(status=Status.DONE)


def object_id_of(config: Mapping[str, Any]) -> str:
    """Return the object id of a scene: by its name."""
    return slugify(str(config["name"]))
