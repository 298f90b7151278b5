"""Weekly hours in sentences: "Monday to Friday: 9:00-18:00"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from sla.calendars import hours_text


def weekly(windows: Iterable[Sequence[int]], *, days: bool = True) -> list[str]:
    """Return one sentence for each run of weekdays with the same hours.

    ``windows``: (weekday, opens, closes). Without ``days`` only the hours.
    """
    rows = [(row[0], row[1], row[2]) for row in windows]
    texts = []
    for first, last, hours in _runs(rows):
        texts.append(f"{_days(first, last)}: {hours}" if days else hours)
    return texts


def _runs(rows: hours_text.Windows) -> list[tuple[int, int, str]]:
    """Return the runs of weekdays with the same hours, as (first day, last day, hours)."""
    runs: list[tuple[int, int, str]] = []
    for day in range(7):
        hours = hours_text.write(hours_text.of_day(rows, day))
        if not hours:
            continue
        if runs and runs[-1][1:] == (day - 1, hours):
            runs[-1] = (runs[-1][0], day, hours)
        else:
            runs.append((day, day, hours))
    return runs


def _days(first: int, last: int) -> str:
    begin = str(WEEKDAYS[first])
    if first == last:
        return capfirst(begin)
    end = str(WEEKDAYS[last])
    return capfirst(_("%(first)s to %(last)s") % {"first": begin, "last": end})
