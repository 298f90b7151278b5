"""Why a deadline falls where it falls: the stretches of time on the way to it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sla.worktime.arithmetic import add
from sla.worktime.calendar import Hours, WorkCalendar
from sla.worktime.instants import DAY, EPOCH_DAY, MINUTE, WEEK, to_instant, to_micros
from sla.worktime.weeks import offsets, open_week


class Why(StrEnum):
    """Why a stretch of time counts, or why it does not."""

    OPEN = "open"
    HOLIDAY = "holiday"  # a date on which no window starts
    DAY_OFF = "day_off"  # a weekday without hours
    BEFORE = "before"  # before the first window of the date
    BREAK = "break"  # between two of its windows
    AFTER = "after"  # after its last one


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the way to a deadline, from ``since`` to before ``until`` (UTC), for one reason.

    ``counted``: open time in it; ``left``: what remains of the duration after it. ``on``: the local
    date at its start. ``name``: why that date differs from its week, where it does; ``week_since``:
    from when on the weekly hours of that date are in effect (None: from the beginning).
    """

    why: Why
    since: datetime
    until: datetime
    counted: timedelta
    left: timedelta
    on: date
    name: str
    week_since: date | None


class _Piece(NamedTuple):
    """A stretch in microseconds since 1970, and the local date at its start."""

    since: int
    until: int
    why: Why
    on: date


def explain(calendar: WorkCalendar, at: datetime, duration: timedelta) -> list[Stretch]:
    """Return why ``duration`` from ``at`` on is due when `arithmetic.add` says.

    The stretches follow each other without a gap from ``at`` to the deadline, and their counted
    time adds up to ``duration``. Empty where the deadline is ``at`` itself. Raises as `add`; as
    long as the way is (some stretches for each day).
    """
    start = to_micros(at, "at")
    end = to_micros(add(calendar, at, duration), "at")
    left = duration
    stretches = []
    for piece in _pieces(calendar, start, end):
        since = to_instant(piece.since)
        until = to_instant(piece.until)
        counted = until - since if piece.why is Why.OPEN else timedelta(0)
        left -= counted
        stretches.append(
            Stretch(
                why=piece.why,
                since=since,
                until=until,
                counted=counted,
                left=left,
                on=piece.on,
                name=calendar.names.get(piece.on, ""),
                week_since=calendar.week_of(piece.on).since,
            )
        )
    return stretches


def _pieces(calendar: WorkCalendar, start: int, end: int) -> list[_Piece]:
    """Return the way from ``start`` to ``end``, cut where the reason changes."""
    zone = ZoneInfo(calendar.zone)
    pieces: list[_Piece] = []
    moment = start
    for opens, closes in [*_open_stretches(calendar, start, end), (end, end)]:
        for piece in _closed_pieces(calendar, zone, moment, opens):
            if pieces and _continues(pieces[-1], piece):
                pieces[-1] = pieces[-1]._replace(until=piece.until)
            else:
                pieces.append(piece)
        if opens < closes:
            on = to_instant(opens).astimezone(zone).date()
            pieces.append(_Piece(opens, closes, Why.OPEN, on))
        moment = closes
    return pieces


def _continues(before: _Piece, piece: _Piece) -> bool:
    """Return whether two closed pieces are one stretch.

    So is a weekend, and a date that is cut by a clock change or by the end of a UTC week.
    """
    if before.why is not piece.why:
        return False
    return piece.why is Why.DAY_OFF or before.on == piece.on


def _open_stretches(calendar: WorkCalendar, start: int, end: int) -> list[Hours]:
    """Return the open stretches from ``start`` to ``end``, whole across the ends of weeks."""
    stretches: list[Hours] = []
    for number in range(start // WEEK, end // WEEK + 1):
        week = open_week(calendar, number)
        for week_opens, week_closes in zip(week.opens, week.closes, strict=True):
            opens = max(week_opens, start)
            closes = min(week_closes, end)
            if opens >= closes:
                continue
            if stretches and stretches[-1][1] == opens:
                stretches[-1] = (stretches[-1][0], closes)
            else:
                stretches.append((opens, closes))
    return stretches


def _closed_pieces(
    calendar: WorkCalendar, zone: ZoneInfo, start: int, end: int
) -> Iterator[_Piece]:
    """Yield a closed stretch cut at local midnights and at changes of the zone's offset."""
    for number in range(start // WEEK, end // WEEK + 1):
        for since, until, offset in offsets(zone, number):
            moment = max(since, start)
            last = min(until, end)
            while moment < last:
                day, reading = divmod(moment + offset, DAY)
                midnight = (day + 1) * DAY - offset
                stop = min(midnight, last)
                on = date.fromordinal(day + EPOCH_DAY)
                yield _Piece(moment, stop, _why_closed(calendar, on, reading), on)
                moment = stop


def _why_closed(calendar: WorkCalendar, on: date, reading: int) -> Why:
    """Return why nothing is open on the local date ``on``.

    ``reading``: wall microseconds since midnight.
    """
    hours = calendar.hours_on(on)
    if not hours:
        return Why.HOLIDAY if on in calendar.holidays else Why.DAY_OFF
    if reading < min(opens for opens, _ in hours) * MINUTE:
        return Why.BEFORE
    if reading >= max(closes for _, closes in hours) * MINUTE:
        return Why.AFTER
    return Why.BREAK
