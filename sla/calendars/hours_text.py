"""Working hours as people write them: "9:00-14:00, 15:00-18:00". Text in, windows out, and back."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from sla.worktime.calendar import MINUTES_A_DAY, Window

Windows = list[
    tuple[int, int, int]
]  # weekday (0: Monday), opens, closes in minutes; see sla.worktime.arithmetic.Window
PART = re.compile(
    r"^(\d{1,2})(?:[:.h](\d{2}))?\s*(?:-|–|—|a|to)\s*(\d{1,2})(?:[:.h](\d{2}))?$", re.IGNORECASE
)

PRESETS: dict[str, Windows] = {
    "week": [(day, 9 * 60, 18 * 60) for day in range(5)],
    "lunch": [
        (day, *hours) for day in range(5) for hours in ((9 * 60, 14 * 60), (15 * 60, 18 * 60))
    ],
    "always": [(day, 0, MINUTES_A_DAY) for day in range(7)],
}


class Unreadable(ValueError):
    """A part that says no hours; the text is that part."""

    words = _("“%(part)s” is not read as hours. Write for example 9:00-14:00, 15:00-18:00.")

    def __str__(self) -> str:
        return str(self.words) % {"part": self.args[0]}


class Overlapping(Unreadable):
    """A part that begins before another one of its day has ended."""

    words = _("“%(part)s” overlaps with other hours of the same day.")


def read(text: str) -> list[tuple[int, int]]:
    """Windows of one day, in order.

    "22-6" runs over midnight; nothing or "-" is closed. Raises Unreadable.
    """
    found: list[tuple[int, int]] = []
    for part in (piece.strip() for piece in re.split(r"[,;/]", text) if piece.strip(" -–—")):
        match = PART.match(part)
        if match is None:
            raise Unreadable(part)
        h1, m1, h2, m2 = (int(number or 0) for number in match.groups())
        opens, closes = h1 * 60 + m1, h2 * 60 + m2
        closes += MINUTES_A_DAY if closes <= opens else 0
        if opens >= MINUTES_A_DAY or m1 > 59 or m2 > 59 or h2 * 60 + m2 > MINUTES_A_DAY:
            raise Unreadable(part)
        if any(opens < end and begin < closes for begin, end in found):
            raise Overlapping(part)
        found.append((opens, closes))
    return sorted(found)


def write(windows: Iterable[tuple[int, int]]) -> str:
    return ", ".join(f"{_clock(opens)}-{_clock(closes)}" for opens, closes in windows)


def _clock(minutes: int) -> str:
    minutes = minutes if minutes <= MINUTES_A_DAY else minutes - MINUTES_A_DAY
    return f"{minutes // 60}:{minutes % 60:02}"


def of_day(windows: Windows, weekday: int) -> list[tuple[int, int]]:
    return sorted((opens, closes) for day, opens, closes in windows if day == weekday)


def preset_of(windows: Windows) -> str:
    """The preset that says the same, else "own"."""
    return next(
        (key for key, preset in PRESETS.items() if sorted(preset) == sorted(windows)), "own"
    )


def day_minutes(windows: Windows) -> int:
    """How long the longest working day is: what "one working day" means in an agreement."""
    days = [
        sum(closes - opens for day, opens, closes in windows if day == weekday)
        for weekday in range(7)
    ]
    return max(days) or MINUTES_A_DAY


def check(windows: Windows) -> None:
    """Raises ValueError where a window is impossible."""
    for window in windows:
        Window(*window)
