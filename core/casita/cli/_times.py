"""Times and lengths of time on the command line."""

from __future__ import annotations

from datetime import datetime, timedelta

import click

from casita.cli._zone import home_zone


def length(ctx: click.Context, param: click.Parameter, value: str | None) -> timedelta | None:
    """Take a length of time, as ``1h`` or ``30m``; an option's callback."""
    if value is None:
        return None
    import voluptuous as vol

    from casita_config.schemas import duration

    try:
        return duration(value)
    except vol.Invalid as err:
        raise click.BadParameter(str(err)) from err


def moment(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:
    """Take a time: ``22:15`` is the last time that it was so late; an option's callback."""
    if value is None:
        return None
    from casita.clock import SystemClock

    zone = home_zone()
    now = SystemClock().now().astimezone(zone)
    try:
        if ":" in value and "-" not in value:
            hour, minute, *second = (int(part) for part in value.split(":"))
            found = now.replace(hour=hour, minute=minute, second=sum(second), microsecond=0)
            return found if found <= now else found - timedelta(days=1)
        found = datetime.fromisoformat(value)
    except ValueError as err:
        raise click.BadParameter(f"{value!r} is no time; write 22:15, or 2024-03-12T22:15") from err
    return found.replace(tzinfo=zone) if zone and found.tzinfo is None else found.astimezone()
