"""Recorded behaviour of Home Assistant, run through the real hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from casita_automations.conformance import vectors

HERE = Path(__file__).parent
VECTORS = [*vectors.read(HERE / "vectors"), *vectors.read(HERE / "known")]


@pytest.mark.parametrize("vector", VECTORS, ids=[one["id"] for one in VECTORS])
def test_it_behaves_as_recorded(vector: dict[str, Any]) -> None:
    difference = vectors.run(vector)

    assert difference is None


def test_the_comparison_notices_a_call_that_was_not_made() -> None:
    vector = {**VECTORS[0], "automation": []}

    difference = vectors.run(vector)

    assert difference is not None
