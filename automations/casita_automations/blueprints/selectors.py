"""Selectors: what an input of a blueprint, or a field of a script, may be given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import voluptuous as vol

from casita.errors import did_you_mean
from casita_automations.parsing import listed
from casita_config.schemas import boolean, number, string

Selector = Mapping[str, Any]
_TEXTS: Final = vol.All(listed, [string])


def _mapping(schema: Mapping[Any, Any]) -> Callable[[Any], Any]:
    compiled = vol.Schema(dict(schema))
    return lambda value: compiled({} if value is None else value)


def _one_or_more(schema: Mapping[Any, Any]) -> Callable[[Any], Any]:
    compiled = vol.Schema([dict(schema)])
    return lambda value: compiled(listed(value))


_ENTITY_FILTER: Final = {
    vol.Optional("integration"): string,
    vol.Optional("domain"): _TEXTS,
    vol.Optional("device_class"): _TEXTS,
    vol.Optional("supported_features"): listed,
    vol.Optional("unit_of_measurement"): _TEXTS,
}
_DEVICE_FILTER: Final = {
    vol.Optional("integration"): string,
    vol.Optional("manufacturer"): string,
    vol.Optional("model"): string,
    vol.Optional("model_id"): string,
}
_OLD_DEVICE: Final = {**_DEVICE_FILTER, vol.Optional("entity"): _one_or_more(_ENTITY_FILTER)}
_ENTITIES: Final = {vol.Optional("entity"): _one_or_more(_ENTITY_FILTER)}
_DEVICES: Final = {vol.Optional("device"): _one_or_more(_DEVICE_FILTER)}
_MULTIPLE: Final = {vol.Optional("multiple", default=False): boolean}
_REORDER: Final = {vol.Optional("reorder", default=False): boolean}
_PLACES: Final = {**_ENTITIES, **_DEVICES, **_MULTIPLE, **_REORDER}
_NOTHING: Final[Mapping[Any, Any]] = {}


def _number(config: Any) -> Any:
    checked = _NUMBER(config)
    if checked["mode"] == "slider" and ("min" not in checked or "max" not in checked):
        raise vol.Invalid("a slider has 'min' and 'max'; give both, or take 'mode: box'")
    return checked


def _step(value: Any) -> Any:
    if value == "any":
        return value
    checked = number(value)
    if checked < 1e-3:
        raise vol.Invalid(f"a step is at least 0.001, or 'any'; got {value!r}")
    return checked


def _option(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _OPTION(value)
    return string(value)


_OPTION: Final = vol.Schema(
    {
        vol.Required("value"): string,
        vol.Required("label"): string,
        vol.Optional("description"): string,
        vol.Optional("image"): object,
    }
)


def _with_default_mode(config: Mapping[str, Any]) -> dict[str, Any]:
    limits = "min" in config and "max" in config
    return {"mode": "slider" if limits else "box", **config}


_NUMBER: Final = _mapping(
    {
        vol.Optional("min"): number,
        vol.Optional("max"): number,
        vol.Optional("step"): _step,
        vol.Optional("unit_of_measurement"): string,
        vol.Optional("mode", default="slider"): vol.In(["box", "slider"]),
        vol.Optional("translation_key"): string,
    }
)
_SELECT: Final = _mapping(
    {
        vol.Required("options"): vol.All(listed, [_option]),
        **_MULTIPLE,
        **_REORDER,
        vol.Optional("custom_value"): boolean,
        vol.Optional("mode"): vol.In(["list", "dropdown", "box"]),
        vol.Optional("translation_key"): string,
        vol.Optional("sort"): boolean,
        vol.Optional("box_max_columns"): number,
    }
)
_COLOR_TEMP: Final = {
    vol.Optional("unit"): vol.In(["kelvin", "mired"]),
    **{vol.Optional(key): vol.Maybe(number) for key in ("min", "max", "max_mireds", "min_mireds")},
}
_TEXT: Final = {
    vol.Optional("multiline"): boolean,
    vol.Optional("prefix"): string,
    vol.Optional("suffix"): string,
    vol.Optional("type"): vol.In(
        [
            "number", "text", "search", "tel", "url", "email", "password", "date", "month",
            "week", "time", "datetime-local", "color",
        ]
    ),
    vol.Optional("autocomplete"): string,
    **_MULTIPLE,
    vol.Optional("custom_value"): boolean,
}  # fmt: skip
_ENTITY: Final = {
    **_ENTITY_FILTER,
    vol.Optional("exclude_entities"): _TEXTS,
    vol.Optional("include_entities"): _TEXTS,
    **_MULTIPLE,
    **_REORDER,
    vol.Optional("filter"): _one_or_more(_ENTITY_FILTER),
}
_DEVICE: Final = {**_OLD_DEVICE, **_MULTIPLE, vol.Optional("filter"): _one_or_more(_DEVICE_FILTER)}
_CONSTANT: Final = {
    vol.Required("value"): object,
    vol.Optional("label"): string,
    vol.Optional("translation_key"): string,
}
_OBJECT: Final = {
    vol.Optional("fields"): dict,
    **_MULTIPLE,
    vol.Optional("label_field"): string,
    vol.Optional("description_field"): string,
    vol.Optional("translation_key"): string,
}
_STATE: Final = {
    vol.Optional("entity_id"): _TEXTS,
    vol.Optional("hide_states"): listed,
    vol.Optional("attribute"): string,
    **_MULTIPLE,
}
_LANGUAGE: Final = {
    vol.Optional("languages"): [string],
    vol.Optional("native_name"): boolean,
    vol.Optional("no_sort"): boolean,
}
_LABEL: Final = {**_MULTIPLE}

SELECTORS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "action": _mapping({vol.Optional("optionsInSidebar"): boolean}),
    "addon": _mapping({vol.Optional("name"): string, vol.Optional("slug"): string}),
    "app": _mapping({vol.Optional("name"): string, vol.Optional("slug"): string}),
    "area": _mapping(_PLACES),
    "areas_display": _mapping(_NOTHING),
    "assist_pipeline": _mapping({vol.Optional("include_last_used"): boolean}),
    "attribute": _mapping(
        {vol.Required("entity_id"): object, vol.Optional("hide_attributes"): listed}
    ),
    "automation_behavior": _mapping({vol.Optional("mode"): string}),
    "backup_location": _mapping(_NOTHING),
    "boolean": _mapping(_NOTHING),
    "button_toggle": _mapping(
        {
            vol.Required("options"): vol.All(listed, [_option]),
            vol.Optional("translation_key"): string,
            vol.Optional("sort"): boolean,
        }
    ),
    "choose": _mapping({vol.Required("choices"): dict, vol.Optional("translation_key"): string}),
    "color_rgb": _mapping(_NOTHING),
    "color_temp": _mapping(_COLOR_TEMP),
    "condition": _mapping({vol.Optional("optionsInSidebar"): boolean}),
    "config_entry": _mapping({vol.Optional("integration"): string}),
    "constant": _mapping(_CONSTANT),
    "conversation_agent": _mapping({vol.Optional("language"): string}),
    "country": _mapping({vol.Optional("countries"): [string], vol.Optional("no_sort"): boolean}),
    "date": _mapping(_NOTHING),
    "datetime": _mapping(_NOTHING),
    "device": _mapping(_DEVICE),
    "duration": _mapping(
        {
            vol.Optional("enable_day"): boolean,
            vol.Optional("enable_second"): boolean,
            vol.Optional("enable_millisecond"): boolean,
            vol.Optional("allow_negative"): boolean,
        }
    ),
    "entity": _mapping(_ENTITY),
    "file": _mapping({vol.Required("accept"): string}),
    "floor": _mapping(_PLACES),
    "icon": _mapping({vol.Optional("placeholder"): string, vol.Optional("fallback_path"): string}),
    "label": _mapping(_LABEL),
    "language": _mapping(_LANGUAGE),
    "location": _mapping({vol.Optional("radius"): boolean, vol.Optional("icon"): string}),
    "media": _mapping({vol.Optional("accept"): [string], **_MULTIPLE}),
    "navigation": _mapping(_NOTHING),
    "number": lambda value: _number(_with_default_mode(value or {})),
    "object": _mapping(_OBJECT),
    "period": _mapping({vol.Optional("options"): listed}),
    "qr_code": _mapping(
        {
            vol.Required("data"): string,
            vol.Optional("scale"): number,
            vol.Optional("error_correction_level"): string,
        }
    ),
    "schedule": _mapping(_NOTHING),
    "select": _SELECT,
    "selector": _mapping(_NOTHING),
    "serial_port": _mapping(_NOTHING),
    "state": _mapping(_STATE),
    "statistic": _mapping(_MULTIPLE),
    "stt": _mapping({vol.Optional("language"): string}),
    "target": _mapping({**_ENTITIES, **_DEVICES}),
    "template": _mapping(_NOTHING),
    "text": _mapping(_TEXT),
    "theme": _mapping({vol.Optional("include_default"): boolean}),
    "time": _mapping({vol.Optional("no_second"): boolean}),
    "trigger": _mapping({vol.Optional("optionsInSidebar"): boolean}),
    "tts": _mapping({vol.Optional("language"): string}),
    "tts_voice": _mapping({vol.Optional("engineId"): string, vol.Optional("language"): string}),
    "ui_action": _mapping(
        {vol.Optional("actions"): [string], vol.Optional("default_action"): string}
    ),
    "ui_color": _mapping(
        {
            vol.Optional("default_color"): object,
            vol.Optional("include_none"): boolean,
            vol.Optional("include_state"): boolean,
        }
    ),
}
"""Kinds of selector, and what checks the options of each."""


_FIELD: Final = vol.Schema(
    {
        vol.Optional("name"): string,
        vol.Optional("description"): string,
        vol.Optional("example"): object,
        vol.Optional("default"): object,
        vol.Optional("advanced"): boolean,
        vol.Optional("required"): boolean,
        vol.Optional("selector"): lambda value: selector(value),
    }
)


def fields(value: Any) -> dict[str, Any]:
    """Check the fields of a script: what it may be called with; a schema's validator."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise vol.Invalid("fields are lines of 'name:', each with what is said of it below")
    return {str(name): _field(name, about) for name, about in value.items()}


def _field(name: Any, about: Any) -> Any:
    try:
        return _FIELD({} if about is None else about)
    except vol.Invalid as err:
        err.prepend([name])
        raise


def selector(value: Any) -> dict[str, Any]:
    """Check a selector: one kind with its options; a schema's validator."""
    if not isinstance(value, Mapping) or len(value) != 1:
        raise vol.Invalid("a selector is one kind with its options, as 'number: {min: 0, max: 9}'")
    kind, options = next(iter(value.items()))
    check = SELECTORS.get(kind)
    if check is None:
        raise vol.Invalid(f"there is no selector {kind!r}.{did_you_mean(str(kind), SELECTORS)}")
    if isinstance(options, Mapping):
        options = {key: option for key, option in options.items() if key != "read_only"}
    try:
        return {str(kind): check(options)}
    except vol.Invalid as err:
        err.prepend([kind])
        raise
