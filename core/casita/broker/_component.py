"""Runs the brokers that the configuration names, each on its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

import voluptuous as vol

from casita.broker._bridge import Bridge, BrokerStatus
from casita.broker._settings import COMMON, for_worker, settings_of
from casita.errors import did_you_mean
from casita.ids import slugify
from casita.plugin import Component
from casita.transport import BrokerKind
from casita.workers import SECTION as WORKER
from casita_config import ConfigError, Problem, place_of, validate_entries

SECTION: Final = "brokers"
_PROBLEM: Final = "config.problem"


class Brokers(Component):
    """The brokers of the house. What is wrong with one keeps none of the others from running."""

    async def start(self) -> None:
        """Begin to connect to all of them."""
        self._bridges: list[Bridge] = []
        config = self.home.kernel.config
        if WORKER.key in config.sections and self.home.kernel.group is None:
            message = "this configuration is for `casita worker`; here nothing is shared"
            self._tell([Problem(message=message, key=WORKER.key)])
        try:
            nodes = config.mapping(SECTION)
        except ConfigError as err:
            self._tell(err.problems)
            return
        good, problems = validate_entries(COMMON, nodes, section=SECTION)
        self._tell(problems)
        for name, given in self._chosen(good).items():
            try:
                self._begin(str(name), given)
            except vol.Invalid as err:
                self._tell([_problem(nodes, name, err)])

    async def stop(self) -> None:
        """Disconnect from all of them."""
        for bridge in self._bridges:
            bridge.stop()

    async def statuses(self) -> list[BrokerStatus]:
        """Return how each broker fares, by name."""
        found = await asyncio.gather(*(one.status() for one in self._bridges))
        return sorted(found, key=lambda one: one.name)

    def _chosen(self, good: Mapping[Any, Any]) -> Mapping[Any, Any]:
        """Return the brokers to speak to: for a worker that of its group alone."""
        group = self.home.kernel.group
        if group is None:
            return good
        wanted = group.settings.broker or next(iter(good), "")
        if len(good) > 1 and group.settings.broker is None:
            names = ", ".join(map(str, good))
            self._tell([Problem(message=f"a worker has one broker: name one of {names}")])
            return {}
        if wanted not in good:
            hint = did_you_mean(wanted, list(map(str, good)))
            self._tell([Problem(message=f"a worker needs its broker {wanted!r}.{hint}")])
            return {}
        return {wanted: good[wanted]}

    def _begin(self, name: str, given: Mapping[str, Any]) -> None:
        kernel = self.home.kernel
        kind, group = self._kind(given["url"]), kernel.group
        if group is None:
            settings = settings_of(name, given, kind, slugify(kernel.config.home.name))
        else:
            given = for_worker(given, group.settings.group)
            if not kind.fans_out:
                message = "workers need a broker that spreads messages by itself: NATS or Kafka"
                raise vol.Invalid(message, path=["url"])
            settings = settings_of(name, given, kind, "", member=group.settings.worker)
        bridge = Bridge(settings, kind, self.home, kernel)
        self._bridges.append(bridge)
        bridge.start()

    def _kind(self, url: str) -> BrokerKind:
        kinds = self.home.kernel.vocabulary.brokers
        scheme, separator, _ = url.partition("://")
        if not separator:
            raise vol.Invalid("expected an address as 'nats://127.0.0.1:4222'", path=["url"])
        if scheme not in kinds:
            hint = did_you_mean(scheme, kinds)
            raise vol.Invalid(
                f"nothing here speaks {scheme}.{hint} Is its package installed (casita-{scheme}), "
                f"and named under 'plugins:'?",
                path=["url"],
            )
        return kinds[scheme]

    def _tell(self, problems: Iterable[Problem]) -> None:
        for one in problems:
            data = {"file": one.file, "line": one.line, "key": one.key, "message": one.message}
            self.home.emit(_PROBLEM, one.file or "config", data)


def _problem(nodes: Mapping[Any, Any], name: Any, err: vol.Invalid) -> Problem:
    faults = err.errors if isinstance(err, vol.MultipleInvalid) else [err]
    path = [str(part) for part in faults[0].path]
    place = place_of(nodes, (name,))
    return Problem(
        message="; ".join(one.error_message for one in faults),
        file=place.file if place else None,
        line=place.line if place else None,
        key=".".join((SECTION, str(name), *path)),
    )
