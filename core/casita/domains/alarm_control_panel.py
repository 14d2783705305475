"""Alarm systems. Their codes stand in no log."""

from __future__ import annotations

from functools import partial
from typing import Final

import voluptuous as vol

from casita.domains.fitting import Attributes, Data, check_code
from casita.services import Service
from casita_config.schemas import string


def _check_arming(attributes: Attributes, data: Data) -> Data:
    if not data.get("code") and not attributes.get("code_arm_required", True):
        return data
    return check_code(attributes, data)


_service = partial(
    Service,
    domain="alarm_control_panel",
    schema=vol.Schema({vol.Optional("code"): string}),
    secret_fields=("code",),
)

SERVICES: Final = (
    _service(
        name="alarm_disarm", prepare=check_code, description="Disarm the alarm, or silence it."
    ),
    _service(
        name="alarm_arm_home", prepare=_check_arming, description="Arm while people are home."
    ),
    _service(name="alarm_arm_away", prepare=_check_arming, description="Arm while nobody is home."),
    _service(name="alarm_arm_night", prepare=_check_arming, description="Arm for the night."),
    _service(
        name="alarm_arm_vacation", prepare=_check_arming, description="Arm for a long absence."
    ),
    _service(
        name="alarm_arm_custom_bypass",
        prepare=_check_arming,
        description="Arm, leaving out the sensors that were chosen to be bypassed.",
    ),
    _service(name="alarm_trigger", description="Raise the alarm."),
)
