"""Actions that are done at once: variables, events, stop."""

from __future__ import annotations

import logging
from typing import Any, Final

import voluptuous as vol

from casita_automations.actions.builder import Builder
from casita_automations.parsing import At, template_value, text_or_template
from casita_automations.running import AbortRun, Run, StopRun, Strand
from casita_automations.shadow import EVENT
from casita_automations.templates import TemplateError
from casita_automations.values import jsonable
from casita_config.schemas import boolean, string

_logger = logging.getLogger(__name__)
_EVENT: Final = vol.Schema(
    {
        vol.Required("event"): string,
        vol.Optional("event_data"): dict,
        vol.Optional("event_data_template"): dict,
    }
)
_STOP: Final = vol.Schema(
    {
        vol.Required("stop"): vol.Maybe(text_or_template),
        vol.Exclusive("error", "outcome"): boolean,
        vol.Exclusive("response_variable", "outcome"): string,
    }
)


_RESPONSE: Final = vol.Schema(
    {vol.Required("set_conversation_response"): vol.Maybe(text_or_template)}
)


def variables(builder: Builder, config: dict[str, Any], at: At, path: str) -> None:
    """Compile ``variables``: each may use those before it."""
    at.check(vol.Schema({vol.Required("variables"): dict}), config)
    named = [
        (name, template_value(builder.parts.templates, value, at.below("variables", name)))
        for name, value in config["variables"].items()
    ]
    following = builder.program.here + 1

    def step(run: Run, strand: Strand) -> int:
        for name, value in named:
            assigned = value.render(run.view(strand))
            if strand.local is not None and name in strand.local:
                strand.local[name] = assigned
            else:
                run.variables[name] = assigned
        run.note(path)
        return following

    builder.program.add(step)


def event(builder: Builder, config: dict[str, Any], at: At, path: str) -> None:
    """Compile ``event``: put an event on the bus."""
    checked = at.check(_EVENT, config)
    name = checked["event"]
    datas = [
        template_value(builder.parts.templates, checked[key] or {}, at.below(key))
        for key in ("event_data", "event_data_template")
        if key in checked
    ]
    bus = builder.parts.kernel.bus
    following = builder.program.here + 1

    def step(run: Run, strand: Strand) -> int:
        view = run.view(strand)
        told: dict[str, Any] = {}
        try:
            for data in datas:
                told.update(jsonable(expect_rendered(data.render(view))))
        except TemplateError as err:
            _logger.error("%s: event %s: %s", run.owner.entity_id, name, err)
        run.note(path, name)
        if run.owner.shadow:
            bus.emit(EVENT, name, told, source=run.owner.source, cause=run.cause)
        else:
            bus.emit(name, name, told, source=run.owner.source, cause=run.cause)
        return following

    builder.program.add(step)


def expect_rendered(value: Any) -> dict[str, Any]:
    """Return data that a template gave, or raise `AbortRun` if it is no mapping."""
    if isinstance(value, dict):
        return value
    raise AbortRun(f"expected a mapping of data, the template gave {value!r}")


def stop(builder: Builder, config: dict[str, Any], at: At, path: str) -> None:
    """Compile ``stop``: end the whole run, as failed if ``error`` says so."""
    checked = at.check(_STOP, config)
    message = template_value(builder.parts.templates, checked["stop"], at.below("stop"))
    response = checked.get("response_variable")

    def step(run: Run, strand: Strand) -> int:
        view = run.view(strand)
        text = str(message.render(view))
        run.note(path)
        if checked.get("error"):
            raise AbortRun(text)
        if response is not None and response not in view:
            raise AbortRun(f"the response variable {response!r} is not defined")
        raise StopRun(text, None if response is None else view[response])

    builder.program.add(step)


def conversation_response(builder: Builder, config: dict[str, Any], at: At, path: str) -> None:
    """Compile ``set_conversation_response``: what the hub answers to what was said."""
    key = "set_conversation_response"
    checked = at.check(_RESPONSE, config)
    value = template_value(builder.parts.templates, checked[key], at.below(key))
    conversation = builder.parts.conversation
    following = builder.program.here + 1

    def step(run: Run, strand: Strand) -> int:
        rendered = value.render(run.view(strand))
        text = None if rendered is None else str(rendered)
        conversation.answer(text)
        run.note(path, text)
        return following

    builder.program.add(step)
