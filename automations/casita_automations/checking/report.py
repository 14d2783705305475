"""Gathers what a check finds, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec.structs import replace

from casita.asking import Finding, Respelling, Severity
from casita_automations.parsing import At
from casita_config import Place, place_of


class Report:
    """The findings so far; the same one is told once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str | None, int | None, str], Finding] = {}
        self._use: Place | None = None

    @contextmanager
    def inside(self, use: Place | None) -> Iterator[None]:
        """Take what is told within the block for a fault of a blueprint that is used somewhere,
        unless it stands in that file itself. None: no blueprint is used.
        """
        self._use = use
        try:
            yield
        finally:
            self._use = None

    def error(self, code: str, at: At, message: str) -> None:
        """Tell of something that does not work as it is written."""
        self._tell(code, Severity.ERROR, at, message)

    def warning(self, code: str, at: At, message: str) -> None:
        """Tell of something that works, and hardly as it was meant."""
        self._tell(code, Severity.WARNING, at, message)

    def hint(self, code: str, at: At, message: str, fix: Respelling | None = None) -> None:
        """Tell of a better way."""
        self._tell(code, Severity.HINT, at, message, fix)

    def add(self, finding: Finding) -> None:
        """Take in a finding that was made elsewhere."""
        key = (finding.code, finding.file, finding.line, finding.message)
        same = self._found.setdefault(key, finding)
        new = tuple(use for use in finding.uses if use not in same.uses)
        if new:
            self._found[key] = replace(same, uses=(*same.uses, *new))

    def findings(self) -> list[Finding]:
        """Return all, in the order of files and lines."""
        return sorted(
            self._found.values(), key=lambda one: (one.file or "", one.line or 0, one.code)
        )

    def _tell(
        self, code: str, severity: Severity, at: At, message: str, fix: Respelling | None = None
    ) -> None:
        place = place_of(at.tree, at.path)
        use = self._use
        elsewhere = use is not None and place is not None and place.file != use.file
        self.add(
            Finding(
                code=code,
                severity=severity,
                message=message,
                file=place.file if place else None,
                line=place.line if place else None,
                key=str(at),
                fix=fix,
                uses=(f"{use.file}:{use.line}",) if use is not None and elsewhere else (),
            )
        )
