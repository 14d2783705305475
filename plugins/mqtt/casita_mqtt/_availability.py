"""Whether a device says that it can be reached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from casita_mqtt._configs import AvailabilityConfig

Mode = Literal["all", "any", "latest"]


class Availability:
    """The verdict over one or several topics."""

    def __init__(self, topics: Sequence[AvailabilityConfig], mode: Mode) -> None:
        self.topics = topics
        self._mode: Mode = mode
        self._heard: dict[int, bool] = {}
        self._latest: bool | None = None

    def hear(self, index: int, text: str) -> None:
        """Take down what came on one of the topics, after its template; other texts are ignored."""
        topic = self.topics[index]
        if text == topic.payload_available:
            self._heard[index] = self._latest = True
        elif text == topic.payload_not_available:
            self._heard[index] = self._latest = False

    @property
    def verdict(self) -> bool | None:
        """True, False, or None as long as too little was heard. True if there is no topic."""
        if not self.topics:
            return True
        if self._mode == "latest":
            return self._latest
        heard = self._heard.values()
        decisive = self._mode == "any"
        if decisive in heard:
            return decisive
        return not decisive if len(heard) == len(self.topics) else None
