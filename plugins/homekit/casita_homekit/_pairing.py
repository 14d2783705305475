"""Pairs with an accessory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from aiohomekit.characteristic_cache import CharacteristicCacheMemory
from aiohomekit.controller.ip.controller import IpController
from aiohomekit.controller.ip.discovery import IpDiscovery
from aiohomekit.controller.ip.pairing import IpPairing
from aiohomekit.exceptions import (
    AccessoryDisconnectedError,
    AccessoryNotFoundError,
    AuthenticationError,
    BackoffError,
    BusyError,
    HomeKitException,
    MaxPeersError,
    MaxTriesError,
    UnavailableError,
)

from casita import AuthFailed, Candidate, Home, NotReady, SetupFailed

_FIND_WITHIN_S: Final = 10.0
_TRIVIAL: Final = frozenset(
    [*(str(digit) * 8 for digit in range(10)), "12345678", "87654321"]
)  # the specification forbids accessories to have these


async def pair(candidate: Candidate, code: str, home: Home) -> Mapping[str, Any]:
    """Return the keys of a new pairing.

    Raises `AuthFailed` if the code is wrong, `NotReady` if the accessory does not answer or has
    to be left alone for a while, `SetupFailed` if it is paired with somebody else.
    """
    pin = _formatted(candidate, code)
    controller = IpController(
        char_cache=CharacteristicCacheMemory(), zeroconf_instance=await home.network.zeroconf()
    )
    await controller.async_start()
    try:
        discovery = await controller.async_find(candidate.key, _FIND_WITHIN_S)
        assert isinstance(discovery, IpDiscovery)
        finish = await discovery.async_start_pairing(candidate.key)
        try:
            pairing = await finish(pin)
        finally:
            await discovery.close()
        assert isinstance(pairing, IpPairing)
        settings = dict(pairing.pairing_data)
        await pairing.close()
        return settings
    except HomeKitException as err:
        raise _translated(candidate, err) from err
    finally:
        await controller.async_stop()


def _formatted(candidate: Candidate, code: str) -> str:
    digits = re.sub(r"[\s-]", "", code)
    if not re.fullmatch(r"\d{8}", digits):
        raise AuthFailed(
            f"{candidate.title}: {len(digits)} characters were given; its code has eight digits, "
            f"as 031-45-154"
        )
    if digits in _TRIVIAL:
        raise AuthFailed(f"{candidate.title}: no accessory may have this code; look again")
    return f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"


def _translated(candidate: Candidate, err: HomeKitException) -> Exception:
    title = candidate.title
    if isinstance(err, AuthenticationError):
        return AuthFailed(f"{title}: this is not its code; look at the accessory and try again")
    if isinstance(err, BackoffError | BusyError):
        return NotReady(
            f"{title}: it is pairing with somebody else, or wants a pause; wait a minute"
        )
    if isinstance(err, MaxTriesError):
        return SetupFailed(f"{title}: too many wrong codes; switch it off and on, then try again")
    if isinstance(err, UnavailableError | MaxPeersError):
        return SetupFailed(f"{title}: it is paired with somebody else; remove that pairing first")
    if isinstance(err, AccessoryNotFoundError | AccessoryDisconnectedError):
        return NotReady(f"{title}: no answer; is it powered and on this network?")
    return SetupFailed(f"{title}: pairing failed: {type(err).__name__}: {err}")
