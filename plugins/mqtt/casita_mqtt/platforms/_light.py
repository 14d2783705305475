"""What lights of all three schemas have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeVar

from casita import Command, units
from casita.domains.light import readings
from casita_mqtt._configs import BadAnnouncement, EntityConfig, Words
from casita_mqtt._entity import Context, MqttEntity

EFFECT: Final = 4
FLASH: Final = 8
TRANSITION: Final = 32
"""Bits of ``supported_features``."""
COLOUR_FIELDS: Final = {
    "hs": "hs_color",
    "xy": "xy_color",
    "rgb": "rgb_color",
    "rgbw": "rgbw_color",
    "rgbww": "rgbww_color",
    "color_temp": "color_temp_kelvin",
}
"""Where the value of each colour mode stands."""
MODES: Final = ("onoff", "brightness", "white", *COLOUR_FIELDS)
FULL: Final = 255
_COLDEST_MIREDS: Final = 153
_WARMEST_MIREDS: Final = 500


class LightConfig(EntityConfig, frozen=True, kw_only=True):
    """What a light of any schema says of itself."""

    command_topic: str
    state_topic: str | None = None
    payload_on: str = "ON"
    payload_off: str = "OFF"
    brightness_scale: int = 255
    white_scale: int = 255
    color_temp_kelvin: bool = False
    """Colour temperatures come and go in kelvin, not in mireds."""
    min_mireds: int | None = None
    max_mireds: int | None = None
    min_kelvin: int | None = None
    max_kelvin: int | None = None
    effect_list: Words = ()


LightConfigT = TypeVar("LightConfigT", bound=LightConfig)


class Light(MqttEntity[LightConfigT]):
    """A light: whether it is on, how bright, and in which colour."""

    def __init__(self, config: LightConfigT, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        if config.brightness_scale < 1 or config.white_scale < 1:
            raise BadAnnouncement("brightness_scale and white_scale are at least 1")
        self.on: bool | None = False if config.state_topic is None else None
        self.brightness: int | None = None
        """0 to 255."""
        self.colour: tuple[str, Any] | None = None
        """Colour mode and its value: kelvin, or a tuple."""
        self.mode: str | None = None
        """A colour mode that was told apart from a colour: ``white``, or the only one."""
        self.effect: str | None = None

    def offer(self, modes: Iterable[str], features: int) -> None:
        """Say which colour modes and features the light has."""
        known = set(modes)
        unknown = known.difference(MODES)
        if unknown:
            raise BadAnnouncement(f"supported_color_modes: {', '.join(sorted(unknown))}: unknown")
        richer = known - {"onoff", "brightness"}
        if not richer - {"white"}:
            richer = {"brightness"} if known - {"onoff"} else {"onoff"}
        listed = [mode for mode in MODES if mode in richer]
        if len(listed) == 1:
            self.mode = listed[0]
        self.declare(
            supported_color_modes=listed,
            supported_features=features,
            effect_list=self.config.effect_list or None,
            assumed_state=self.assumes(self.config.state_topic) or None,
        )
        if "color_temp" in listed:
            self.declare(
                min_color_temp_kelvin=self._kelvin(
                    self.config.min_kelvin, self.config.max_mireds, _WARMEST_MIREDS
                ),
                max_color_temp_kelvin=self._kelvin(
                    self.config.max_kelvin, self.config.min_mireds, _COLDEST_MIREDS
                ),
            )

    @staticmethod
    def _kelvin(kelvin: int | None, mireds: int | None, otherwise_mireds: int) -> int:
        return kelvin if kelvin is not None else units.mired_to_kelvin(mireds or otherwise_mireds)

    @property
    def modes(self) -> list[str]:
        """The colour modes that were offered."""
        modes: list[str] = self.capabilities["supported_color_modes"]
        return modes

    @property
    def dims(self) -> bool:
        """Whether its brightness can be set."""
        return self.modes != ["onoff"]

    # What was heard

    def express(self) -> None:
        self.put(self.on)
        if not self.on:
            self.note(**readings())
            return
        colour = {}
        if self.colour is not None and self.mode in (None, self.colour[0]):
            colour[COLOUR_FIELDS[self.colour[0]]] = self.colour[1]
        self.note(
            **readings(
                self.capabilities,
                color_mode=self.mode or (self.colour[0] if self.colour else "unknown"),
                brightness=self.brightness if self.dims else None,
                effect=self.effect,
                **colour,
            )
        )

    def remember(self) -> None:
        self.on = {"on": True, "off": False}.get(self.state)
        self.brightness = self.readings.get("brightness")
        self.effect = self.readings.get("effect")
        mode = self.readings.get("color_mode")
        value = self.readings.get(COLOUR_FIELDS.get(str(mode), ""))
        if mode is not None and value is not None:
            self.colour = (mode, tuple(value) if isinstance(value, list) else value)
        if len(self.modes) > 1:
            self.mode = "white" if mode == "white" else None

    def show_colour(self, mode: str, value: Any) -> None:
        """Take down a colour in a mode; others are over."""
        self.colour = (mode, value)
        if len(self.modes) > 1:
            self.mode = None

    def show_white(self) -> None:
        """Take down that it shows its plain white."""
        self.colour = None
        self.mode = "white"

    # Numbers

    def from_device(self, value: float) -> int:
        """Return a device's brightness as 1 to 255."""
        return min(FULL, max(1, round(value * FULL / self.config.brightness_scale)))

    def to_device(self, brightness: float, scale: int | None = None) -> int:
        """Return a brightness of 0 to 255 as the device counts it, at least 1."""
        scale = scale or self.config.brightness_scale
        return min(scale, max(1, round(brightness * scale / FULL)))

    def kelvin_of(self, value: float) -> int:
        """Return a device's colour temperature in kelvin. Raises `ValueError`."""
        if value <= 0:
            raise ValueError(f"{value:g} is no colour temperature")
        return round(value) if self.config.color_temp_kelvin else units.mired_to_kelvin(value)

    def temperature_of(self, value_kelvin: int) -> int:
        """Return kelvin as the device counts colour temperatures."""
        if self.config.color_temp_kelvin:
            return value_kelvin
        return units.kelvin_to_mired(value_kelvin)

    def dimmed(self, colour: Iterable[int], command: Command) -> list[int]:
        """Return a colour as bright as a command, or else the light, is."""
        brightness = command.data.get("brightness", self.brightness or FULL)
        return [round(part * brightness / FULL) for part in colour]

    # Commands

    def assume(self, command: Command) -> None:
        """Take a ``turn_on`` for done."""
        data = command.data
        self.on = True
        if "brightness" in data:
            self.brightness = int(data["brightness"])
        if "effect" in data:
            self.effect = data["effect"]
        if "white" in data:
            self.brightness = int(data["white"])
            self.show_white()
        for mode, field in COLOUR_FIELDS.items():
            if field in data:
                self.show_colour(mode, data[field])
        self.assumed(command)
