"""The engine as the crew of a worker: takes up and lets go of what falls to it, or not any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from casita.workers import Group
from casita_automations.automation import Automation
from casita_automations.owner import Owner
from casita_automations.resuming import Keeper


class Sharing:
    """Runs the automations that fall to this worker."""

    def __init__(self, group: Group, owners: Mapping[str, Owner], keeper: Keeper) -> None:
        self._group = group
        self._owners = owners
        self._keeper = keeper
        self._mine: set[str] = set()

    def keys(self) -> Sequence[str]:
        """Return the ids of all automations and scripts, also of those gone that left runs."""
        return [*dict.fromkeys([*self._owners, *(row.key for row in self._group.rows().values())])]

    def recall(self) -> None:
        """Take up the firings that no worker had dealt with when this one ended."""
        for firing, document in self._group.firings_left().items():
            owner = self._owners.get(document["owner"])
            if isinstance(owner, Automation) and document["index"] < len(owner.triggers):
                owner.fire_again(self._group, firing, document)
            else:
                self._group.forget_firing(firing)

    def review(self) -> None:
        """Take up what may be done here now, let go of what may not."""
        for key in self.keys():
            if key not in self._mine and self._group.may_take_up(key):
                self._mine.add(key)
                self._keeper.take_up(key)
                self._group.take_held(key)
            elif key in self._mine and not self._group.may_act(key):
                self._mine.discard(key)
                for owner in list(self._owners.values()):
                    owner.let_go(key)

    def is_busy(self, key: str) -> bool:
        """Say whether a run of a key awaits the answer to a command."""
        return any(
            strand.wait is not None and strand.wait.kind == "call"
            for owner in self._owners.values()
            for run in owner.runs.values()
            if run.share == key
            for strand in run.strands.values()
        )
