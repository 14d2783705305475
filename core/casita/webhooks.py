"""Webhooks: addresses at which others tell the house something. Who knows the id may."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any

import msgspec


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What came in at a webhook."""

    webhook_id: str
    method: str
    """``GET``, ``POST`` or ``PUT``."""
    query: Mapping[str, Any]
    """What stood behind the ``?``; a list of texts where a key stood repeatedly."""
    body: Any = None
    """What the JSON in it says; None if nothing was sent."""
    form: Mapping[str, Any] | None = None
    """The fields of a form, if it was one, as in ``query``; without files."""
    remote: str | None = None
    """The address that it came from; None: from the owner's own socket."""

    @property
    def is_local(self) -> bool:
        """Whether it came from this machine or from a private network."""
        if self.remote is None:
            return True
        try:
            address = ip_address(self.remote)
        except ValueError:
            return False
        return address.is_private or address.is_loopback or address.is_link_local


Take = Callable[[Delivery], None]
Cancel = Callable[[], None]


class Webhooks:
    """Who takes what comes in, by the webhook's id."""

    def __init__(self) -> None:
        self._takers: dict[str, list[Take]] = {}

    def register(self, webhook_id: str, take: Take) -> Cancel:
        """Hand on what comes in under an id, until the returned function is called."""
        takers = self._takers.setdefault(webhook_id, [])
        takers.append(take)

        def cancel() -> None:
            if take in takers:
                takers.remove(take)
            if not takers and self._takers.get(webhook_id) is takers:
                del self._takers[webhook_id]

        return cancel

    def deliver(self, delivery: Delivery) -> None:
        """Give what came in to those who take it. Nobody does: it is passed over in silence."""
        for take in tuple(self._takers.get(delivery.webhook_id, ())):
            take(delivery)
