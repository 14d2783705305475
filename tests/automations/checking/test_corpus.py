"""People's YAML, all of it, where the conformance material is at hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from casita.asking import Known
from casita.testing import House
from casita_automations.checking import check
from casita_config import ConfigError, Configuration, load_tolerantly

_CORPUS: Final = Path(__file__).parents[4] / "shared" / "conformance" / "automations"
_SECTIONS: Final = ("automation", "script", "scene")


def _homes() -> Iterator[tuple[str, Configuration]]:
    for file in sorted(_CORPUS.glob("train/**/*.yaml")):
        tree = load_tolerantly(file, root=_CORPUS, environ={}).tree
        try:
            yield file.name, Configuration.from_mapping(_sections(tree))
        except ConfigError:
            continue


def _sections(tree: Any) -> dict[str, Any]:
    if isinstance(tree, list):
        return {"automation": tree}
    if not isinstance(tree, dict):
        return {}
    found = {key: node for key, node in tree.items() if str(key).split(" ")[0] in _SECTIONS}
    return found or {"automation": tree}


@pytest.mark.skipif(not _CORPUS.is_dir(), reason="the conformance material is not here")
def test_nothing_that_people_wrote_is_too_strange(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "casita_automations.checking")
    count = 0

    with House() as house:
        for name, config in _homes():
            check(config, house.kernel, Known())
            count += 1
            strange = [one.getMessage() for one in caplog.records if "looked at" in one.message]
            assert not strange, f"{name}: {strange}"
            caplog.clear()

    assert count > 500
