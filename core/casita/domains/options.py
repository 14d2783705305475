"""What ``select`` and ``input_select`` have in common: one of several options is chosen."""

from __future__ import annotations

import voluptuous as vol

from casita.domains.fitting import EMPTY, Data, choosing
from casita.events import State
from casita.services import Kind, Redirect, Service
from casita_config.schemas import boolean, string

_CYCLE = vol.Schema({vol.Optional("cycle", default=True): boolean})


def option_services(domain: str) -> tuple[Service, ...]:
    """Return the services of a domain of choices; its entities get ``select_option`` alone."""
    choose = f"{domain}.select_option"
    return (
        Service(
            domain=domain,
            name="select_option",
            schema=vol.Schema({vol.Required("option"): string}),
            prepare=choosing(option="options"),
            description="Choose one of the options.",
        ),
        Service(
            domain=domain,
            name="select_first",
            schema=EMPTY,
            redirect=_at(choose, 0),
            description="Choose the first option.",
        ),
        Service(
            domain=domain,
            name="select_last",
            schema=EMPTY,
            redirect=_at(choose, -1),
            description="Choose the last option.",
        ),
        Service(
            domain=domain,
            name="select_next",
            schema=_CYCLE,
            kind=Kind.PULSE,
            redirect=_beside(choose, 1),
            description="Choose the next option; with cycle, the first after the last.",
        ),
        Service(
            domain=domain,
            name="select_previous",
            schema=_CYCLE,
            kind=Kind.PULSE,
            redirect=_beside(choose, -1),
            description="Choose the option before; with cycle, the last before the first.",
        ),
    )


def _at(choose: str, index: int) -> Redirect:
    def redirect(state: State, data: Data) -> tuple[str, Data]:
        return choose, {"option": _options(state)[index]}

    return redirect


def _beside(choose: str, step: int) -> Redirect:
    def redirect(state: State, data: Data) -> tuple[str, Data]:
        options = _options(state)
        if state.state not in options:
            return choose, {"option": options[0 if step > 0 else -1]}
        index = options.index(state.state) + step
        if data["cycle"]:
            index %= len(options)
        return choose, {"option": options[min(max(index, 0), len(options) - 1)]}

    return redirect


def _options(state: State) -> list[str]:
    options = list(state.attributes.get("options", ()))
    if not options:
        raise vol.Invalid("it has no options to choose from")
    return options
