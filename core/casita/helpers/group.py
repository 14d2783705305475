"""Groups: several things under one name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

import voluptuous as vol

from casita.bus import Subscription
from casita.errors import CasitaError, did_you_mean
from casita.events import Event
from casita.helpers._base import NAME_AND_ICON, Helper
from casita.helpers._group_state import group_state, is_tracked
from casita.home import Home
from casita.services import Command, Service
from casita_config.schemas import boolean, entity_ids, slug, string

_SET: Final = "set."


def _members(value: Any) -> list[str]:
    return [] if value is None else entity_ids(value)


def _short_form(value: Any) -> Any:
    """Take a bare list for the members."""
    return value if isinstance(value, dict) else {"entities": value}


class Group(Helper):
    """Things under one name; its state is made of theirs. Commands go to its members."""

    section = "group"
    schema = vol.Schema(
        vol.All(
            _short_form,
            {
                **NAME_AND_ICON,
                vol.Optional("entities", default=list): _members,
                vol.Optional("all", default=False): boolean,
            },
        )
    )

    def __init__(
        self, object_id: str, config: Mapping[str, Any], *, made_by_service: bool = False
    ) -> None:
        super().__init__(object_id, config)
        self.capabilities.pop("editable")
        if made_by_service:
            self.capabilities["auto"] = True
        self.whole = False
        """Whether all members have to be on for the group to be on."""
        self._subscriptions: list[Subscription] = []
        self._take(config)

    @property
    def members(self) -> list[str]:
        """The entity ids of its members."""
        return list(self.capabilities["entity_id"])

    def first(self) -> None:
        self._show(None)

    def begin(self) -> None:
        self._follow()

    def change(self, config: Mapping[str, Any]) -> None:
        """Take other members, another name, icon or mode."""
        self._take(config)
        if config.get("name"):
            self.home.kernel.registry.update_entity(self.entity_id, name=config["name"])
        if config.get("icon"):
            self.capabilities["icon"] = config["icon"]
        self._follow()

    def end(self) -> None:
        for subscription in self._subscriptions:
            subscription.cancel()
        self._subscriptions.clear()

    def _take(self, config: Mapping[str, Any]) -> None:
        self.capabilities["entity_id"] = list(dict.fromkeys(config["entities"]))
        self.whole = bool(config["all"])

    def _follow(self) -> None:
        self.end()
        self._subscriptions = [
            self.home.on(self._seen, type="state.changed", subject=member)
            for member in self.members
            if is_tracked(member)
        ]
        self._show(None)

    def _seen(self, event: Event) -> None:
        self._show(event)

    def _show(self, cause: Event | None) -> None:
        found = [self.home.state(member) for member in self.members if is_tracked(member)]
        known = [state for state in found if state is not None]
        assumed = [bool(state.attributes.get("assumed_state")) for state in known]
        self.observe(
            group_state(self.members, known, whole=self.whole),
            cause=cause,
            assumed_state=True if assumed and (all if self.whole else any)(assumed) else None,
        )


class Groups:
    """The services that make, change and remove groups while the hub runs.

    A group that was made is there again after a restart; a change to one of the
    configuration's lasts until then.
    """

    def __init__(
        self,
        home: Home,
        add: Callable[[Helper], None],
        remove: Callable[[Helper], None],
        find: Callable[[str], Helper | None],
    ) -> None:
        self._home = home
        self._add = add
        self._remove = remove
        self._find = find
        self._made: dict[str, dict[str, Any]] = {}

    def services(self) -> tuple[Service, ...]:
        """Return them, for the gateway."""
        return (
            Service(
                domain="group",
                name="set",
                schema=vol.Schema(
                    {
                        vol.Required("object_id"): slug,
                        vol.Optional("name"): string,
                        vol.Optional("icon"): string,
                        vol.Optional("all"): boolean,
                        vol.Exclusive("entities", "members"): entity_ids,
                        vol.Exclusive("add_entities", "members"): entity_ids,
                        vol.Exclusive("remove_entities", "members"): entity_ids,
                    }
                ),
                handler=self._set,
                description="Make a group, or change its members, name or icon.",
            ),
            Service(
                domain="group",
                name="remove",
                schema=vol.Schema({vol.Required("object_id"): slug}),
                handler=self._delete,
                description="Remove a group that was made with group.set.",
            ),
        )

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Make the groups again that were made before the restart."""
        for key, config in kept.items():
            if key.startswith(f"group.{_SET}"):
                self._make(key.removeprefix(f"group.{_SET}"), config)

    def _set(self, command: Command) -> None:
        data = command.data
        name = data["object_id"]
        group = self._find(f"group.{name}")
        known = group if isinstance(group, Group) else None
        config = {
            "name": data.get("name") or (self._made.get(name, {}).get("name")),
            "icon": data.get("icon") or (self._made.get(name, {}).get("icon")),
            "all": data.get("all", known.whole if known else False),
            "entities": _changed(known.members if known else [], data),
        }
        if known is not None:
            known.change(config)
        else:
            self._make(name, config)
        if name in self._made:
            self._made[name] = config
            self._home.remember(f"group.{_SET}{name}", config)

    def _make(self, name: str, config: dict[str, Any]) -> None:
        self._made[name] = config
        self._add(Group(name, config, made_by_service=True))

    def _delete(self, command: Command) -> None:
        name = command.data["object_id"]
        group = self._find(f"group.{name}")
        if group is None or name not in self._made:
            hint = did_you_mean(name, self._made)
            raise CasitaError(f"group.remove: no group {name!r} was made while running.{hint}")
        del self._made[name]
        self._remove(group)
        self._home.remember(f"group.{_SET}{name}", None)


def _changed(members: Collection[str], data: Mapping[str, Any]) -> list[str]:
    if "entities" in data:
        return list(data["entities"])
    gone = set(data.get("remove_entities", ()))
    return [one for one in (*members, *data.get("add_entities", ())) if one not in gone]
