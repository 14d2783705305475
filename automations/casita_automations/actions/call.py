"""Actions that call services."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import voluptuous as vol

from casita.errors import CommandFailed, InvalidCommand, did_you_mean
from casita.ids import domain_of, is_entity_id
from casita.model import Target
from casita.services import Call, FixedData, Kind, Service
from casita.states import UNAVAILABLE
from casita_automations.actions.builder import Builder
from casita_automations.devices import action_of
from casita_automations.parsing import At, listed, quoted, template_value
from casita_automations.parts import Parts
from casita_automations.program import WAIT
from casita_automations.running import AbortRun, Machine, Result, Run, Strand
from casita_automations.templates import TemplateError, Value, is_template
from casita_config.schemas import boolean, duration, entity_id, string

REPEATABLE: Final = "repeatable"
"""What a run notes that awaits the answer to a command which does no harm when sent again."""
TARGET_KEYS: Final = ("entity_id", "device_id", "area_id", "floor_id", "label_id")
_GROUP: Final = "group"
_WORDS: Final = ("all", "none")
_OF_REGISTRY: Final = re.compile(r"[0-9a-f]{32}")
_logger = logging.getLogger(__name__)


def _service(value: Any) -> str:
    text = string(value)
    if is_template(text):
        return text
    if text.count(".") != 1 or not is_entity_id(text.lower()):
        raise vol.Invalid(f"{text!r} is no service; one looks like 'light.turn_on'")
    return text.lower()


def _entities(value: Any) -> Any:
    """Check entity ids, or ids of Home Assistant's registry, or one word for all or for none."""
    if isinstance(value, str) and value.lower() in _WORDS:
        return value.lower()
    ids = value.split(",") if isinstance(value, str) else listed(value)
    return [one if _OF_REGISTRY.fullmatch(str(one)) else entity_id(one) for one in ids]


def _entities_or_template(value: Any) -> Any:
    if is_template(value):
        return value
    for one in listed_ids(value):
        if not is_template(one) and one not in _WORDS:
            _entities(one)
    return value


def listed_ids(value: Any) -> list[Any]:
    """Return ids given as a list, or as one text with commas."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return listed(value)


def _data(value: Any) -> Any:
    if value is None:
        raise vol.Invalid("expected a mapping of data, got nothing; delete the key")
    if isinstance(value, Mapping | str):
        return value
    if isinstance(value, bool | int | float):
        return str(value)
    raise vol.Invalid(f"expected a mapping of data, got {value!r}")


def _whole_target(value: Any) -> Any:
    if is_template(value):
        return value
    if not isinstance(value, Mapping):
        raise vol.Invalid(f"expected a mapping, as 'entity_id: light.hall'; got {value!r}")
    for key, ids in value.items():
        if key not in TARGET_KEYS:
            raise vol.Invalid(f"unknown key {str(key)!r}.{did_you_mean(str(key), TARGET_KEYS)}")
        if key == "entity_id" and not isinstance(ids, list):
            _entities_or_template(ids)
    return value


def _scene(value: Any) -> str:
    checked = entity_id(value)
    if domain_of(checked) != "scene":
        raise vol.Invalid(f"{checked} is no scene; one looks like 'scene.evening'")
    return checked


def _manner(value: Any) -> Mapping[str, Any]:
    """Check ``until_confirmed``: yes, no, or how long the state may take to say so."""
    try:
        return {"until_confirmed": True} if boolean(value) else {}
    except vol.Invalid:
        return {"until_confirmed": True, "expires_s": duration(value).total_seconds()}


_ANY_SERVICE: Final[Mapping[Any, Any]] = {
    vol.Exclusive(key, "service"): _service for key in ("action", "service", "service_template")
}
_SCHEMA: Final = vol.Schema(
    {
        **_ANY_SERVICE,
        vol.Optional("data"): _data,
        vol.Optional("data_template"): _data,
        vol.Optional("target"): _whole_target,
        vol.Optional("entity_id"): _entities,
        vol.Optional("response_variable"): quoted,
        vol.Optional("until_confirmed"): _manner,
        vol.Optional("metadata"): dict,
    }
)
_SCENE: Final = vol.Schema({vol.Required("scene"): _scene})


def call(builder: Builder, config: dict[str, Any], at: At, path: str) -> None:
    """Compile ``action:``, in old spelling ``service:``."""
    checked = at.check(_SCHEMA, config)
    key = next(one for one in ("action", "service", "service_template") if one in checked)
    templates = builder.parts.templates
    sources = [("data", checked.get("data")), ("data_template", checked.get("data_template"))]
    datas = [
        template_value(templates, source, at.below(name))
        for name, source in sources
        if source is not None
    ]
    if checked.get("target"):
        target = template_value(templates, checked["target"], at.below("target"))
        datas.append(_with_lists(target))
    if "entity_id" in checked:
        named = {"entity_id": checked["entity_id"]}
        datas.append(template_value(templates, named, at.below("entity_id")))
    service = template_value(templates, checked[key], at.below(key))
    _emit(
        builder, path, service, datas, checked.get("response_variable"),
        checked.get("until_confirmed", {}),
    )  # fmt: skip


def scene(builder: Builder, config: dict[str, Any], at: At, path: str) -> None:
    """Compile ``scene``: turn a scene on."""
    checked = at.check(_SCENE, config)
    templates = builder.parts.templates
    service = template_value(templates, "scene.turn_on", at)
    data = template_value(templates, {"entity_id": checked["scene"]}, at)
    _emit(builder, path, service, [data], None)


def device(builder: Builder, config: dict[str, Any], at: At, path: str) -> None:
    """Compile a device action of Home Assistant's editor, as far as it names an entity."""
    domain, kind = config.get("domain"), config.get("type")
    if not isinstance(domain, str):
        at.refuse("a device action names 'domain' and 'type'")
    mapped = action_of(config)
    if mapped is not None:
        call(builder, mapped, at, path)
        return
    told = "this device action fails: it names no entity that is known here; use 'action:' instead"
    builder.parts.notes.append(at.problem(told))

    def step(run: Run, strand: Strand) -> int:
        run.note(path, told)
        raise CommandFailed(f"{domain} {kind}: {told}")

    builder.program.add(step)


def _with_lists(target: Value) -> Value:
    """Return a target in which each kind of id is a list, also where a template gives them."""

    def render(variables: Mapping[str, Any]) -> Any:
        rendered = target.render(variables)
        if not isinstance(rendered, Mapping):
            return rendered
        return {
            key: _rendered_entities(value) if key == "entity_id" else listed_ids(value)
            for key, value in rendered.items()
        }

    if target.constant:
        try:
            return Value(render({}), render, constant=True)
        except InvalidCommand:
            pass  # it is told whenever it runs, as with a template
    return Value(target.source, render, constant=False)


def _rendered_entities(value: Any) -> Any:
    try:
        return _entities(value)
    except vol.Invalid as err:
        raise InvalidCommand(f"entity_id: {err}") from err


def _emit(
    builder: Builder,
    path: str,
    service: Value,
    datas: list[Value],
    response: str | None,
    manner: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    parts, machine, here = builder.parts, builder.machine, builder.program.here
    fixed = str(service.source) if service.constant else None
    only = _always(datas)

    def step(run: Run, strand: Strand) -> int:
        view = run.view(strand)
        try:
            name = fixed if fixed is not None else str(service.render(view)).strip().lower()
            asked = only if only is not None else _Asked.of(_rendered(datas, view))
        except TemplateError as err:
            raise CommandFailed(str(err)) from err
        under_way = _called(parts, run, name, asked, manner)
        if under_way is None:
            run.note(path, name, "nobody to call")
            return here + 1
        child = _begun(parts)
        run.note(path, name)
        if child is not None and child.result is None and name not in _NOT_AWAITED:
            return _await_run(machine, run, strand, here, child, response)
        if under_way.done:
            _take_answer(run, under_way, child, response)
            return here + 1
        may_repeat = _may_be_repeated(parts, name)
        return _await_call(machine, run, strand, here, under_way, response, may_repeat=may_repeat)

    def rearm(run: Run, strand: Strand) -> None:
        raise AbortRun("the hub ended while a command was under way: its outcome is uncertain")

    builder.program.add(step, rearm)


def _begun(parts: Parts) -> Run | None:
    """Take the run of a script that was called."""
    commands = parts.kernel.commands
    begun, commands.begun = commands.begun, None
    return begun if isinstance(begun, Run) else None


def _may_be_repeated(parts: Parts, name: str) -> bool:
    service = parts.kernel.commands.service(name)
    if service is None or service.handler is not None:
        return False
    return service.kind is Kind.SET and service.redirect is None


_NOT_AWAITED: Final = frozenset({"script.turn_on", "automation.trigger"})


def _rendered(datas: list[Value], view: Mapping[str, Any]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for data in datas:
        rendered = data.render(view)
        if not isinstance(rendered, Mapping):
            raise InvalidCommand(f"expected a mapping of data, the template gave {rendered!r}")
        whole.update(rendered)
    return whole


def _always(datas: list[Value]) -> _Asked | None:
    """Return the data that a call has every time; None if it varies, or is no mapping."""
    if not all(one.constant for one in datas):
        return None
    try:
        return _Asked.always(_rendered(datas, {}))
    except InvalidCommand:
        return None


class _Asked(NamedTuple):
    """The data of a call, as a whole for services that take it so, and parted from its target."""

    whole: Mapping[str, Any]
    ids: Mapping[str, list[Any]]
    """By kind of id."""
    rest: Mapping[str, Any]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> _Asked:
        """Part data that may be other data the next time."""
        ids = {key: listed_ids(data[key]) for key in TARGET_KEYS if data.get(key) is not None}
        return cls(data, ids, {key: one for key, one in data.items() if key not in TARGET_KEYS})

    @classmethod
    def always(cls, data: Mapping[str, Any]) -> _Asked:
        """Part data that is the same every time."""
        asked = cls.of(data)
        return cls(FixedData(data), asked.ids, FixedData(asked.rest))


def _called(
    parts: Parts, run: Run, name: str, asked: _Asked, manner: Mapping[str, Any]
) -> Call | None:
    """Call a service; return None if no entity is left to call it for."""
    commands = run.owner.gateway
    parts.kernel.commands.begun = None
    service = commands.service(name)
    source, cause = run.owner.source, run.cause
    if service is None or service.handler is not None:
        return commands.call(name, asked.whole, source=source, cause=cause, **manner)
    target = _target(parts, service, asked.ids)
    if target is None:
        return None
    return commands.call(name, asked.rest, target, source=source, cause=cause, **manner)


def _target(parts: Parts, service: Service, ids: Mapping[str, list[Any]]) -> Target | None:
    """Return the target without what is missing or unavailable; None if nothing is left."""
    wanted = ids.get("entity_id", ())
    if not wanted or "all" in wanted:
        return Target(**ids)
    there = [one for one in wanted if _is_there(parts, service, one)]
    left = {key: one for key, one in {**ids, "entity_id": there}.items() if one}
    return Target(**left) if left else None


def _is_there(parts: Parts, service: Service, entity: str) -> bool:
    state = parts.kernel.states.get(entity)
    domains = service.targets or (service.domain,)
    if state is None or domain_of(entity) not in (*domains, _GROUP):
        if entity != "none":
            _logger.warning("%s: there is no entity %s for it", service.id, entity)
        return False
    if state.state == UNAVAILABLE:
        _logger.warning("%s: %s is unavailable and was left out", service.id, entity)
        return False
    return True


def _take_answer(run: Run, call: Call, child: Run | None, response: str | None) -> None:
    failure = call.failure
    if failure is not None:
        subject, outcome = failure
        raise CommandFailed(f"{call.service} {subject}: {outcome.message or outcome.status}")
    if child is not None:
        _take_response(run, child, response)
    elif response is not None:
        run.variables[response] = dict(call.response)


def _take_response(run: Run, child: Run, response: str | None) -> None:
    if child.result is Result.FAILED:
        raise CommandFailed(f"{child.owner.entity_id}: its run failed")
    if not isinstance(child.response, Mapping | None):
        raise CommandFailed(
            f"{child.owner.entity_id}: answered with {child.response!r}, no mapping"
        )
    if response is not None:
        run.variables[response] = child.response or {}


def _await_call(
    machine: Machine,
    run: Run,
    strand: Strand,
    here: int,
    call: Call,
    response: str | None,
    *,
    may_repeat: bool,
) -> int:
    machine.hold(run, strand, "call", here, None, REPEATABLE if may_repeat else None)

    def ended(call: Call) -> None:
        try:
            _take_answer(run, call, None, response)
        except CommandFailed as err:
            machine.fail(run, strand, here, err)
        else:
            machine.resume(run, strand, here + 1)

    call.on_done(ended)
    return WAIT


def _await_run(
    machine: Machine, run: Run, strand: Strand, here: int, child: Run, response: str | None
) -> int:
    machine.hold(run, strand, "run", here, None, {"run": child.key, "response": response})
    child.on_end.append(lambda child: run_ended(machine, run, strand, here, child, response))
    return WAIT


def run_ended(
    machine: Machine, run: Run, strand: Strand, here: int, child: Run, response: str | None
) -> None:
    """Let a strand go on whose called script has ended."""
    try:
        _take_response(run, child, response)
    except CommandFailed as err:
        machine.fail(run, strand, here, err)
    else:
        machine.resume(run, strand, here + 1)
