"""What tells one form of an automation or a script from another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from casita_automations.program import Program
from casita_config import plain

_NOT_BEHAVIOUR: Final = frozenset({"tests", "description", "when_changed"})


def behaviour(node: Any) -> str:
    """Return what is the same for declarations that do the same, whatever their tests are."""
    node = plain(node)
    if isinstance(node, Mapping):
        node = {key: value for key, value in node.items() if key not in _NOT_BEHAVIOUR}
    return json.dumps(node, default=str, sort_keys=True)


def identity_of(program: Program, node: Any) -> str:
    """Return a short text that a change of the program, or of the declaration, changes."""
    source = json.dumps(program.source, default=str, sort_keys=True)
    return hashlib.sha256(f"{source}\0{behaviour(node)}".encode()).hexdigest()[:16]
