"""The one source of time. Nothing else in Casita asks the system what time it is.

`SystemClock` runs in the house; `VirtualClock` in tests, backtests and ``casita test``.
"""

from casita.clock._alarms import Alarm as Alarm
from casita.clock._clock import Clock as Clock
from casita.clock._clock import deadline as deadline
from casita.clock._clock import settle as settle
from casita.clock._system import SystemClock as SystemClock
from casita.clock._virtual import VirtualClock as VirtualClock
