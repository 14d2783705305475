"""What services check once they know the entity: its features, choices and limits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import voluptuous as vol

from casita.errors import did_you_mean
from casita.events import State
from casita.services import Kind, Prepare, Redirect, Service

Attributes = Mapping[str, Any]
Data = Mapping[str, Any]

EMPTY: Final = vol.Schema({})
_LISTED: Final = 20


# Features


def supports(attributes: Attributes, feature: int) -> bool:
    """Say whether an entity has a feature; yes, if it does not tell its features at all."""
    return "supported_features" not in attributes or has_feature(attributes, feature)


def has_feature(attributes: Attributes, feature: int) -> bool:
    """Say whether an entity tells that it has a feature."""
    return bool(int(attributes.get("supported_features") or 0) & feature)


# Limits


def choosing(**listed_in: str) -> Prepare:
    """Return a ``prepare`` that checks fields against what the entity lists in attributes."""

    def prepare(attributes: Attributes, data: Data) -> Data:
        for field, attribute in listed_in.items():
            if field in data:
                check_choice(attributes, attribute, data[field], field)
        return data

    return prepare


def check_choice(attributes: Attributes, listed_in: str, value: Any, field: str) -> None:
    """Refuse a value that the entity does not list; all are taken if it lists none."""
    choices = [str(choice) for choice in attributes.get(listed_in) or ()]
    if not choices or str(value) in choices:
        return
    hint = did_you_mean(str(value), choices)
    raise vol.Invalid(f"{field} {value!r} is none of: {', '.join(choices[:_LISTED])}.{hint}")


def check_range(attributes: Attributes, low: str, high: str, value: float, field: str) -> None:
    """Refuse a number outside of the limits that the entity tells."""
    lowest, highest = attributes.get(low), attributes.get(high)
    if lowest is not None and value < lowest:
        raise vol.Invalid(f"{field} {value:g} is too low; the lowest is {lowest:g}")
    if highest is not None and value > highest:
        raise vol.Invalid(f"{field} {value:g} is too high; the highest is {highest:g}")


def check_text(attributes: Attributes, data: Data) -> Data:
    """Refuse a ``value`` that is too short or too long, or of another form than ``pattern``."""
    value, lowest, highest = data["value"], attributes.get("min"), attributes.get("max")
    length = len(value)
    if lowest is not None and length < lowest:
        raise vol.Invalid(f"value has {length} characters; the fewest are {lowest}")
    if highest is not None and length > highest:
        raise vol.Invalid(f"value has {length} characters; the most are {highest}")
    pattern = attributes.get("pattern")
    if pattern and not _fits(pattern, value):
        raise vol.Invalid(f"value does not have the form {pattern}")
    return data


def check_code(attributes: Attributes, data: Data) -> Data:
    """Refuse a ``code`` that is missing or does not have the form that the entity tells."""
    form = str(attributes.get("code_format") or "")
    code = data.get("code", "")
    if not form or (code and _fits(_CODE_FORMS.get(form, form), code)):
        return data
    raise vol.Invalid("the code does not have the right form" if code else "it needs a code")


_CODE_FORMS: Final = {"number": r"^\d+$", "text": r"^.+$"}


def _fits(pattern: str, text: str) -> bool:
    """Match a device's pattern, with an engine that no pattern can keep busy."""
    import re2  # type: ignore[import-untyped]  # it has no types; heavy, and needed by few

    try:
        return re2.match(pattern, text) is not None
    except re2.error as err:
        raise vol.Invalid(f"its pattern {pattern!r} is not a regular expression") from err


# On and off, open and closed


def on_off(
    domain: str,
    *,
    what: str,
    turn_on: vol.Schema = EMPTY,
    off_states: Collection[str] | None = None,
    prepare: Prepare | None = None,
) -> tuple[Service, Service, Service]:
    """Return ``turn_on``, ``turn_off`` and ``toggle`` of a domain.

    ``off_states`` as for `toggling`; ``prepare`` is that of ``turn_on``.
    """
    return (
        Service(
            domain=domain,
            name="turn_on",
            schema=turn_on,
            prepare=prepare,
            description=f"Turn {what} on.",
        ),
        Service(domain=domain, name="turn_off", schema=EMPTY, description=f"Turn {what} off."),
        Service(
            domain=domain,
            name="toggle",
            schema=turn_on,
            kind=Kind.PULSE,
            redirect=toggling(domain, off_states),
            description=f"Turn {what} on if it is off, or else off.",
        ),
    )


def toggling(
    domain: str, off_states: Collection[str] | None = None, *, off_fields: Collection[str] = ()
) -> Redirect:
    """Return what turns a toggle into ``turn_on`` or ``turn_off``, by the present state.

    From ``off_states`` it turns on; None: from all but ``on``. Of the data ``turn_off`` gets
    ``off_fields`` only.
    """

    def redirect(state: State, data: Data) -> tuple[str, Data]:
        is_on = state.state == "on" if off_states is None else state.state not in off_states
        if is_on:
            return f"{domain}.turn_off", only(data, off_fields)
        return f"{domain}.turn_on", data

    return redirect


def opening_toggle(domain: str, *, stop: int) -> Redirect:
    """Return what turns a toggle into opening, closing, or, with that feature, stopping."""

    def redirect(state: State, data: Data) -> tuple[str, Data]:
        if state.state in ("opening", "closing") and supports(state.attributes, stop):
            return f"{domain}.stop_{domain}", data
        if state.state in ("closed", "closing"):
            return f"{domain}.open_{domain}", data
        return f"{domain}.close_{domain}", data

    return redirect


def only(data: Data, fields: Collection[str]) -> dict[str, Any]:
    """Return the part of the data that another service knows, too."""
    return {key: value for key, value in data.items() if key in fields}


def fields_of(schema: vol.Schema) -> frozenset[str]:
    """Return the names of a schema's fields."""
    return frozenset(str(key) for key in schema.schema)
