"""Names of things: ids as distinct types, and how they are checked and made."""

from __future__ import annotations

import re
import secrets
import unicodedata
from typing import NewType

EntityId = NewType("EntityId", str)
"""``domain.object_id``, as ``light.hall``; ``home.domain.object_id`` is in another home."""
DeviceId = NewType("DeviceId", str)
AreaId = NewType("AreaId", str)
LabelId = NewType("LabelId", str)
Offset = NewType("Offset", int)
"""Position of an event in the log, from 1; also the event's id."""

_WORD = r"[a-z0-9]+(?:_[a-z0-9]+)*"
_ENTITY_ID = re.compile(rf"(?:{_WORD}\.)?{_WORD}\.[a-z0-9_]+")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")


def is_entity_id(text: str) -> bool:
    """Say whether a text has the form of an entity id."""
    return _ENTITY_ID.fullmatch(text) is not None


def domain_of(entity_id: str) -> str:
    """Return the domain of an entity id: ``light`` of ``light.hall`` and ``cabin.light.hall``."""
    first, _, rest = entity_id.partition(".")
    second, dot, _ = rest.partition(".")
    return second if dot else first


def home_of(entity_id: str) -> str | None:
    """Return the home that an entity is in, or None if that is this one."""
    return entity_id.partition(".")[0] if entity_id.count(".") > 1 else None


def slugify(text: str) -> str:
    """Return a text as lower-case ASCII words joined by ``_``: ``Küche 2`` gives ``kuche_2``."""
    ascii_text = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore")
    return _NOT_SLUG.sub("_", ascii_text.decode().lower()).strip("_") or "unnamed"


def new_id() -> str:
    """Return a fresh random id of 16 hexadecimal digits."""
    return secrets.token_hex(8)
