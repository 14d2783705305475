"""A house on paper: the real engine over a record, with nobody behind the gateway."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from casita.clock import settle
from casita.errors import CommandFailed, ConfigError, Problem
from casita.events import STATE_CHANGED, Event, State
from casita.kernel import Kernel
from casita.services import Command
from casita.tasks import Tasks
from casita_automations.automation import Automation
from casita_automations.backtest._choosing import commanded_in
from casita_automations.backtest._clock import ReplayClock
from casita_automations.backtest._effects import effect_of
from casita_automations.backtest._gateway import PaperCommands
from casita_automations.backtest._lineage import Lineage
from casita_automations.backtest._log import Documents, ThinLog, no_documents
from casita_automations.backtest._rows import Batch, Row, Sent, Traits, looked_at
from casita_automations.backtest._states import ReplayStates
from casita_automations.backtest._vocabulary import declare
from casita_automations.building import Builder
from casita_automations.owner import Owner
from casita_automations.parts import Parts
from casita_automations.running import Machine, Run
from casita_automations.serving import Services
from casita_automations.shown import Shown
from casita_automations.triggers.source import Pending
from casita_automations.values import jsonable
from casita_config import Configuration

SOURCE: Final = "record"
_SKIPS: Final = 200_000


class PaperHouse:
    """Automations of a configuration, run over rows of a record.

    ``sent`` grows with what they would have sent. Nothing is actuated: there is no plugin, no
    network and no log behind it.
    """

    def __init__(
        self,
        config: Configuration,
        start: datetime,
        traits: Traits,
        *,
        documents: Documents = no_documents,
        echo: bool = False,
    ) -> None:
        """``traits`` are those of the record; ``echo``: commands take effect, at once."""
        self.clock = ReplayClock(start)
        self.log = ThinLog(clock=self.clock, documents=documents, listen=self._note)
        self.sent: list[Sent] = []
        self.runs: dict[str, int] = {}
        self.skipped: dict[str, list[Event]] = {}
        """By automation: what its conditions turned down, the newest 200,000."""
        self.failed: dict[str, list[Event]] = {}
        self.effects = 0
        """How many changes of state commands would have made."""
        self.rows = 0
        self._config = config
        self._echo = echo
        self._traits = traits
        self._reacts_to: set[str] = set()
        self._touched: set[str] = set()
        kernel = Kernel.assemble(config, self.clock, self.log)
        self.states = ReplayStates(kernel.bus, self.clock)
        self.gateway = PaperCommands(
            kernel.bus, self.clock, self.states, kernel.registry,
            take=self._take, knows_attributes=traits.attributes,
        )  # fmt: skip
        self.kernel = replace(kernel, states=self.states, commands=self.gateway)
        declare(self.kernel)
        self._tasks = Tasks("backtest")
        self._parts = Parts.of(self.kernel, self._tasks)
        self.owners: dict[str, Owner] = {}
        self._shown = _ShownOnDemand(self._parts, self.owners)
        self._parts.freshen = self._shown.freshen
        self._services = Services(self._parts, self.owners, self._shown)
        self._services.register(_nothing_to_reload)
        self._lineage = Lineage(())
        self._lively = False

    # Making ready

    def build(self) -> None:
        """Compile the automations; what is wrong with any of them is in ``faults``."""
        machine = Machine(self._parts, _keep_no_run)
        builder = Builder(
            self._parts, machine, changed=self._shown.changed, store=_keep_no_run,
            holds=lambda _automation, _index: _Pins(self.log),
        )  # fmt: skip
        self.owners.update(builder.build(self._config, self._config.folder))
        self.faults = builder.faults
        self.hints = [str(one) for one in builder.problems if one not in builder.faults]

    def begin(self, initial: Iterable[Row], chosen: Collection[str]) -> None:
        """Take in what was known at the start, then arm the chosen automations, and no other."""
        self.kernel.registry.restore()
        for area_id, area in self._config.areas.items():
            self.kernel.registry.ensure_area(_name_of(area), area_id=area_id)
        for time, entity_id, state, attributes in initial:
            if state is not None:
                since = min(time, self.clock.now())
                self.states.latest[entity_id] = state, attributes, since, since
                self.gateway.stand_in(entity_id)
        if not self._traits.all_entities:
            for entity_id in commanded_in(self._config):
                self.gateway.stand_in(entity_id)
        self._lineage = Lineage(chosen)
        mine = [
            owner
            for owner in self.owners.values()
            if not isinstance(owner, Automation) or owner.entity_id in chosen
        ]
        self.owners.clear()
        self.owners.update((owner.entity_id, owner) for owner in mine)
        self._lively = any(owner.program.has_tasks for owner in mine)
        for owner in mine:
            self._open(owner)
        watched = self._parts.watch.watched
        self._reacts_to = {one for one in self.states.latest if watched(one)}

    def reacts_to(self, entity_id: str) -> bool:
        """Say whether a trigger looked at an entity from the start."""
        return entity_id in self._reacts_to

    def _open(self, owner: Owner) -> None:
        known = self.states.get(owner.entity_id)
        owner.recall(known)
        self._services.attach(owner)
        if isinstance(owner, Automation):
            was_on = known is None or known.state != "off"
            if was_on if owner.on_at_start is None else owner.on_at_start:
                _armed(owner)
        self._shown.write(owner)

    # Replaying

    async def feed(self, batch: Batch) -> None:
        """Let a piece of the record happen."""
        if self._lively:
            await self._feed_lively(batch)
        else:
            self._feed(batch)

    async def until(self, moment: datetime) -> None:
        """Let time pass until a moment, with all that is due on the way."""
        if self._lively:
            await self._ring_lively(moment)
        else:
            self.clock.ring(moment)

    async def close(self) -> None:
        """End what waits."""
        for owner in self.owners.values():
            owner.suspend()
        await self._tasks.stop()
        self._parts.close()

    def happen(self, type: str, subject: str, data: Mapping[str, Any]) -> None:
        """Put an event on the bus."""
        self.kernel.bus.emit(type, subject, data, source=SOURCE)

    def _feed(self, batch: Batch) -> None:
        """The inner loop: a change that nobody watches is noted down and nothing more."""
        clock, latest, cares = self.clock, self.states.latest, self._parts.watch.cares
        to_all, owners = self._parts.listening.hears(STATE_CHANGED), self.owners
        self.rows += len(batch)
        for row in batch:
            if type(row) is not tuple:
                self._happened(row)  # type: ignore[arg-type]  # what is no tuple is an event
                continue
            time, entity_id, state, attributes = row
            if time >= clock.due:
                clock.ring(time)
            old = latest.get(entity_id)
            if old is None or state is None or to_all:
                self._change(row)
                continue
            if type(old) is tuple:
                before, _, changed, _ = old
            else:
                before, changed = old.state, old.last_changed  # type: ignore[union-attr]  # a State
            if cares(entity_id, before, state) or entity_id in owners:
                self._change(row)
            else:
                latest[entity_id] = state, attributes, time if before != state else changed, time

    async def _feed_lively(self, batch: Batch) -> None:
        """Do as `_feed` does, where automations have tasks that want their turn."""
        for row in batch:
            await self._ring_lively(row.time if isinstance(row, Event) else row[0])
            self._feed([row])
            if len(self._tasks):
                await settle()

    async def _ring_lively(self, to: datetime) -> None:
        if self.clock.due <= to:
            for _ in self.clock.rings(to):
                if len(self._tasks):
                    await settle()

    def _change(self, row: Row) -> None:
        time, entity_id, state, attributes = row
        self.clock.move(time)
        if entity_id in self.owners:
            self._switch(self.owners[entity_id], state)
        elif state is None:
            self.states.remove(entity_id, source=SOURCE)
        else:
            forced = self._traits.repeats_are_changes and entity_id not in self._touched
            new = entity_id not in self.states.latest
            self.states.set(
                entity_id, state, looked_at(attributes), source=SOURCE, force=forced and not new
            )
            if new:
                self.gateway.stand_in(entity_id)

    def _happened(self, event: Event) -> None:
        if event.time >= self.clock.due:
            self.clock.ring(event.time)
        self.clock.move(event.time)
        if self._parts.listening.hears(event.type):
            self.happen(event.type, event.subject, event.data)

    def _switch(self, owner: Owner, state: str | None) -> None:
        """Turn an automation on or off, as the record says that somebody did."""
        if isinstance(owner, Automation) and state in ("on", "off"):
            if state == "on":
                owner.turn_on()
            else:
                owner.turn_off()

    # What comes of it

    def _take(self, command: Command) -> None:
        if self._echo and command.entity_id is not None:
            state = self.states.get(command.entity_id)
            effect = None if state is None else effect_of(command, state)
            if state is not None and effect is not None:
                self._touched.add(state.entity_id)
                self._show_effect(command, state, *effect)

    def _show_effect(
        self, command: Command, state: State, text: str, changed: Mapping[str, Any]
    ) -> None:
        attributes = {**state.attributes, **changed}
        if self.states.set(
            state.entity_id, text, attributes, source="backtest", cause=command.event
        ):
            self.effects += 1

    def _note(self, event: Event) -> None:
        owner = self._lineage.note(event)
        type_ = event.type
        if type_ == "command.sent":
            if owner is not None:
                self._note_command(event, owner)
        elif type_ == "run.started":
            if event.subject == owner:
                self.runs[owner] = self.runs.get(owner, 0) + 1
        elif type_ == "run.skipped":
            _add(self.skipped.setdefault(event.subject, []), event)
        elif type_ == "run.finished" and event.data["result"] in ("failed", "aborted"):
            _add(self.failed.setdefault(owner or event.subject, []), event)

    def _note_command(self, event: Event, owner: str) -> None:
        data = self.gateway.asked if self._traits.calls_as_made else event.data["data"]
        self.sent.append(
            Sent(
                time=event.time, automation=owner, service=event.data["service"],
                subject=event.subject, data=jsonable(dict(data)) if data else {},
                offset=event.offset,
            )
        )  # fmt: skip


class _ShownOnDemand(Shown):
    """Writes the state of an automation when it is read or watched, and never for its own sake."""

    def changed(self, owner: Owner) -> None:
        if self._parts.watch.watched(owner.entity_id):
            self.write(owner)
        else:
            self._parts.stale.add(owner.entity_id)


class _Pins:
    """Keeps no running ``for:``, but the event that began it, for ``why``."""

    def __init__(self, log: ThinLog) -> None:
        self._log = log

    def keep(self, pending: Pending) -> None:
        """Keep its cause."""
        self._log.pin(pending.cause.offset)

    def drop(self, key: str) -> None:
        """Do nothing."""

    def kept(self) -> list[Pending]:
        """Return nothing: a backtest begins anew."""
        return []


def _armed(automation: Automation) -> None:
    try:
        automation.turn_on()
    except Exception as err:
        message = f"its triggers could not be armed: {err}"
        raise ConfigError([Problem(message=message, key=automation.entity_id)]) from err


def _name_of(area: object) -> str:
    return str(getattr(area, "name", area))


def _keep_no_run(_run: Run) -> None:
    return


async def _nothing_to_reload(**_: Any) -> Any:
    raise CommandFailed("nothing is reloaded in a backtest")


def _add(events: list[Event], event: Event) -> None:
    if len(events) < _SKIPS:
        events.append(event)
