"""Runs one test in a house of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

from casita.errors import CasitaError, Problem
from casita.events import Event
from casita.sentences import plain_name
from casita.testing import House
from casita_automations.testing._finding import Found
from casita_automations.testing._stage import house_of
from casita_automations.testing._written import Expectation, Step, Written
from casita_config import ConfigError

_SOURCE: Final = "test"
_MOST: Final = 12


class Unmet(Exception):
    """An expectation was not met."""

    def __init__(self, expectation: Expectation, message: str) -> None:
        super().__init__(message)
        self.expectation = expectation


def run(found: Found) -> None:
    """Run a test. Raises `Unmet`, or `ConfigError` if it cannot be run as it is written."""
    if isinstance(found.test, ConfigError):
        raise found.test
    test = found.test
    try:
        house = house_of(found.config, test.start)
    except ValueError:
        test.at.below("at").refuse(f"{test.start!r} is no time; write it as 21:30")
    with house:
        _Acting(house, test).run()


class _Acting:
    """A test under way."""

    def __init__(self, house: House, test: Written) -> None:
        self._house = house
        self._test = test
        self._seen = 0
        """Offset behind which the next inline expectation looks."""

    def run(self) -> None:
        test, house = self._test, self._house
        for entity_id, (state, attributes) in test.given.items():
            house.given(entity_id, state, **attributes)
        house.stands_in(*test.entities)
        _refuse_faults(house)
        began = self._seen = house.kernel.log.head
        for step in test.do:
            self._do(step)
        self._met(test.expect, began)
        self._not_met(test.expect_not, began)

    def _do(self, step: Step) -> None:
        house = self._house
        if step.after is not None:
            house.passes(step.after.total_seconds())
        if step.crash:
            house.crash()
        for entity_id, (state, attributes) in step.states.items():
            house.sees(entity_id, state, **attributes)
        try:
            if step.event is not None:
                house.fires(step.event, **step.data)
            if step.call is not None:
                house.calls(step.call, *step.entities, **step.data)
        except CasitaError as err:
            step.at.refuse(str(err))
        if step.expect or step.expect_not:
            before, head = self._seen, house.kernel.log.head
            self._met(step.expect, before)
            self._not_met(step.expect_not, before)
            self._seen = head

    def _met(self, expected: Iterable[Expectation], after: int) -> None:
        """Look for what was to happen, one after another; other things may lie between."""
        events = [one for one in self._house.events if one.offset > after]
        left = list(events)
        for one in expected:
            if one.service is None and one.event is None:
                self._state_met(one, events)
                continue
            index = next((i for i, event in enumerate(left) if _fits(one, event)), None)
            if index is None:
                earlier = any(_fits(one, event) for event in events)
                order = " at this place of the order" if earlier else ""
                raise Unmet(one, f"expected {one}{order}; {self._instead(events)}")
            del left[: index + 1]

    def _state_met(self, one: Expectation, events: Sequence[Event]) -> None:
        assert one.entity is not None
        state = self._house.state(one.entity)
        if state is None:
            raise Unmet(one, f"expected {one}; there is no such entity")
        differing = {k: state.attributes.get(k) for k, v in one.data.items()
                     if state.attributes.get(k) != v}  # fmt: skip
        if state.state != one.state or differing:
            was = f"it is {state.state!r}" + "".join(f" {k}={v}" for k, v in differing.items())
            raise Unmet(one, f"expected {one}; {was}; {self._instead(events)}")

    def _not_met(self, unwanted: Iterable[Expectation], after: int) -> None:
        events = [one for one in self._house.events if one.offset > after]
        for one in unwanted:
            if one.service is None and one.event is None:
                state = self._house.state(one.entity or "")
                if state is not None and state.state == one.state:
                    raise Unmet(one, f"expected {one.entity} not to be {one.state!r}; it is")
                continue
            event = next((event for event in events if _fits(one, event)), None)
            if event is not None:
                why = " because ".join(_told(cause) for cause in self._house.why(event).events)
                raise Unmet(one, f"expected no {one}; {why}")

    def _instead(self, events: Sequence[Event]) -> str:
        """Say what happened in place of what was expected."""
        told = [_told(one) for one in events if one.type in _TELLING and _is_ours(one)]
        if not told:
            return "nothing was sent, and no automation was triggered"
        more = f", and {len(told) - _MOST} more" if len(told) > _MOST else ""
        return f"what happened: {', '.join(told[:_MOST])}{more}"


_TELLING: Final = frozenset({"command.sent", "run.skipped", "run.refused", "run.finished"})


def _is_ours(event: Event) -> bool:
    if event.type == "command.sent":
        return event.source != _SOURCE
    return event.type != "run.finished" or event.data.get("result") != "done"


def _told(event: Event) -> str:
    at, name = f"{event.time:%H:%M:%S}", plain_name(event.subject)
    if event.type == "command.sent":
        target = "" if event.subject == event.data["service"] else f" {event.subject}"
        return f"{event.data['service']}{target} was sent at {at}"
    if event.type == "run.skipped":
        return f"the conditions of {name} said no at {at} ({_shown(event.data.get('seen'))})"
    if event.type == "run.refused":
        return f"{name} did not run at {at}: {event.data.get('message')}"
    if event.type == "run.finished":
        return f"{name} ended {event.data.get('result')} at {at}: {event.data.get('message', '')}"
    if event.type == "run.started":
        return f"{name} ran at {at}"
    state = event.data.get("state")
    return f"{event.subject} became {state} at {at}" if state else f"{event.type} at {at}"


def _shown(seen: Any) -> str:
    if isinstance(seen, Mapping):
        return ", ".join(f"{key} was {value}" for key, value in seen.items())
    return str(seen)


def _fits(one: Expectation, event: Event) -> bool:
    if one.event is not None:
        return fnmatchcase(event.type, one.event) and _has(event.data, one.data)
    if event.type != "command.sent" or event.source == _SOURCE or one.service is None:
        return False
    return (
        fnmatchcase(str(event.data["service"]), one.service)
        and (one.entity is None or fnmatchcase(event.subject, one.entity))
        and _has(event.data.get("data") or {}, one.data)
    )


def _has(data: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(key in data and data[key] == value for key, value in wanted.items())


def _refuse_faults(house: House) -> None:
    """Refuse a house whose configuration has faults in its automations."""
    problems = [
        Problem(message=str(one.data["message"]), file=one.data["file"], line=one.data["line"],
                key=one.data["key"])
        for one in house.events
        if one.type == "config.problem" and one.source == "automations"
    ]  # fmt: skip
    faults = [one for one in problems if "it never fires" not in one.message]
    if faults:
        raise ConfigError(faults)
