"""Test results as JUnit's XML, which every CI system reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from casita.testruns import TestReport, TestResult, Verdict

_TAGS: Final = {Verdict.FAILED: "failure", Verdict.ERROR: "error"}
_NOT_IN_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def write_junit(report: TestReport, path: Path) -> None:
    """Write results to a file. Raises `OSError`."""
    root = ElementTree.Element("testsuites", _counts(report.results), time=f"{report.took_s:.3f}")
    for name, results in groupby(report.results, key=lambda one: one.of):
        group = list(results)
        suite = ElementTree.SubElement(root, "testsuite", _counts(group), name=_clean(name))
        suite.set("time", f"{sum(one.took_s for one in group):.3f}")
        for one in group:
            _add(suite, one)
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _add(suite: ElementTree.Element, one: TestResult) -> None:
    case = ElementTree.SubElement(
        suite, "testcase", classname=_clean(one.of), name=_clean(one.name), time=f"{one.took_s:.3f}"
    )
    if one.file is not None:
        case.set("file", _clean(one.file))
    if one.line is not None:
        case.set("line", str(one.line))
    if one.verdict in _TAGS:
        message = _clean(one.message or "")
        ElementTree.SubElement(case, _TAGS[one.verdict], message=message).text = _clean(str(one))


def _counts(results: Sequence[TestResult]) -> dict[str, str]:
    verdicts = [one.verdict for one in results]
    return {
        "tests": str(len(verdicts)),
        "failures": str(verdicts.count(Verdict.FAILED)),
        "errors": str(verdicts.count(Verdict.ERROR)),
    }


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub(" ", text)
