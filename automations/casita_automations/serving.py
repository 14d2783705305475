"""The services of automations and scripts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
import voluptuous as vol

from casita.reloads import ReloadReport
from casita.services import Command, Kind, Outcome, Service, Status
from casita_automations.automation import Automation
from casita_automations.owner import Owner
from casita_automations.parts import Parts
from casita_automations.running import Result
from casita_automations.script import Script
from casita_automations.shown import Shown
from casita_automations.turns import require_mine
from casita_config.schemas import boolean

_NO_DATA: Final[dict[Any, Any]] = {}
_AUTOMATION: Final = (
    ("turn_on", _NO_DATA, Kind.SET, "Let an automation react from now on."),
    (
        "turn_off",
        {vol.Optional("stop_actions", default=True): boolean},
        Kind.SET,
        "Keep an automation from reacting; end its runs unless stop_actions is false.",
    ),
    ("toggle", _NO_DATA, Kind.PULSE, "Turn an automation on if it is off, and off if it is on."),
    (
        "trigger",
        {vol.Optional("skip_condition", default=True): boolean, vol.Optional("variables"): dict},
        Kind.PULSE,
        "Run an automation now.",
    ),
)
_SCRIPT: Final = (
    ("turn_on", {vol.Optional("variables"): dict}, Kind.PULSE, "Start a script."),
    ("turn_off", _NO_DATA, Kind.SET, "End the runs of a script."),
    ("toggle", {vol.Optional("variables"): dict}, Kind.PULSE, "Start a script, or end its runs."),
)


_RELOAD: Final = {
    vol.Optional("force", default=False): boolean,
    vol.Optional("dry_run", default=False): boolean,
}
Reload = Callable[..., Awaitable[ReloadReport]]


class Services:
    """Offers what automations and scripts can be asked to do."""

    def __init__(self, parts: Parts, owners: dict[str, Owner], shown: Shown) -> None:
        self._parts = parts
        self._commands = parts.kernel.commands
        self._owners = owners
        self._shown = shown
        self._registered: list[str] = []

    def register(self, reload: Reload) -> None:
        """Add the services that work on any automation or script, and those that reload all."""

        async def take(command: Command) -> Outcome:
            report = await reload(**command.data)
            refused = not report.active and not report.dry_run
            return Outcome(
                status=Status.FAILED if refused else Status.DONE,
                message=_refusal(report) if refused else None,
                response=msgspec.to_builtins(report),
            )

        for domain, services in (("automation", _AUTOMATION), ("script", _SCRIPT)):
            for name, schema, kind, description in services:
                self._register(
                    Service(
                        domain=domain, name=name, schema=vol.Schema(dict(schema)), kind=kind,
                        description=description,
                    )
                )  # fmt: skip
            self._register(
                Service(
                    domain=domain, name="reload", schema=vol.Schema(_RELOAD), handler=take,
                    description="Read the configuration anew, all or nothing; what is the same "
                    "there goes on. With a fault, or a test that does not pass, nothing changes "
                    "unless force is true; with dry_run nothing changes at all.",
                )
            )  # fmt: skip

    def detach(self, owner: Owner) -> None:
        """Let an automation or a script that is gone take no commands any more."""
        self._commands.detach(owner.entity_id)
        if isinstance(owner, Script):
            self._commands.unregister(owner.entity_id)

    def unregister(self) -> None:
        """Take all of them back."""
        for service_id in self._registered:
            self._commands.unregister(service_id)
        for entity_id in self._owners:
            self._commands.detach(entity_id)

    def attach(self, owner: Owner) -> None:
        """Let an automation or a script take commands."""
        if isinstance(owner, Automation):
            self._commands.attach(owner.entity_id, self._for_automation(owner))
        elif isinstance(owner, Script):
            self._commands.attach(owner.entity_id, self._for_script(owner))
            self._register(
                Service(
                    domain="script", name=owner.item.object_id,
                    schema=vol.Schema({}, extra=vol.ALLOW_EXTRA), kind=Kind.PULSE,
                    description=owner.item.description, handler=self._run_script(owner),
                )
            )  # fmt: skip

    def _register(self, service: Service) -> None:
        self._commands.register(service)
        self._registered.append(service.id)

    def _for_automation(self, automation: Automation) -> Callable[[Command], Outcome | None]:
        def take(command: Command) -> Outcome | None:
            action, data = command.action, command.data
            if action == "trigger":
                self._trigger(automation, command)
            elif action == "turn_on" or (action == "toggle" and not automation.enabled):
                automation.turn_on()
            else:
                automation.turn_off(stop_runs=data.get("stop_actions", True))
            self._shown.freshen(automation.entity_id)
            return None

        return take

    def _trigger(self, automation: Automation, command: Command) -> None:
        require_mine(self._parts.kernel, automation.entity_id)
        automation.trigger(
            {"platform": None}, command.event,
            skip_condition=command.data.get("skip_condition", True),
            by_hand=command.data.get("variables"),
        )  # fmt: skip

    def _for_script(self, script: Script) -> Callable[[Command], Outcome | None]:
        def take(command: Command) -> Outcome | None:
            action = command.action
            if action == "turn_on" or (action == "toggle" and not script.runs):
                script.call(command.data.get("variables") or {}, command.event)
            else:
                script.stop()
            self._shown.freshen(script.entity_id)
            return None

        return take

    def _run_script(self, script: Script) -> Callable[[Command], Outcome | None]:
        def take(command: Command) -> Outcome | None:
            run = script.call(command.data, command.event)
            self._parts.kernel.commands.begun = run
            if run is None:
                return None
            if run.result is Result.FAILED:
                return Outcome(status=Status.FAILED, message="its run failed")
            if run.result is not None and run.response is not None:
                return Outcome(status=Status.DONE, response=run.response)
            return None

        return take


def _refusal(report: ReloadReport) -> str:
    against = [*report.problems, *(f"test: {one}" for one in report.broken_tests)]
    more = f" (and {len(against) - 1} more)" if len(against) > 1 else ""
    return f"the old configuration stays in force: {against[0]}{more}"
