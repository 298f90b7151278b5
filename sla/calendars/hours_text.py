"""Working hours as people write them: "9:00-14:00, 15:00-18:00". Text in, windows out, and back."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from sla.worktime.calendar import MINUTES_A_DAY, Hours, Window

# (weekday, opens, closes) as in Window: 0 is Monday, minutes since midnight.
Windows = list[tuple[int, int, int]]
PART = re.compile(
    r"^(\d{1,2})(?:[:.h](\d{2}))?\s*(?:-|–|—|a|to)\s*(\d{1,2})(?:[:.h](\d{2}))?$", re.IGNORECASE
)
BETWEEN_PARTS = re.compile(r"[,;/]")
CLOSED = " -–—"  # what people type for a closed day

WORKDAYS = range(5)
OFFICE_HOURS = (9 * 60, 18 * 60)
MORNING = (9 * 60, 14 * 60)
AFTERNOON = (15 * 60, 18 * 60)
PRESETS: dict[str, Windows] = {
    "week": [(day, *OFFICE_HOURS) for day in WORKDAYS],
    "lunch": [(day, *hours) for day in WORKDAYS for hours in (MORNING, AFTERNOON)],
    "always": [(day, 0, MINUTES_A_DAY) for day in range(7)],
}


class UnreadableHours(ValueError):
    """A part that is not read as hours; the text is that part."""

    message = _("“%(part)s” is not read as hours. Write for example 9:00-14:00, 15:00-18:00.")

    def __str__(self) -> str:
        return str(self.message) % {"part": self.args[0]}


class OverlappingHours(UnreadableHours):
    """A part that begins before another one of its day has ended."""

    message = _("“%(part)s” overlaps with other hours of the same day.")


def read(text: str) -> list[Hours]:
    """Return the windows of one day, in order.

    "22-6" runs over midnight; nothing or "-" is closed. Raises UnreadableHours.
    """
    windows: list[Hours] = []
    for piece in BETWEEN_PARTS.split(text):
        if not piece.strip(CLOSED):
            continue
        part = piece.strip()
        opens, closes = _window(part)
        if any(opens < end and begin < closes for begin, end in windows):
            raise OverlappingHours(part)
        windows.append((opens, closes))
    return sorted(windows)


def _window(part: str) -> Hours:
    """Return one window as minutes since midnight. Raises UnreadableHours."""
    match = PART.match(part)
    if match is None:
        raise UnreadableHours(part)
    from_hour, from_minute, to_hour, to_minute = (int(number or 0) for number in match.groups())
    opens = from_hour * 60 + from_minute
    closes = to_hour * 60 + to_minute
    if from_minute > 59 or to_minute > 59 or opens >= MINUTES_A_DAY or closes > MINUTES_A_DAY:
        raise UnreadableHours(part)
    if closes <= opens:
        closes += MINUTES_A_DAY
    return opens, closes


def write(windows: Iterable[Hours], between: str = "-") -> str:
    """Return windows of one day as :func:`read` takes them: with a hyphen, as people type."""
    return ", ".join(f"{_clock(opens)}{between}{_clock(closes)}" for opens, closes in windows)


def _clock(minutes: int) -> str:
    # 24:00 is the end of the day; what is later is a time of the next day.
    if minutes > MINUTES_A_DAY:
        minutes -= MINUTES_A_DAY
    return f"{minutes // 60}:{minutes % 60:02}"


def of_day(windows: Windows, weekday: int) -> list[Hours]:
    """Return the windows of one weekday, in order."""
    return sorted((opens, closes) for day, opens, closes in windows if day == weekday)


def preset_of(windows: Windows) -> str:
    """Return the key of the preset with the same windows, else "own"."""
    ordered = sorted(windows)
    for key, preset in PRESETS.items():
        if sorted(preset) == ordered:
            return key
    return "own"


def day_minutes(windows: Windows) -> int:
    """Return the length of the longest working day: "one working day" in an agreement."""
    days = []
    for weekday in range(7):
        days.append(sum(closes - opens for opens, closes in of_day(windows, weekday)))
    return max(days) or MINUTES_A_DAY


def check(windows: Windows) -> None:
    """Raise ValueError where a window is impossible."""
    for window in windows:
        Window(*window)
