"""Several processes that share the automations of one configuration, over a broker."""

from __future__ import annotations

from casita.workers._group import SAID as SAID
from casita.workers._group import Crew as Crew
from casita.workers._group import Group as Group
from casita.workers._member import Member as Member
from casita.workers._member import Standing as Standing
from casita.workers._settings import SECTION as SECTION
from casita.workers._settings import WorkerSettings as WorkerSettings
from casita.workers._settings import worker_settings as worker_settings
from casita.workers._status import GroupStatus as GroupStatus
from casita.workers._status import WorkerStatus as WorkerStatus
from casita.workers._words import Anything as Anything
from casita.workers._words import Change as Change
from casita.workers._words import Row as Row
