"""Dates as files write them: "10/15/2026", "15 Apr, 2021 00:03:00", "15-abr-2021". Pure.

A date of three numbers may have the day or the month first. The cells of a column decide together:
next to 10/15/2026, 10/5/2026 is 5 October.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from crm.lib.text import fold

LONGEST = 60  # characters
# Folded names of months in English, Spanish and Portuguese; three letters are enough for each.
MONTHS = {
    1: "january enero janeiro",
    2: "february febrero fevereiro",
    3: "march marzo marco",
    4: "april abril",
    5: "may mayo maio",
    6: "june junio junho",
    7: "july julio julho",
    8: "august agosto",
    9: "september septiembre setiembre setembro sept",
    10: "october octubre outubro",
    11: "november noviembre novembro",
    12: "december diciembre dezembro",
}
SHORTEST_MONTH = 3  # letters
# Two digits of a year from here on are of the last century.
LAST_CENTURY_FROM = 70
# A time of day and a zone behind a date. They are dropped, not converted: a date stays as written.
TIME = r"""
    (?:\s*(?:[T,]|\s|\bat\b|\ba\s+las\b|\bàs\b|-)\s*
        \d{1,2}[:.h]\d{2}(?:[:.]\d{2}(?:[.,]\d+)?)?
        \s*(?:[ap]\.?\s?m\.?)?
        \s*(?:Z|UTC|GMT|[A-Z]{3,4}|(?:UTC|GMT)?\s?[+-]\d{2}:?\d{2}|[+-]\d{2})?
        (?:\s*\([^)]*\))?
    )?
"""
FLAGS = re.VERBOSE | re.IGNORECASE | re.ASCII
# "jueves, ", "segunda-feira, "; any letter, also where \w is of ASCII alone.
WEEKDAY = r"(?:[^\s\d,./-]{2,13}(?:-feira)?\.?,?\s+)?"
YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){TIME}", FLAGS)
COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})", re.ASCII)
NUMBERS = re.compile(
    rf"{WEEKDAY}(\d{{1,2}})\s?([-/.])\s?(\d{{1,2}})\s?\2\s?(\d{{4}}|\d{{2}}){TIME}", FLAGS
)
BY_NAME = re.VERBOSE | re.IGNORECASE
DAY_AND_NAME = re.compile(
    rf"{WEEKDAY}(\d{{1,2}})(?:st|nd|rd|th|r?[oe]r?|do|º|°)?[\s/.-]*(?:de\s+|of\s+)?([^\W\d_]{{3,10}})\.?"
    rf"[\s,/.-]*(?:del?\s+)?'?(\d{{4}}|\d{{2}}){TIME}",
    BY_NAME,
)
NAME_AND_DAY = re.compile(
    rf"{WEEKDAY}([^\W\d_]{{3,10}})\.?[\s/.-]*(\d{{1,2}})(?:st|nd|rd|th)?(?:,\s*|\s+|[/.-])"
    rf"(?:de\s+)?(\d{{4}}){TIME}",
    BY_NAME,
)
# "Mon Oct 05 15:30:00 2026", as programs write it.
YEAR_LAST = re.compile(
    rf"{WEEKDAY}([^\W\d_]{{3,10}})\s+(\d{{1,2}})\s+\d{{2}}:\d{{2}}:\d{{2}}\s+"
    r"(?:[A-Z]{3,4}\s+|[+-]\d{4}\s+)?(\d{4})",
    BY_NAME,
)
# The days of a spreadsheet since 1899, from 1970 to 2099; and seconds or milliseconds since 1970.
SERIAL = re.compile(r"(\d{5})(?:[.,]\d+)?", re.ASCII)
EPOCH = re.compile(r"(1\d{9})(\d{3})?(?:\.0+)?", re.ASCII)
FIRST_SERIAL = date(1899, 12, 30)
SERIALS = range(25_569, 73_051)


@dataclass(frozen=True)
class Order:
    """What the cells of a column say about the order of day and month.

    ``month_first`` is None where they leave it open or contradict each other; ``examples`` are
    then cells that can be read in two ways.
    """

    month_first: bool | None = None
    examples: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.month_first is None and bool(self.examples)


def read(cell: str, *, month_first: bool | None = None) -> date | None:
    """Return the date of a cell, or None.

    A date that can be read in one order only is read so; ``month_first`` decides the others, and
    they are None where it is None.
    """
    dates = readings(cell)
    if len(dates) == 1:
        return dates[0]
    if not dates or month_first is None:
        return None
    return dates[int(month_first)]


# The same few dates come again and again.
@lru_cache(maxsize=8192)
def readings(cell: str) -> tuple[date, ...]:
    """Return the dates that a cell may be: none, one, or the one with the day first and the other.

    "4/4/2026" is one date in either order.
    """
    if len(cell) > LONGEST or not any(sign.isdigit() for sign in cell):
        return ()
    match = YEAR_FIRST.fullmatch(cell)
    if match:
        return _dates((match[1], match[3], match[4]))
    match = COMPACT.fullmatch(cell)
    if match:
        return _dates((match[1], match[2], match[3]))
    match = NUMBERS.fullmatch(cell)
    if match:
        first, second, year = match[1], match[3], match[4]
        return _dates((year, second, first), (year, first, second))
    return _by_name(cell)


def _by_name(cell: str) -> tuple[date, ...]:
    match = DAY_AND_NAME.fullmatch(cell)
    if match:
        return _dates((match[3], str(_month(match[2])), match[1]))
    match = NAME_AND_DAY.fullmatch(cell) or YEAR_LAST.fullmatch(cell)
    if match:
        return _dates((match[3], str(_month(match[1])), match[2]))
    return ()


def counted(cell: str) -> date | None:
    """Return the date of a number of days or seconds, as programs count them; None for none.

    Only for columns that are known to hold dates: the number may be anything.
    """
    serial = SERIAL.fullmatch(cell)
    if serial and int(serial[1]) in SERIALS:
        return FIRST_SERIAL + timedelta(days=int(serial[1]))
    epoch = EPOCH.fullmatch(cell)
    if epoch:
        return datetime.fromtimestamp(int(epoch[1]), UTC).date()
    return None


def is_month(word: str) -> bool:
    """Return whether ``word`` is the name of a month, or its first letters."""
    return _month(word) > 0


def _dates(*parts: tuple[str, str, str]) -> tuple[date, ...]:
    """Return the dates of (year, month, day) that exist, each once."""
    dates: list[date] = []
    for year, month, day in parts:
        try:
            value = date(_year(year), int(month), int(day))
        except ValueError:
            continue
        if value not in dates:
            dates.append(value)
    return tuple(dates)


def _year(text: str) -> int:
    if len(text) == 4:
        return int(text)
    if int(text) < LAST_CENTURY_FROM:
        return 2000 + int(text)
    return 1900 + int(text)


def _month(name: str) -> int:
    """Return the number of a month, 0 for none."""
    folded = fold(name)
    for number, names in MONTHS.items():
        for each in names.split():
            if len(folded) >= SHORTEST_MONTH and each.startswith(folded):
                return number
    return 0


def order_of(cells: Iterable[str]) -> Order:
    """Return the order of day and month in a column, from the texts of its cells."""
    decided: set[bool] = set()
    examples: list[str] = []
    for cell in cells:
        match = NUMBERS.fullmatch(cell)
        if match is None:
            continue
        dates = readings(cell)
        if len(dates) == 2 and cell not in examples:
            examples.append(cell)
        elif len(dates) == 1 and match[1] != match[3]:
            # A number above 12 is the day.
            decided.add(int(match[3]) > 12)
    if len(decided) == 1:
        return Order(decided.pop())
    return Order(None, tuple(examples))
