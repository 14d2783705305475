"""Every error that Casita raises on purpose.

CasitaError                    the root: catch it to catch all of ours
├── ConfigError                the configuration is wrong (file, line, what to do)
├── LogError                   the log cannot do what was asked
│   ├── LogInUse               another hub holds this data folder
│   ├── LogDamaged             a checksum does not match; what was read is not served
│   └── NotStored              the disk refused; the event is in force but not durable
├── CommandError               a command was refused before anything was sent
│   ├── UnknownService         no such service (carries the nearest name)
│   ├── UnknownEntity          no such entity (carries the nearest name)
│   ├── InvalidCommand         the data does not fit the service's schema
│   └── NotPermitted           the caller may not do this
├── CommandFailed              a command was sent and the device, or its plugin, said no
│   ├── NotSent                it certainly did not arrive: it is sent again in its time
│   └── AnswerLost             it may have arrived: sent again only if repeating does no harm
├── HopLimitReached            a causal chain went through too many automations
├── PluginError                a plugin did not load or broke its contract
└── StartError                 a plugin's start failed; which of the three says what happens next
    ├── NotReady               not now: the host tries again with backoff
    ├── AuthFailed             a person has to give a new code or password
    └── SetupFailed            never: the host gives up and says why

A programmer's mistake (a wrong argument type, a call out of order) is a plain
``TypeError``, ``ValueError`` or ``RuntimeError``.
"""

from __future__ import annotations

from casita_config.errors import CasitaError as CasitaError
from casita_config.errors import ConfigError as ConfigError
from casita_config.errors import Problem as Problem
from casita_config.errors import did_you_mean as did_you_mean


class LogError(CasitaError):
    """The log cannot do what was asked."""


class LogInUse(LogError):
    """Another hub holds this data folder."""


class LogDamaged(LogError):
    """A checksum in the log does not match."""


class NotStored(LogError):
    """The disk refused the event: it is in force in memory, but it is not durable."""


class CommandError(CasitaError):
    """A command was refused before anything was sent."""


class UnknownService(CommandError):
    """No such service."""


class UnknownEntity(CommandError):
    """No such entity."""


class InvalidCommand(CommandError):
    """The data of a command does not fit its service's schema."""


class NotPermitted(CommandError):
    """The caller may not do this."""


class CommandFailed(CasitaError):
    """A command was sent, and the device or its plugin said no."""


class NotSent(CommandFailed):
    """A command certainly did not arrive (no connection): it is sent again within its time."""


class AnswerLost(CommandFailed):
    """A command was sent, and no answer came: a ``set`` is sent again, a ``pulse`` never."""


class HopLimitReached(CasitaError):
    """A causal chain went through too many automations and was stopped."""


class PluginError(CasitaError):
    """A plugin did not load, or broke its contract."""


class StartError(CasitaError):
    """A plugin's start failed. Raise one of the three below."""


class NotReady(StartError):
    """Not now (no answer, still booting): the host tries again with backoff."""


class AuthFailed(StartError):
    """The device refuses us: a person has to give a new code or password."""


class SetupFailed(StartError):
    """Trying again cannot help: the host gives up and says why."""
