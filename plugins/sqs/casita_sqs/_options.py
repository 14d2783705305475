"""What an SQS broker has in the configuration, beside what every broker has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import voluptuous as vol

from casita_config.schemas import duration, slug, string

_LONGEST_WAIT: Final = timedelta(seconds=20)
_VISIBLE: Final = vol.Range(min=timedelta(seconds=1), max=timedelta(hours=12))
_TIMEOUT: Final = vol.Range(min=timedelta(seconds=1), max=timedelta(seconds=20))

SCHEMA: Final = vol.Schema(
    {
        vol.Optional("prefix", default="casita"): slug,
        vol.Optional("access_key"): string,
        vol.Optional("secret_key"): string,
        vol.Optional("endpoint"): string,
        vol.Optional("visibility", default="30s"): vol.All(duration, _VISIBLE),
        vol.Optional("wait", default="10s"): vol.All(duration, vol.Range(max=_LONGEST_WAIT)),
        vol.Optional("timeout", default="15s"): vol.All(duration, _TIMEOUT),
    }
)


def connection(url: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the client is made with: the region, the endpoint, and who we are."""
    names = {
        "endpoint": "endpoint_url",
        "access_key": "aws_access_key_id",
        "secret_key": "aws_secret_access_key",
    }
    found = {theirs: options[ours] for ours, theirs in names.items() if ours in options}
    return {"region_name": urlsplit(url).hostname, **found}
