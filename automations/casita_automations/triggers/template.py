"""``template``: a template has become true."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import Any, Final

import voluptuous as vol

from casita.errors import CasitaError
from casita.events import Cause, StateChanged
from casita.missed import Missed, of_a_hold
from casita_automations.parsing import At, duration_or_template
from casita_automations.parts import Parts
from casita_automations.resting import RESTS_S, rested
from casita_automations.templates import Template, TemplateError, as_boolean
from casita_automations.triggers.hold import left_of, missed_of, period_of
from casita_automations.triggers.source import NOTHING, Arming, Cancel, Pending, all_of
from casita_automations.triggers.tracking import Tracking
from casita_automations.values import Period, from_document, to_document
from casita_config.schemas import string

_SCHEMA: Final = vol.Schema(
    {
        vol.Required("value_template"): string,
        vol.Optional("for"): duration_or_template,
        vol.Optional("missed"): of_a_hold,
    }
)
_KEY: Final = "template"
_logger = logging.getLogger(__name__)


def compiled(config: dict[str, Any], at: At, parts: Parts) -> TemplateTrigger:
    """Compile the trigger from its keys."""
    checked = at.check(_SCHEMA, config)
    try:
        template = parts.templates.template(checked["value_template"])
    except TemplateError as err:
        at.below("value_template").refuse(str(err))
    period = period_of(checked.get("for"), at.below("for"), parts)
    return TemplateTrigger(parts, template, period, missed_of(checked, at))


class TemplateTrigger:
    """A compiled ``template`` trigger."""

    def __init__(
        self, parts: Parts, template: Template, period: Period | None, missed: Missed
    ) -> None:
        self._parts = parts
        self._template = template
        self._period = period
        self._missed = missed

    def arm(self, arming: Arming) -> Cancel:
        """Fire from now on, until the returned function is called."""
        armed = _Armed(self._parts, self._period, self._missed, arming)
        tracking = Tracking(self._parts, self._template, arming.variables, armed.rendered)
        tracking.start()

        def cancel() -> None:
            tracking.cancel()
            armed.cancel_hold()

        return cancel


class _Armed:
    """Ready once the template was false; fires when it then becomes true."""

    def __init__(self, parts: Parts, period: Period | None, missed: Missed, arming: Arming) -> None:
        self._parts = parts
        self._period = period
        self._missed = missed
        self._arming = arming
        self._ready = False
        self._stop: Cancel | None = None
        self._kept = next(iter(arming.holds.kept()), None)

    def rendered(self, result: Any, change: StateChanged | None) -> None:
        """Take a result of the template."""
        if isinstance(result, TemplateError):
            _logger.warning("template trigger: %s", result)
            return
        kept, self._kept = self._kept, None
        if kept is not None and as_boolean(result):
            self._resume(kept)
            return
        self.cancel_hold()
        if not as_boolean(result):
            self._ready = True
            return
        if not self._ready:
            return
        self._ready = False
        facts = _facts(change)
        cause = None if change is None else change.as_cause()
        if self._period is None:
            self._arming.fires(change, **facts)
        else:
            self._begin_hold(self._period, facts, cause)

    def cancel_hold(self) -> None:
        """Stop waiting for the ``for:`` to be over."""
        stop, self._stop = self._stop, None
        if stop is not None:
            stop()
        self._arming.holds.drop(_KEY)

    def _resume(self, kept: Pending) -> None:
        """Go on with the ``for:`` that ran when the hub ended."""
        data = from_document(kept.data)
        length: timedelta = data["length"]
        left = left_of(self._parts, kept.due, length, self._missed, unchanged=False)
        if left is None:
            self._arming.holds.drop(_KEY)
            return
        over = partial(self._over, data["facts"], kept.cause if kept.cause.offset else None, length)
        if left > timedelta():
            alarm = self._parts.kernel.clock.call_later(left.total_seconds(), over)
            self._stop = all_of([alarm.cancel, self._parts.kernel.uptime.need()])
        else:
            self._stop = self._parts.ready.soon(over)

    def _begin_hold(self, period: Period, facts: dict[str, Any], cause: Cause | None) -> None:
        told = {**self._arming.base, **facts}
        try:
            length = period.of({**self._arming.variables, "trigger": told})
        except CasitaError as err:
            _logger.warning("template trigger: for: %s", err)
            return
        if length <= timedelta():
            self._arming.fires(cause, **{**facts, "for": length})
            return

        clock = self._parts.kernel.clock
        due = (clock.now() + length).timestamp()
        data = to_document({"facts": facts, "length": length})
        self._arming.holds.keep(Pending(key=_KEY, due=due, data=data, cause=cause or NOTHING))
        over = partial(self._over, facts, cause, length)
        alarm = clock.call_later(length.total_seconds(), over)
        self._stop = all_of([alarm.cancel, self._parts.kernel.uptime.need()])

    def _over(self, facts: dict[str, Any], cause: Cause | None, length: timedelta) -> None:
        rests = cause is not None and length.total_seconds() >= RESTS_S
        since = rested(cause) if cause is not None and rests else cause
        with self._parts.kernel.log.together():
            self.cancel_hold()
            self._arming.fires(since, **{**facts, "for": length})


def _facts(change: StateChanged | None) -> dict[str, Any]:
    return {
        "platform": "template",
        "entity_id": None if change is None else change.subject,
        "from_state": None if change is None else change.old,
        "to_state": None if change is None else change.new,
        "for": None,
        "description": (
            "time change or manual update via template"
            if change is None
            else f"{change.subject} via template"
        ),
    }
