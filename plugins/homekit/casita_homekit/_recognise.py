"""Tells from an advert whether an accessory can be adopted."""

from __future__ import annotations

from typing import Final

from casita import Advert, Candidate

_CODE: Final = "the 8-digit HomeKit setup code on the accessory, as 031-45-154"
_CATEGORIES: Final = {
    2: "bridge", 3: "fan", 4: "garage door", 5: "light", 6: "lock", 7: "outlet", 8: "switch",
    9: "thermostat", 10: "sensor", 11: "security system", 12: "door", 13: "window",
    14: "window covering", 15: "programmable switch", 17: "camera", 18: "video doorbell",
    19: "air purifier", 20: "heater", 21: "air conditioner", 22: "humidifier",
    23: "dehumidifier", 26: "speaker", 28: "sprinkler", 29: "faucet", 30: "shower head",
    31: "television", 32: "remote control", 33: "router",
}  # fmt: skip


def recognise(advert: Advert) -> Candidate | None:
    """Return what an advert offers; None if it is no HomeKit accessory.

    An accessory that is paired already asks for nothing: it is a candidate only to be known
    again if it is ours. Keys: TXT record of the HomeKit Accessory Protocol, section 6.4.
    """
    device_id = advert.properties.get("id", "").upper()
    if not device_id:
        return None
    paired = not _number(advert.properties.get("sf")) & 1
    return Candidate(
        key=device_id,
        title=advert.name,
        asks={"code": _CODE},
        adoptable=not paired,
        detail={
            "model": advert.properties.get("md", ""),
            "category": _CATEGORIES.get(_number(advert.properties.get("ci")), "accessory"),
            "address": advert.addresses[0],
            "port": advert.port,
        },
    )


def _number(text: str | None) -> int:
    try:
        return int(text or "0")
    except ValueError:
        return 0
