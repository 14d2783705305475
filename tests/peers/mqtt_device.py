"""A device made with ha-mqtt-discoverable, to be poked over its standard input.

Each line that comes in is a JSON object that says what happens at the device; each line that
goes out says what the device has been told to do.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from ha_mqtt_discoverable import DeviceInfo, Settings
from ha_mqtt_discoverable.sensors import (
    BinarySensor,
    BinarySensorInfo,
    Cover,
    CoverInfo,
    Light,
    LightInfo,
    Sensor,
    SensorInfo,
)


def tell(**what: Any) -> None:
    """Write a line about what happened."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Box:
    """A box with a light, a motion sensor, a thermometer and a blind."""

    def __init__(self, port: int) -> None:
        self._mqtt = Settings.MQTT(host="127.0.0.1", port=port)
        self._device = DeviceInfo(
            name="Box", identifiers="box1", model="B1", manufacturer="Boxes Ltd"
        )
        about: dict[str, Any] = {"device": self._device}
        self.light = Light(
            self._settings(
                LightInfo(
                    name="Lamp",
                    unique_id="lamp",
                    brightness=True,
                    color_mode=True,
                    supported_color_modes=["brightness"],
                    retain=True,
                    **about,
                )
            ),
            self._light_told,
            retain=True,
        )
        self.motion = BinarySensor(
            self._settings(
                BinarySensorInfo(name="Motion", unique_id="motion", device_class="motion", **about)
            ),
            retain=True,
        )
        self.thermometer = Sensor(
            self._settings(
                SensorInfo(
                    name="Air",
                    unique_id="air",
                    device_class="temperature",
                    unit_of_measurement="°C",
                    state_class="measurement",
                    **about,
                )
            ),
            retain=True,
        )
        self.blind = Cover(
            self._settings(CoverInfo(name="Blind", unique_id="blind", **about)),
            self._blind_told,
            retain=True,
        )
        self.light.off()
        self.motion.off()
        self.thermometer.set_state("20.0")
        self.blind.closed()
        for one in (self.light, self.motion, self.thermometer, self.blind):
            one.set_availability(True)

    def _settings(self, entity: Any) -> Any:
        return Settings(mqtt=self._mqtt, entity=entity, manual_availability=True)

    def _light_told(self, client: Any, data: Any, message: Any) -> None:
        said = json.loads(message.payload)
        tell(light=said)
        if "brightness" in said:
            self.light.brightness(said["brightness"])
        elif said["state"] == "ON":
            self.light.on()
        else:
            self.light.off()

    def _blind_told(self, client: Any, data: Any, message: Any) -> None:
        word = message.payload.decode()
        tell(blind=word)
        {"OPEN": self.blind.open, "CLOSE": self.blind.closed, "STOP": self.blind.stopped}[word]()

    def happens(self, what: dict[str, Any]) -> None:
        """Let something happen at the box itself."""
        if "motion" in what:
            (self.motion.on if what["motion"] else self.motion.off)()
        if "temperature" in what:
            self.thermometer.set_state(str(what["temperature"]))
        if "forget" in what:
            self.motion.delete()


def main() -> None:
    box = Box(int(sys.argv[1]))
    tell(ready=True)
    for line in sys.stdin:
        box.happens(json.loads(line))


main()
