"""Weekly hours in sentences: "Monday to Friday: 9:00-18:00"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from sla.calendars import hours_text


def weekly(windows: Iterable[Sequence[int]], *, days: bool = True) -> list[str]:
    """Return one sentence for each run of weekdays with the same hours.

    ``windows``: (weekday, opens, closes). Without ``days`` only the hours.
    """
    texts = []
    for run in _runs(windows):
        if days:
            texts.append(f"{_days(run.first, run.last)}: {run.hours}")
        else:
            texts.append(run.hours)
    return texts


@dataclass
class WeekdayRun:
    """Weekdays one after the other with the same hours."""

    first: int
    last: int
    hours: str


def _runs(windows: Iterable[Sequence[int]]) -> list[WeekdayRun]:
    # Signed text stores windows as lists.
    rows = [(weekday, opens, closes) for weekday, opens, closes in windows]
    runs: list[WeekdayRun] = []
    for day in range(7):
        hours = hours_text.write(hours_text.of_day(rows, day), between="–")
        if not hours:
            continue
        before = runs[-1] if runs else None
        if before and before.last == day - 1 and before.hours == hours:
            before.last = day
        else:
            runs.append(WeekdayRun(day, day, hours))
    return runs


def _days(first: int, last: int) -> str:
    begin = str(WEEKDAYS[first])
    if first == last:
        return capfirst(begin)
    span = _("%(first)s to %(last)s") % {
        "first": begin,
        "last": str(WEEKDAYS[last]),
    }
    return capfirst(span)
