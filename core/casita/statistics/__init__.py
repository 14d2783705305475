"""Statistics: what the states of the house were, by 5 minutes and by the hour, kept for ever."""

from casita.statistics._keeper import Statistics as Statistics
from casita.statistics._rows import PERIODS as PERIODS
from casita.statistics._rows import Row as Row
from casita.statistics._rows import rows_of as rows_of
from casita.statistics._store import StatisticsReader as StatisticsReader
