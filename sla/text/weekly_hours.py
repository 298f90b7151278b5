"""Weekly working windows in words: "Monday to Friday: 9:00-18:00"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from sla.calendars import hours_text


def weekly(windows: Iterable[Sequence[int]], *, days: bool = True) -> list[str]:
    """One sentence for each stretch of weekdays with the same hours.

    ``windows``: (weekday, opens, closes).

    Without ``days`` only the hours.
    """
    rows = [(row[0], row[1], row[2]) for row in windows]
    open_on = {day: hours_text.write(hours_text.of_day(rows, day)) for day in range(7)}
    stretches: list[tuple[int, int, str]] = []
    for day, said in open_on.items():
        if not said:
            continue
        if stretches and stretches[-1][1] == day - 1 and stretches[-1][2] == said:
            stretches[-1] = (stretches[-1][0], day, said)
        else:
            stretches.append((day, day, said))
    return [f"{_days(first, last)}: {said}" if days else said for first, last, said in stretches]


def _days(first: int, last: int) -> str:
    begin, end = str(WEEKDAYS[first]), str(WEEKDAYS[last])
    return capfirst(
        begin if first == last else _("%(first)s to %(last)s") % {"first": begin, "last": end}
    )
