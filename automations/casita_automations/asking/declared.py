"""An automation's triggers as they are declared, beside what they were compiled to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from casita.vocabulary import AutomationKind
from casita_automations.automation import Automation
from casita_automations.items import as_trigger
from casita_automations.parsing import At, one_of
from casita_automations.triggers.compile import flat
from casita_config import plain


class DeclaredTrigger(NamedTuple):
    """One trigger."""

    number: int
    kind: str
    config: Mapping[str, Any]
    at: At
    enabled: bool

    @property
    def name(self) -> str:
        """What to call it: its alias, its id if it was given one, or its kind and subject."""
        for key in ("alias", "id"):
            if self.config.get(key) is not None:
                return str(self.config[key])
        subject = self.config.get("entity_id", self.config.get("event_type"))
        shown = ", ".join(map(str, subject)) if isinstance(subject, list) else subject
        return f"{self.kind} {shown}" if shown else self.kind


def triggers_of(
    automation: Automation, kinds: Mapping[str, AutomationKind]
) -> list[DeclaredTrigger]:
    """Return the triggers of an automation, in the order of those that are armed."""
    node, at = automation.declared
    if not isinstance(node, Mapping):
        return []
    item = plain(node)
    if "use" in item:
        kind = kinds.get(item["use"])
        given = item.get("with") or {}
        data: Any = [] if kind is None else [as_trigger(one, given) for one in kind.on]
        found = [(one, at.below("use")) for one in data]
    else:
        named = one_of(item, at, "triggers", "trigger")
        found = [] if named is None else flat(named[1], at.below(named[0]))
    return [
        DeclaredTrigger(index, compiled.base["platform"], config, where, compiled.enabled)
        for index, ((config, where), compiled) in enumerate(
            zip(found, automation.triggers, strict=False)
        )
    ]
