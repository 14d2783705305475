"""Functions that the hub's own plugins offer to the command line and the API."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from casita.errors import CasitaError
from casita.host._loader import own


def tool(name: str) -> Any:
    """Return a function that one of the hub's own plugins offers under a name.

    Raises `CasitaError` if none does: then the installation is not whole.
    """
    for plugin in own():
        if name in plugin.tools:
            module, _, function = plugin.tools[name].partition(":")
            return getattr(import_module(module), function)
    raise CasitaError(f"no part of this installation offers {name!r}; install casita again")
