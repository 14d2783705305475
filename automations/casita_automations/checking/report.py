"""Gathers what a check finds, each with its place."""

from __future__ import annotations

from casita.asking import Finding, Respelling, Severity
from casita_automations.parsing import At
from casita_config import place_of


class Report:
    """The findings so far; the same one is told once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str | None, int | None, str], Finding] = {}

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
        self._found.setdefault(key, finding)

    def findings(self) -> list[Finding]:
        """Return all, in the order of files and lines."""
        return sorted(
            self._found.values(), key=lambda one: (one.file or "", one.line or 0, one.code)
        )

    def _tell(
        self, code: str, severity: Severity, at: At, message: str, fix: Respelling | None = None
    ) -> None:
        place = place_of(at.tree, at.path)
        self.add(
            Finding(
                code=code,
                severity=severity,
                message=message,
                file=place.file if place else None,
                line=place.line if place else None,
                key=str(at),
                fix=fix,
            )
        )
