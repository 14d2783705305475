"""Media players: television, loudspeakers, receivers."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import voluptuous as vol

from casita.domains.fields import fraction
from casita.domains.fitting import EMPTY, Data, has_feature, on_off
from casita.events import State
from casita.services import Kind, Redirect, Service
from casita_config.schemas import boolean, ensure_list, entity_ids, number, string

_VOLUME_SET: Final = 4
_VOLUME_STEP: Final = 1024
_STEP: Final = 0.1

_set = partial(Service, domain="media_player")
_pulse = partial(Service, domain="media_player", kind=Kind.PULSE)


def _play_pause(state: State, data: Data) -> tuple[str, Data]:
    return f"media_player.media_{'pause' if state.state == 'playing' else 'play'}", data


def _stepping(step: float) -> Redirect:
    """Return what sets the volume of a player that knows no steps."""

    def redirect(state: State, data: Data) -> tuple[str, Data] | None:
        level = state.attributes.get("volume_level")
        features = state.attributes
        if (
            level is None
            or has_feature(features, _VOLUME_STEP)
            or not has_feature(features, _VOLUME_SET)
        ):
            return None
        return "media_player.volume_set", {"volume_level": min(max(round(level + step, 3), 0), 1)}

    return redirect


def _enqueue(value: Any) -> Any:
    if value in ("add", "next", "play", "replace"):
        return value
    return "add" if boolean(value) else "play"


PLAY_MEDIA: Final = vol.Schema(
    {
        vol.Required("media_content_id"): string,
        vol.Required("media_content_type"): string,
        vol.Optional("enqueue"): _enqueue,
        vol.Optional("announce"): boolean,
        vol.Optional("extra"): dict,
    }
)

SERVICES: Final = (
    *on_off("media_player", what="a player", off_states=("off", "idle", "standby")),
    _set(
        name="volume_set",
        schema=vol.Schema({vol.Required("volume_level"): fraction}),
        description="Set the volume, from 0 to 1.",
    ),
    _pulse(
        name="volume_up", schema=EMPTY, redirect=_stepping(_STEP), description="Play a bit louder."
    ),
    _pulse(
        name="volume_down",
        schema=EMPTY,
        redirect=_stepping(-_STEP),
        description="Play a bit softer.",
    ),
    _set(
        name="volume_mute",
        schema=vol.Schema({vol.Required("is_volume_muted"): boolean}),
        description="Mute, or let it be heard again.",
    ),
    _set(name="media_play", schema=EMPTY, description="Play on."),
    _set(name="media_pause", schema=EMPTY, description="Pause."),
    _set(name="media_stop", schema=EMPTY, description="Stop."),
    _pulse(
        name="media_play_pause",
        schema=EMPTY,
        redirect=_play_pause,
        description="Pause if it plays, or else play.",
    ),
    _pulse(name="media_next_track", schema=EMPTY, description="Go to the next track."),
    _pulse(name="media_previous_track", schema=EMPTY, description="Go to the track before."),
    _set(
        name="media_seek",
        schema=vol.Schema({vol.Required("seek_position"): number}),
        description="Go to a place in the track, in seconds from its start.",
    ),
    _pulse(name="play_media", schema=PLAY_MEDIA, description="Play something."),
    _set(
        name="select_source",
        schema=vol.Schema({vol.Required("source"): string}),
        description="Choose an input or channel.",
    ),
    _set(
        name="select_sound_mode",
        schema=vol.Schema({vol.Optional("sound_mode"): string}),
        description="Choose how it sounds.",
    ),
    _set(
        name="shuffle_set",
        schema=vol.Schema({vol.Required("shuffle"): boolean}),
        description="Shuffle the tracks, or not.",
    ),
    _set(
        name="repeat_set",
        schema=vol.Schema({vol.Required("repeat"): vol.In(("off", "all", "one"))}),
        description="Repeat all, one track, or nothing.",
    ),
    _set(name="clear_playlist", schema=EMPTY, description="Empty the list of what is to come."),
    _set(
        name="join",
        schema=vol.Schema({vol.Required("group_members"): vol.All(ensure_list, entity_ids)}),
        description="Let other players play the same.",
    ),
    _set(name="unjoin", schema=EMPTY, description="Leave the group of players."),
)
