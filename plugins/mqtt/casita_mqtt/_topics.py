"""Topics and filters: what is valid, and who wants to hear what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from casita_mqtt._message import Message

Handler = Callable[[Message], None]

_MAX_BYTES: Final = 65_535
_SEEN_LIMIT: Final = 10_000
"""Topics of which one subscription remembers what came last."""


def valid_topic(topic: str) -> str:
    """Return a topic to publish to, or raise `ValueError`."""
    _check(topic)
    if "+" in topic or "#" in topic:
        raise ValueError(f"{topic}: wildcards (+, #) have no place in a topic to publish to")
    return topic


def valid_filter(text: str) -> str:
    """Return a topic to subscribe to, which may have wildcards, or raise `ValueError`."""
    _check(text)
    levels = text.split("/")
    for position, level in enumerate(levels):
        if "+" in level and level != "+":
            raise ValueError(f"{text}: + stands for a whole level, as in home/+/state")
        if "#" in level and (level != "#" or position != len(levels) - 1):
            raise ValueError(f"{text}: # stands for all levels at the end, as in home/#")
    return text


def has_wildcard(text: str) -> bool:
    """Say whether a valid filter matches more than one topic."""
    return "+" in text or "#" in text


def _check(text: str) -> None:
    if not text:
        raise ValueError("a topic cannot be empty")
    if "\0" in text:
        raise ValueError("a topic cannot hold a null character")
    if len(text.encode("utf-8", "replace")) > _MAX_BYTES:
        raise ValueError(f"a topic cannot be longer than {_MAX_BYTES} bytes")


class Subscription:
    """One handler's wish for one filter. Cancelling it twice is harmless."""

    __slots__ = ("_on_cancel", "_seen", "filter", "handler", "owner", "qos")

    def __init__(
        self,
        filter: str,
        handler: Handler,
        *,
        qos: int,
        owner: str,
        on_cancel: Callable[[Subscription], None],
    ) -> None:
        """``owner`` is named in the log when the handler fails."""
        self.filter = filter
        self.handler = handler
        self.qos = qos
        self.owner = owner
        self._on_cancel: Callable[[Subscription], None] | None = on_cancel
        self._seen: dict[str, tuple[int, int]] = {}

    def cancel(self) -> None:
        """Stop the handler from being called."""
        on_cancel, self._on_cancel = self._on_cancel, None
        if on_cancel is not None:
            on_cancel(self)

    @property
    def active(self) -> bool:
        """Whether it was not cancelled."""
        return self._on_cancel is not None

    def is_news(self, message: Message, connection: int) -> bool:
        """Say whether the handler has to hear a message, and remember it.

        A kept message is news once: not when the broker repeats it because somebody else
        subscribed, and not when it is the same after a reconnect (``connection`` counts them).
        """
        digest = hash(message.payload)
        known = self._seen.get(message.topic)
        if known is None:
            if len(self._seen) >= _SEEN_LIMIT:
                del self._seen[next(iter(self._seen))]
        elif message.retain and (known[0] == connection or known[1] == digest):
            return False
        self._seen[message.topic] = (connection, digest)
        return True


class _Node:
    """A level of the filters with wildcards."""

    __slots__ = ("children", "subscriptions")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.subscriptions: list[Subscription] = []


class TopicIndex:
    """Finds the subscriptions of a topic without looking at the others."""

    def __init__(self) -> None:
        self._exact: dict[str, list[Subscription]] = {}
        self._root = _Node()
        self._wildcards: dict[str, int] = {}

    def add(self, subscription: Subscription) -> None:
        """Take a subscription in."""
        if has_wildcard(subscription.filter):
            filter = subscription.filter
            self._wildcards[filter] = self._wildcards.get(filter, 0) + 1
            self._node(filter).subscriptions.append(subscription)
        else:
            self._exact.setdefault(subscription.filter, []).append(subscription)

    def remove(self, subscription: Subscription) -> bool:
        """Take a subscription out; say whether it was the last for its filter."""
        filter = subscription.filter
        if not has_wildcard(filter):
            left = self._exact[filter] = _without(self._exact[filter], subscription)
            if not left:
                del self._exact[filter]
            return not left
        node = self._node(filter)
        node.subscriptions = _without(node.subscriptions, subscription)
        self._wildcards[filter] -= 1
        if self._wildcards[filter] == 0:
            del self._wildcards[filter]
            self._prune(filter)
        return filter not in self._wildcards

    def filters(self) -> dict[str, int]:
        """Return all filters with the highest quality of service that anybody wants."""
        wanted = {f: max(s.qos for s in subs) for f, subs in self._exact.items()}
        for filter in self._wildcards:
            wanted[filter] = max(s.qos for s in self._node(filter).subscriptions)
        return wanted

    def qos(self, filter: str) -> int | None:
        """Return the highest quality of service wanted for a filter; None if nobody wants it."""
        if has_wildcard(filter):
            found = self._node(filter).subscriptions if filter in self._wildcards else []
        else:
            found = self._exact.get(filter, [])
        return max((one.qos for one in found), default=None)

    def match(self, topic: str) -> list[Subscription]:
        """Return the subscriptions that a topic is for: exact ones first."""
        found = list(self._exact.get(topic, ()))
        if self._wildcards:
            found.extend(self._walk(topic))
        return found

    def _walk(self, topic: str) -> Iterator[Subscription]:
        levels = topic.split("/")
        # Wildcards at the first level do not match topics of the broker itself (MQTT 4.7.2).
        hidden = topic.startswith("$")
        nodes = [self._root]
        for depth, level in enumerate(levels):
            following: list[_Node] = []
            for node in nodes:
                if not (hidden and depth == 0):
                    if (rest := node.children.get("#")) is not None:
                        yield from rest.subscriptions
                    if (any_level := node.children.get("+")) is not None:
                        following.append(any_level)
                if (child := node.children.get(level)) is not None:
                    following.append(child)
            nodes = following
            if not nodes:
                return
        for node in nodes:
            yield from node.subscriptions
            if (rest := node.children.get("#")) is not None:
                yield from rest.subscriptions

    def _node(self, filter: str) -> _Node:
        node = self._root
        for level in filter.split("/"):
            node = node.children.setdefault(level, _Node())
        return node

    def _prune(self, filter: str) -> None:
        """Drop the levels that nobody needs any more."""
        path = [self._root]
        levels = filter.split("/")
        for level in levels:
            path.append(path[-1].children[level])
        for parent, level, node in zip(
            reversed(path[:-1]), reversed(levels), reversed(path[1:]), strict=True
        ):
            if node.children or node.subscriptions:
                return
            del parent.children[level]


def _without(subscriptions: list[Subscription], one: Subscription) -> list[Subscription]:
    return [other for other in subscriptions if other is not one]
