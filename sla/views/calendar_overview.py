"""What the pages of calendars show: the year, the week, and what runs in a calendar. Reads only.

The counts are of the whole organisation and the same for all readers: aggregates, no sight of a
lead.
"""

from __future__ import annotations

import calendar as almanac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q
from django.utils.dates import MONTHS, WEEKDAYS

from crm.lib.clock import local_date
from leads.models import Handoff
from sla.calendars.work_calendars import hours_of
from sla.models import AgreementVersion, Calendar, Commitment, Holiday, Snapshot
from sla.states import CLOCK_METRICS, AgreementState
from sla.text import deadlines
from sla.worktime.calendar import MINUTES_A_DAY, Hours, Week, WorkCalendar

FIRST_YEAR = 2000
LAST_YEAR = 2100
MOST_VERSIONS = 20


@dataclass(frozen=True)
class DayCell:
    """A day of the year view. ``kind``: open, off, closed, other; empty beside the month."""

    day: int
    kind: str


@dataclass(frozen=True)
class Month:
    """A month of the year view."""

    name: str
    weeks: list[list[DayCell]]


@dataclass(frozen=True)
class HoursBar:
    """A stretch of hours of one weekday, drawn in minutes.

    ``is_tail``: of a night that began the day before.
    """

    start: int
    length: int
    is_tail: bool


@dataclass(frozen=True)
class WeekDay:
    """A weekday with its hours, as text and as bars."""

    name: str
    hours: str
    bars: list[HoursBar]


@dataclass(frozen=True)
class WeekView:
    """Weekly hours as a table; ``is_current``: they count today."""

    since: date | None
    days: list[WeekDay]
    is_current: bool


@dataclass(frozen=True)
class SpecialDayRow:
    """A date that differs, as text. ``is_extra``: open although its weekday is not."""

    day: Holiday
    hours: str
    is_closed: bool
    is_extra: bool


def months(work: WorkCalendar, year: int) -> list[Month]:
    """Return the twelve months of a year, each day marked by what it is."""
    rows = []
    for month in range(1, 13):
        # Whole weeks: the days of the months around it stay empty.
        dates = almanac.Calendar().monthdatescalendar(year, month)
        weeks = [[_cell(work, day, month) for day in week] for week in dates]
        rows.append(Month(str(MONTHS[month]), weeks))
    return rows


def _cell(work: WorkCalendar, day: date, month: int) -> DayCell:
    if day.month != month:
        return DayCell(0, "")
    return DayCell(day.day, _kind(work, day))


def _kind(work: WorkCalendar, day: date) -> str:
    hours = work.hours_on(day)
    if day in work.holidays:
        return "other" if hours else "closed"
    return "open" if hours else "off"


def weeks(work: WorkCalendar, *, at: datetime) -> list[WeekView]:
    """Return the weekly hours, from the first on."""
    current = work.week_of(local_date(at, work.zone))
    views = []
    for week in work.weeks:
        days = [_week_day(week, weekday) for weekday in range(7)]
        views.append(WeekView(week.since, days, week == current))
    return views


def _week_day(week: Week, weekday: int) -> WeekDay:
    hours = week.days[weekday]
    day_before = week.days[weekday - 1]
    name = str(WEEKDAYS[weekday]).capitalize()
    return WeekDay(name, deadlines.hours_words(hours), _bars(hours, day_before))


def _bars(hours: Iterable[Hours], day_before: Iterable[Hours]) -> list[HoursBar]:
    bars = []
    for _opens, closes in day_before:
        # A bar ends at midnight; what is left of a night is drawn on the next day.
        if closes > MINUTES_A_DAY:
            bars.append(HoursBar(0, closes - MINUTES_A_DAY, True))
    for opens, closes in hours:
        bars.append(HoursBar(opens, min(closes, MINUTES_A_DAY) - opens, False))
    return bars


def day_rows(
    calendar: Calendar,
    work: WorkCalendar,
    year: int,
) -> list[SpecialDayRow]:
    """Return the dates of a year that differ, in their order."""
    rows = []
    for day in calendar.holidays.all():
        if day.on.year != year:
            continue
        hours = hours_of(day)
        # By the weekly hours of that date, which may have changed since.
        usual = work.week_of(day.on).days[day.on.weekday()]
        is_extra = bool(hours) and not usual
        rows.append(SpecialDayRow(day, deadlines.hours_words(hours), not hours, is_extra))
    return rows


def open_handoffs(listed: Iterable[Calendar]) -> dict[int, int]:
    """Return how many open handoffs count in each calendar, in one query.

    That is the calendar of their team, else that of their agreement. ``listed``: all calendars.
    """
    of_teams = {}
    for calendar in listed:
        if calendar.team_id and calendar.archived_at is None:
            of_teams[calendar.team_id] = calendar.pk
    rows = Handoff.objects.open().values_list("team", "agreement_version__calendar")
    counts: dict[int, int] = {}
    for team, agreed, count in rows.annotate(Count("pk")).order_by():
        # Clocks count by the same rule (calendars.of_team).
        pk = of_teams.get(team, agreed)
        counts[pk] = counts.get(pk, 0) + count
    return counts


@dataclass(frozen=True)
class RunningHandoffs:
    """Open handoffs of one calendar, and how many of them carry hours from before a change."""

    count: int
    behind: int


def running_in(calendar: Calendar, work: WorkCalendar) -> RunningHandoffs:
    """Return the open handoffs that count in ``calendar``, compared with the hours they carry."""
    rows = Handoff.objects.open().filter(_counts_in(calendar)).values_list("policy_ref")
    counts = dict(rows.annotate(Count("pk")).order_by())
    # Few: handoffs of one policy refer to one snapshot.
    Snapshot.objects.load(counts)
    behind = 0
    for key, count in counts.items():
        if not _are_hours_of(work, Snapshot.objects.body(key)["calendar"]):
            behind += count
    return RunningHandoffs(sum(counts.values()), behind)


def _counts_in(calendar: Calendar) -> Q:
    if calendar.team_id is None:
        teams = Calendar.objects.filter(team__isnull=False, archived_at=None).values("team")
        return Q(agreement_version__calendar=calendar) & ~Q(team__in=teams)
    if calendar.archived_at is None:
        return Q(team=calendar.team_id)
    return Q(pk__in=[])


def _are_hours_of(work: WorkCalendar, carried: Mapping[str, Any]) -> bool:
    """Return whether a handoff carries the hours of ``work``; names of days make no difference."""
    stored = work.to_json()
    same = [stored[key] == carried[key] for key in ("zone", "windows", "holidays")]
    return all(same) and (stored.get("changes") or None) == carried.get("changes")


def versions(calendar: Calendar) -> list[AgreementVersion]:
    """Return the versions of agreements that name the calendar, the newest first."""
    rows = AgreementVersion.objects.filter(calendar=calendar).select_related("agreement")
    return list(rows.order_by("-pk")[:MOST_VERSIONS])


def timed_commitments() -> list[Commitment]:
    """Return the commitments with a time limit of the agreements in force."""
    rows = Commitment.objects.filter(
        version__state=AgreementState.IN_FORCE,
        metric__in=CLOCK_METRICS,
        window_minutes__isnull=False,
    )
    with_agreement = rows.select_related("version__agreement")
    return list(with_agreement.order_by("version__agreement__name", "position", "pk"))


def state_of(calendar: Any) -> str:
    """Return the mark of a calendar from calendars.listed.

    "archived", "in_force", "signed" or "free".
    """
    if calendar.archived_at is not None:
        return "archived"
    if calendar.in_force:
        return "in_force"
    return "signed" if calendar.signed else "free"
