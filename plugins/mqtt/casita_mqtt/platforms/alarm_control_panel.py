"""Alarm systems."""

from __future__ import annotations

from hmac import compare_digest
from typing import ClassVar, Final

from casita import Command, CommandFailed
from casita.errors import did_you_mean
from casita_mqtt._configs import BadAnnouncement, EntityConfig, Words
from casita_mqtt._entity import Context, MqttEntity
from casita_mqtt.platforms._words import choice

_STATES: Final = (
    "disarmed",
    "armed_home",
    "armed_away",
    "armed_night",
    "armed_vacation",
    "armed_custom_bypass",
    "pending",
    "arming",
    "disarming",
    "triggered",
)
_FEATURES: Final = {
    "arm_home": 1,
    "arm_away": 2,
    "arm_night": 4,
    "trigger": 8,
    "arm_custom_bypass": 16,
    "arm_vacation": 32,
}
"""Bits of ``supported_features`` by the word that a device says for each."""
_ELSEWHERE: Final = {"REMOTE_CODE": "number", "REMOTE_CODE_TEXT": "text"}
"""What a panel says for its code if it checks it by itself, and the code's format."""


class AlarmConfig(EntityConfig, frozen=True, kw_only=True):
    """What an alarm system says of itself."""

    command_topic: str
    command_template: str = "{{action}}"
    state_topic: str
    value_template: str | None = None
    code: str | None = None
    code_arm_required: bool = True
    code_disarm_required: bool = True
    code_trigger_required: bool = True
    supported_features: Words = tuple(_FEATURES)
    payload_disarm: str = "DISARM"
    payload_arm_home: str = "ARM_HOME"
    payload_arm_away: str = "ARM_AWAY"
    payload_arm_night: str = "ARM_NIGHT"
    payload_arm_vacation: str = "ARM_VACATION"
    payload_arm_custom_bypass: str = "ARM_CUSTOM_BYPASS"
    payload_trigger: str = "TRIGGER"


class AlarmControlPanel(MqttEntity[AlarmConfig]):
    """Something to arm and disarm."""

    config_type: ClassVar = AlarmConfig
    in_domain: ClassVar = "alarm_control_panel"
    default_name: ClassVar = "MQTT Alarm"

    def __init__(self, config: AlarmConfig, context: Context, key: str) -> None:
        super().__init__(config, context, key)
        for feature in config.supported_features:
            if feature not in _FEATURES:
                hint = did_you_mean(feature, _FEATURES)
                raise BadAnnouncement(f"supported_features: {feature!r} is unknown.{hint}")
        self._template = self.template(config.command_template)
        self.declare(
            supported_features=sum({_FEATURES[one] for one in config.supported_features}),
            code_arm_required=config.code_arm_required if config.code else False,
            code_format=_code_format(config.code),
        )
        self.listen(config.state_topic, config.value_template, self._hear_state)
        for name in ("disarm", *config.supported_features):
            self.can(f"alarm_{name}", self._act)

    async def _act(self, command: Command) -> None:
        name = command.action.removeprefix("alarm_")
        code = command.data.get("code")
        self._check(name, code)
        payload: str = getattr(self.config, f"payload_{name}")
        await self.send(
            self.config.command_topic, payload, self._template, action=payload, code=code
        )

    def _check(self, name: str, code: str | None) -> None:
        config = self.config
        if config.code is None or config.code in _ELSEWHERE:
            return
        required = {
            "disarm": config.code_disarm_required,
            "trigger": config.code_trigger_required,
        }.get(name, config.code_arm_required)
        if required and not compare_digest((code or "").encode(), config.code.encode()):
            raise CommandFailed(f"{self.entity_id}: not sent: the code is wrong")

    def _hear_state(self, text: str) -> None:
        self.put(choice(text, _STATES))


def _code_format(code: str | None) -> str | None:
    if code is None:
        return None
    if code in _ELSEWHERE:
        return _ELSEWHERE[code]
    return "number" if code.isdigit() else "text"
