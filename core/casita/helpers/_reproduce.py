"""Which services bring a thing into a state that was written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from casita.domains.fitting import only
from casita.events import State
from casita.ids import domain_of

Attributes = Mapping[str, Any]
Calls = list[tuple[str, dict[str, Any]]]


class Wanted(NamedTuple):
    """A state that something is to have."""

    entity_id: str
    state: str
    attributes: Attributes


class Step(NamedTuple):
    """A service that sets one attribute."""

    attribute: str
    service: str
    field: str


class Domain(NamedTuple):
    """How the things of a domain are brought into a state: first the state, then the rest."""

    states: Mapping[str, str]
    """Which service leads to which state; ``*`` stands for any other."""
    steps: tuple[Step, ...] = ()


def calls_for(wanted: Wanted, present: State | None, transition_s: float | None = None) -> Calls:
    """Return the services to call, with their data; none if it is in that state already.

    Raises `LookupError` if things of this domain cannot be brought into states.
    """
    domain = domain_of(wanted.entity_id)
    if present is not None and _is_so(wanted, present):
        return []
    special = _SPECIAL.get(domain)
    if special is not None:
        return special(wanted, transition_s)
    return _by_table(domain, _DOMAINS[domain], wanted, present)


def _is_so(wanted: Wanted, present: State) -> bool:
    return present.state == wanted.state and all(
        _same(present.attributes.get(key), value) for key, value in wanted.attributes.items()
    )


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return list(left) == list(right)
    return bool(left == right)


def _by_table(domain: str, table: Domain, wanted: Wanted, present: State | None) -> Calls:
    calls: Calls = []
    service = table.states.get(wanted.state, table.states.get("*"))
    if service is not None and (present is None or present.state != wanted.state):
        calls.append((f"{domain}.{service}", {}))
    if wanted.state == "off":
        return calls
    shown = present.attributes if present else {}
    return calls + [
        (f"{domain}.{step.service}", {step.field: wanted.attributes[step.attribute]})
        for step in table.steps
        if step.attribute in wanted.attributes
        and not _same(shown.get(step.attribute), wanted.attributes[step.attribute])
    ]


_LIGHT_FIELDS: Final = ("brightness", "brightness_pct", "effect", "flash", "white")
_COLOURS: Final = (
    "hs_color", "color_temp_kelvin", "rgb_color", "rgbw_color", "rgbww_color", "xy_color",
    "kelvin", "color_temp", "color_name",
)  # fmt: skip


def _light(wanted: Wanted, transition_s: float | None) -> Calls:
    timing = {} if transition_s is None else {"transition": transition_s}
    if wanted.state == "off":
        return [("light.turn_off", timing)]
    data = only(wanted.attributes, _LIGHT_FIELDS)
    mode = wanted.attributes.get("color_mode")
    own = "color_temp_kelvin" if mode == "color_temp" else f"{mode}_color"
    colour = next(
        (field for field in (own, *_COLOURS) if wanted.attributes.get(field) is not None), None
    )
    if colour is not None:
        data[colour] = wanted.attributes[colour]
    data = {key: value for key, value in data.items() if value is not None}
    return [("light.turn_on", {**data, **timing})]


def _climate(wanted: Wanted, _: float | None) -> Calls:
    calls: Calls = []
    if wanted.state not in ("unknown", "unavailable"):
        calls.append(("climate.set_hvac_mode", {"hvac_mode": wanted.state}))
    given = {key: value for key, value in wanted.attributes.items() if value is not None}
    target = only(given, ("target_temp_high", "target_temp_low"))
    target = target or only(given, ("temperature",))
    if target:
        calls.append(("climate.set_temperature", target))
    for field in ("preset_mode", "fan_mode", "swing_mode", "humidity"):
        if field in given:
            calls.append((f"climate.set_{field}", {field: given[field]}))
    return calls


def _moving(position: str, tilt: str | None, noun: str) -> Callable[..., Calls]:
    """Return what moves covers or valves: to a position if one is given, or else all the way."""

    def move(wanted: Wanted, _: float | None) -> Calls:
        domain, shown = noun, wanted.attributes
        calls: Calls = []
        if shown.get(position) is not None:
            calls.append((f"{domain}.set_{noun}_position", {"position": shown[position]}))
        elif wanted.state in ("open", "opening"):
            calls.append((f"{domain}.open_{noun}", {}))
        elif wanted.state in ("closed", "closing"):
            calls.append((f"{domain}.close_{noun}", {}))
        if tilt is not None and shown.get(tilt) is not None:
            calls.append((f"{domain}.set_{noun}_tilt_position", {"tilt_position": shown[tilt]}))
        return calls

    return move


def _setting(service: str, field: str) -> Callable[..., Calls]:
    """Return what sets a thing whose state is a value."""

    def set_value(wanted: Wanted, _: float | None) -> Calls:
        return [(service, {field: wanted.state})]

    return set_value


def _input_datetime(wanted: Wanted, _: float | None) -> Calls:
    field = "time" if ":" in wanted.state else "date"
    if "-" in wanted.state and ":" in wanted.state:
        field = "datetime"
    return [("input_datetime.set_datetime", {field: wanted.state})]


def _group(wanted: Wanted, _: float | None) -> Calls:
    return [(f"group.turn_{'on' if wanted.state == 'on' else 'off'}", {})]


def _timer(wanted: Wanted, _: float | None) -> Calls:
    if wanted.state == "active":
        return [("timer.start", only(wanted.attributes, ("duration",)))]
    return [("timer.pause" if wanted.state == "paused" else "timer.cancel", {})]


_SPECIAL: Final[Mapping[str, Callable[[Wanted, float | None], Calls]]] = {
    "light": _light,
    "climate": _climate,
    "cover": _moving("current_position", "current_tilt_position", "cover"),
    "valve": _moving("current_position", None, "valve"),
    "number": _setting("number.set_value", "value"),
    "input_number": _setting("input_number.set_value", "value"),
    "counter": _setting("counter.set_value", "value"),
    "select": _setting("select.select_option", "option"),
    "input_select": _setting("input_select.select_option", "option"),
    "text": _setting("text.set_value", "value"),
    "input_text": _setting("input_text.set_value", "value"),
    "date": _setting("date.set_value", "date"),
    "time": _setting("time.set_value", "time"),
    "datetime": _setting("datetime.set_value", "datetime"),
    "input_datetime": _input_datetime,
    "group": _group,
    "timer": _timer,
}

_ON_OFF: Final = {"on": "turn_on", "off": "turn_off"}
_DOMAINS: Final = {
    **dict.fromkeys(
        ("automation", "input_boolean", "remote", "script", "siren", "switch"), Domain(_ON_OFF)
    ),
    "fan": Domain(
        _ON_OFF,
        (
            Step("percentage", "set_percentage", "percentage"),
            Step("preset_mode", "set_preset_mode", "preset_mode"),
            Step("oscillating", "oscillate", "oscillating"),
            Step("direction", "set_direction", "direction"),
        ),
    ),
    "humidifier": Domain(
        _ON_OFF,
        (Step("mode", "set_mode", "mode"), Step("humidity", "set_humidity", "humidity")),
    ),
    "lock": Domain({"locked": "lock", "unlocked": "unlock", "open": "open"}),
    "media_player": Domain(
        {
            "off": "turn_off",
            "playing": "media_play",
            "paused": "media_pause",
            "idle": "media_stop",
            "*": "turn_on",
        },
        (
            Step("volume_level", "volume_set", "volume_level"),
            Step("is_volume_muted", "volume_mute", "is_volume_muted"),
            Step("source", "select_source", "source"),
            Step("sound_mode", "select_sound_mode", "sound_mode"),
        ),
    ),
    "water_heater": Domain(
        {"off": "turn_off", "*": "turn_on"},
        (
            Step("temperature", "set_temperature", "temperature"),
            Step("operation_mode", "set_operation_mode", "operation_mode"),
            Step("away_mode", "set_away_mode", "away_mode"),
        ),
    ),
    "vacuum": Domain(
        {
            "cleaning": "start",
            "docked": "return_to_base",
            "returning": "return_to_base",
            "idle": "stop",
            "paused": "pause",
        },
        (Step("fan_speed", "set_fan_speed", "fan_speed"),),
    ),
    "lawn_mower": Domain({"mowing": "start_mowing", "docked": "dock", "paused": "pause"}),
    "alarm_control_panel": Domain(
        {
            "disarmed": "alarm_disarm",
            "armed_home": "alarm_arm_home",
            "armed_away": "alarm_arm_away",
            "armed_night": "alarm_arm_night",
            "armed_vacation": "alarm_arm_vacation",
            "armed_custom_bypass": "alarm_arm_custom_bypass",
            "triggered": "alarm_trigger",
        }
    ),
}
