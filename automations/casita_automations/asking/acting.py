"""Cancels, postpones and runs now what is pending."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from casita.asking import Doing, Upcoming
from casita.errors import CasitaError, InvalidCommand
from casita.events import Event
from casita.model import Target
from casita.timers import Timer
from casita_automations.asking.upcoming import entity_of, everything
from casita_automations.automation import SKIPS, Automation
from casita_automations.keeping import HOLDS
from casita_automations.owner import SOURCE, Owner, Queued
from casita_automations.parts import Parts
from casita_automations.running import Result, Run, Strand, Wait
from casita_automations.values import from_document, to_document

_EVENTS: Final = {
    Doing.CANCEL: "pending.cancelled",
    Doing.POSTPONE: "pending.postponed",
    Doing.RUN: "pending.hastened",
}


class Acting:
    """What a person can do with what is pending."""

    def __init__(
        self,
        parts: Parts,
        owners: Mapping[str, Owner],
        holds: MutableMapping[str, Any],
        store: Callable[[Run], None],
    ) -> None:
        """``holds`` is where a trigger that is armed finds what it kept; ``store`` keeps runs."""
        self._parts = parts
        self._kernel = parts.kernel
        self._owners = owners
        self._holds = holds
        self._store = store

    def start(self) -> None:
        """Take up what people have cancelled and postponed before a restart."""
        for key, due in self._kernel.log.items(SKIPS).items():
            entity_id, _, index = key.rpartition("/")
            owner = self._owners.get(entity_id)
            if isinstance(owner, Automation):
                owner.skips[int(index)] = datetime.fromisoformat(due)
            else:
                self._kernel.log.remove(SKIPS, key)
        self._kernel.timers.claim(SOURCE, self._postponed_is_due)

    def stop(self) -> None:
        """Fire nothing that was postponed; it stays pending."""
        self._kernel.timers.release(SOURCE)

    def act(self, id: str, doing: Doing, by: timedelta | None, actor: str | None) -> Upcoming:
        """Do it; return what it was. Raises `InvalidCommand`."""
        what = self._find(id)
        if doing not in what.can:
            can = ", ".join(what.can) or "nothing"
            raise InvalidCommand(f"{id}: {doing} cannot be done with it; what can: {can}")
        if (by is not None) != (doing is Doing.POSTPONE) or (by and by <= timedelta()):
            raise InvalidCommand("say by how much to postpone, as 10m; for nothing else")
        told: dict[str, Any] = {"what": what.what}
        if by is not None and what.due is not None:
            told["until"] = (what.due + by).isoformat()
        event = self._kernel.bus.emit(
            _EVENTS[doing], what.subject, told, source=SOURCE, actor=actor
        )
        kind, _, rest = id.partition(":")
        with self._kernel.log.together():
            getattr(self, f"_{kind}")(rest, what, doing, by, event)
        return what

    def _find(self, id: str) -> Upcoming:
        always = datetime.max.replace(tzinfo=UTC) - timedelta(days=2)
        horizon = self._kernel.clock.now() + timedelta(days=400)
        for one in everything(self._parts, self._owners, min(always, horizon)):
            if one.id == id:
                return one
        raise InvalidCommand(f"{id}: nothing of this name is pending; `casita next` lists what is")

    # Runs

    def _run(
        self, rest: str, what: Upcoming, doing: Doing, by: timedelta | None, event: Event
    ) -> None:
        key, _, number = rest.partition(":")
        run = self._owners[what.subject].runs[key]
        machine = run.owner.machine
        if doing is Doing.CANCEL:
            machine.end(run, Result.STOPPED, CasitaError(f"cancelled by {event.actor}"))
            return
        strand = run.strands[int(number)]
        if strand.wait is None or strand.wait.due is None:
            raise InvalidCommand(f"{what.id}: it is over just now")
        now = self._kernel.clock.now()
        self._move(run, strand, strand.wait, now if by is None else strand.wait.due + by)

    def _move(self, run: Run, strand: Strand, wait: Wait, due: datetime) -> None:
        """Let a wait end at another time; it is taken up as after a restart."""
        wait.end()
        wait.due = due
        wait.began = None
        if isinstance(wait.data, dict) and wait.data.get("length") is not None:
            left = due - self._kernel.clock.now()
            wait.data["length"] = max(wait.data["length"], left)
        run.program.rearm[wait.pc](run, strand)
        self._store(run)

    def _queued(
        self, rest: str, what: Upcoming, doing: Doing, by: timedelta | None, event: Event
    ) -> None:
        queue = self._owners[what.subject].queue
        gone: list[Queued] = [one for one in queue if one.key == rest]
        for one in gone:
            queue.remove(one)
            self._parts.rows.remove("run", one.key)

    # for:

    def _hold(
        self, rest: str, what: Upcoming, doing: Doing, by: timedelta | None, event: Event
    ) -> None:
        automation = self._automation(what.subject)
        prefix = rest.partition(" ")[0]
        kept = {
            key: document
            for key, document in self._kernel.log.items(HOLDS).items()
            if key.startswith(f"{prefix} ")
        }
        if doing is Doing.CANCEL:
            del kept[rest]
        else:
            now = self._kernel.clock.now()
            due = now if by is None else datetime.fromtimestamp(kept[rest]["due"], UTC) + by
            kept[rest] = _moved(kept[rest], due, due - now)

        def keep() -> None:
            for key, document in kept.items():
                self._kernel.log.put(HOLDS, key, document)
            self._holds.update(kept)

        automation.arm_anew(int(prefix.rpartition("/")[2]), keep)

    # Times

    def _trigger(
        self, rest: str, what: Upcoming, doing: Doing, by: timedelta | None, event: Event
    ) -> None:
        automation = self._automation(what.subject)
        index = int(rest.partition("@")[0].rpartition("/")[2])
        due = what.due
        if due is None:
            return
        automation.skips[index] = due
        self._kernel.log.put(SKIPS, f"{automation.entity_id}/{index}", due.isoformat())
        if by is not None:
            data = {"automation": automation.entity_id, "index": index}
            name = f"{automation.entity_id}/{index} {due.isoformat()}"
            self._kernel.timers.set(SOURCE, name, due + by, data, cause=event)
        elif doing is Doing.RUN:
            self._fire(automation, index, event)

    def _fire(self, automation: Automation, index: int, cause: Event) -> None:
        trigger = automation.triggers[index]
        now = self._kernel.clock.now().astimezone(self._kernel.config.home.zone)
        told = {**trigger.base, "now": now, "description": f"{trigger.base['platform']}, moved"}
        automation.trigger(told, cause, extra=trigger.variables)

    def _postponed_is_due(self, timer: Timer, event: Event) -> None:
        owner = self._owners.get(str(timer.data.get("automation")))
        index = int(timer.data.get("index", 0))
        if isinstance(owner, Automation) and owner.enabled and index < len(owner.triggers):
            self._fire(owner, index, event)

    # Timers

    def _timer(
        self, rest: str, what: Upcoming, doing: Doing, by: timedelta | None, event: Event
    ) -> None:
        timer = next(one for one in self._kernel.timers if one.key == rest)
        now = self._kernel.clock.now()
        if timer.owner == SOURCE:
            if doing is Doing.CANCEL:
                self._kernel.timers.cancel(timer.owner, timer.name, cause=event)
            else:
                due = now if by is None else timer.due + by
                self._kernel.timers.set(timer.owner, timer.name, due, timer.data, cause=event)
            return
        entity_id = entity_of(self._parts, timer)
        if entity_id is None:
            return
        data: dict[str, Any] = {}
        if by is not None:
            data["duration"] = (timer.due + by - now).total_seconds()
        action = {Doing.CANCEL: "cancel", Doing.RUN: "finish", Doing.POSTPONE: "start"}[doing]
        self._kernel.commands.call(
            f"timer.{action}", data, Target(entity_id=[entity_id]), source=SOURCE, cause=event
        )

    def _automation(self, entity_id: str) -> Automation:
        owner = self._owners[entity_id]
        if not isinstance(owner, Automation):
            raise InvalidCommand(f"{entity_id}: it is no automation")
        return owner


def _moved(document: Mapping[str, Any], due: datetime, left: timedelta) -> dict[str, Any]:
    """Return a kept ``for:`` that is over at another time; it never lasts beyond its length."""
    data = from_document(document["data"])
    if isinstance(data, dict) and isinstance(data.get("length"), timedelta):
        data["length"] = max(data["length"], left)
    return {**document, "due": due.timestamp(), "data": to_document(data)}
