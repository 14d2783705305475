"""``webhook``: somebody has sent something to an address of the hub."""

from __future__ import annotations

from collections.abc import Set
from typing import Any, Final

import voluptuous as vol

from casita.webhooks import Delivery
from casita_automations.parsing import At, listed
from casita_automations.parts import Parts
from casita_automations.triggers.source import Arming, Cancel
from casita_config.schemas import string

_SOURCE: Final = "webhook"
_SCHEMA: Final = vol.Schema(
    {
        vol.Required("webhook_id"): string,
        vol.Optional("allowed_methods", default=["POST", "PUT"]): vol.All(
            listed, [vol.All(vol.Upper, vol.In(["GET", "HEAD", "POST", "PUT"]))]
        ),
        vol.Optional("local_only", default=True): bool,
    }
)


def compiled(config: dict[str, Any], at: At, parts: Parts) -> WebhookTrigger:
    """Compile the trigger from its keys."""
    checked = at.check(_SCHEMA, config)
    methods = frozenset(checked["allowed_methods"])
    return WebhookTrigger(parts, checked["webhook_id"], methods, checked["local_only"])


class WebhookTrigger:
    """A compiled ``webhook`` trigger."""

    def __init__(self, parts: Parts, webhook_id: str, methods: Set[str], local_only: bool) -> None:
        self._kernel = parts.kernel
        self._webhook_id = webhook_id
        self._methods = methods
        self._local_only = local_only

    def arm(self, arming: Arming) -> Cancel:
        """Fire from now on, until the returned function is called."""

        def take(delivery: Delivery) -> None:
            if delivery.method not in self._methods:
                return
            if self._local_only and not delivery.is_local:
                return
            event = self._kernel.bus.emit(
                "webhook.received", "webhook", {"method": delivery.method}, source=_SOURCE
            )
            told = {} if delivery.body is None else {"json": delivery.body}
            arming.fires(
                event, platform="webhook", webhook_id=self._webhook_id,
                data=dict(delivery.form or {}), query=dict(delivery.query),
                description="webhook", **told,
            )  # fmt: skip

        return self._kernel.webhooks.register(self._webhook_id, take)
