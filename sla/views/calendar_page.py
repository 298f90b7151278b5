"""What the pages of calendars show: the year, the week, and what runs in a calendar. Reads only.

The counts are of the whole organisation and the same for everybody: aggregates, no sight of a lead.
"""

from __future__ import annotations

import calendar as almanac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q
from django.utils.dates import MONTHS, WEEKDAYS

from crm.lib.clock import local_date
from leads.models import Handoff
from sla.calendars import work_calendars
from sla.models import AgreementVersion, Calendar, Commitment, Holiday
from sla.states import CLOCK_METRICS, AgreementState
from sla.text import deadlines
from sla.worktime.calendar import MINUTES_A_DAY, Week, WorkCalendar

FIRST_YEAR, LAST_YEAR = 2000, 2100


@dataclass(frozen=True)
class Cell:
    """A day of the year view. ``kind``: open, off, closed, other; empty beside the month."""

    day: int
    kind: str


@dataclass(frozen=True)
class Month:
    name: str
    weeks: list[list[Cell]]


@dataclass(frozen=True)
class Bar:
    """A stretch of hours of one weekday, drawn in minutes; ``is_tail``: of a night that began the
    day before.
    """

    start: int
    length: int
    is_tail: bool


@dataclass(frozen=True)
class WeekDay:
    name: str
    hours: str
    bars: list[Bar]


@dataclass(frozen=True)
class WeekView:
    """Weekly hours as a table; ``is_current``: they count today."""

    since: date | None
    days: list[WeekDay]
    is_current: bool


@dataclass(frozen=True)
class DayRow:
    """A date that differs, in words. ``is_extra``: open although its weekday is not."""

    day: Holiday
    hours: str
    is_closed: bool
    is_extra: bool


def year(work: WorkCalendar, number: int) -> list[Month]:
    """The twelve months of a year, each day marked by what it is."""
    months = []
    for month in range(1, 13):
        weeks = [
            [Cell(day.day, _kind(work, day)) if day.month == month else Cell(0, "") for day in week]
            for week in almanac.Calendar().monthdatescalendar(number, month)
        ]
        months.append(Month(str(MONTHS[month]), weeks))
    return months


def _kind(work: WorkCalendar, day: date) -> str:
    if day in work.holidays:
        return "other" if work.holidays[day] else "closed"
    return "open" if work.hours_on(day) else "off"


def weeks(work: WorkCalendar, *, at: datetime) -> list[WeekView]:
    """The weekly hours, from the first on."""
    current = work.week_of(local_date(at, work.zone))
    return [_week(week, week == current) for week in work.weeks]


def _week(week: Week, is_current: bool) -> WeekView:
    days = []
    for number, hours in enumerate(week.days):
        bars = [Bar(opens, min(closes, MINUTES_A_DAY) - opens, False) for opens, closes in hours]
        tails = [
            Bar(0, closes - MINUTES_A_DAY, True)
            for _, closes in week.days[number - 1]
            if closes > MINUTES_A_DAY
        ]
        days.append(
            WeekDay(
                str(WEEKDAYS[number]).capitalize(), deadlines.hours_words(hours), [*tails, *bars]
            )
        )
    return WeekView(week.since, days, is_current)


def day_rows(calendar: Calendar, work: WorkCalendar, number: int) -> list[DayRow]:
    """The dates of a year that differ, in their order."""
    rows = []
    for day in calendar.holidays.all():
        if day.on.year == number:
            hours = work_calendars.hours_of(day)
            extra = bool(hours) and not work.week_of(day.on).days[day.on.weekday()]
            rows.append(DayRow(day, deadlines.hours_words(hours), not hours, extra))
    return rows


# -- What runs in a calendar


def running(found: Iterable[Calendar]) -> dict[int, int]:
    """How many open handoffs count in each calendar: their team's own, else that of their
    agreement. One query however many calendars; ``found``: all of them, those of teams with their
    state.
    """
    own = {
        calendar.team_id: calendar.pk
        for calendar in found
        if calendar.team_id and calendar.archived_at is None
    }
    counts: dict[int, int] = {}
    rows = (
        Handoff.objects.open()
        .values_list("team", "agreement_version__calendar")
        .annotate(Count("pk"))
    )
    for team, agreed, count in rows.order_by():
        pk = own.get(team, agreed)
        counts[pk] = counts.get(pk, 0) + count
    return counts


@dataclass(frozen=True)
class Running:
    """Open handoffs of one calendar, and how many of them carry its hours of before."""

    count: int
    behind: int


def running_in(calendar: Calendar, work: WorkCalendar) -> Running:
    """As :func:`running` for one calendar, held against what the handoffs carry."""
    if calendar.team_id is not None:
        mine = Q(team=calendar.team_id) if calendar.archived_at is None else Q(pk__in=[])
    else:
        own = Calendar.objects.filter(team__isnull=False, archived_at=None).values("team")
        mine = Q(agreement_version__calendar=calendar) & ~Q(team__in=own)
    stored = work.to_json()
    same = Q(**{f"policy__calendar__{key}": stored[key] for key in ("zone", "windows", "holidays")})
    changes = stored.get("changes")
    same &= (
        Q(policy__calendar__changes=changes)
        if changes
        else Q(policy__calendar__changes__isnull=True)
    )
    found = (
        Handoff.objects.open()
        .filter(mine)
        .aggregate(count=Count("pk"), same=Count("pk", filter=same))
    )
    return Running(found["count"], found["count"] - found["same"])


def versions(calendar: Calendar) -> list[AgreementVersion]:
    """The versions of agreements that name the calendar, the newest first."""
    rows = AgreementVersion.objects.filter(calendar=calendar).select_related("agreement")
    return list(rows.order_by("-pk")[:20])


def promises() -> list[Commitment]:
    """What the agreements in force promise within a time, for the tester."""
    rows = Commitment.objects.filter(
        version__state=AgreementState.IN_FORCE,
        metric__in=CLOCK_METRICS,
        window_minutes__isnull=False,
    )
    return list(
        rows.select_related("version__agreement").order_by(
            "version__agreement__name", "position", "pk"
        )
    )


def state_of(calendar: Any) -> str:
    """The mark of a calendar from :func:`calendars.listed`: archived, in_force, signed or free."""
    if calendar.archived_at is not None:
        return "archived"
    return "in_force" if calendar.in_force else "signed" if calendar.signed else "free"
