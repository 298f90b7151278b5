"""Values of answers, as the fields of serializers show them, without their cost."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from crm.lib import rest
from sla.clocks import readings
from sla.clocks.readings import Reading
from sla.clocks.snapshots import ClockRow, row_of
from sla.models import Clock
from sla.states import CLOCKED

AHEAD = ("ok", "soon", "waiting", "paused")
STATUSES = ("ok", "soon", "late", "waiting", "paused", "met", "missed", "tried", "cancelled")


def named(pk: int | None, name: str | None) -> dict[str, Any] | None:
    """Return a person or an object by id and name, None without one."""
    if pk is None:
        return None
    return {"id": pk, "name": name}


def persona(pk: int | None, slug: str | None, number: int | None) -> dict[str, Any] | None:
    """Return the version of a persona, None without one."""
    if pk is None:
        return None
    return {"id": pk, "slug": slug, "number": number}


def day_text(day: date | None) -> str | None:
    if day is None:
        return None
    return day.isoformat()


def moment_text(moment: datetime | None) -> str | None:
    """Return the instant in UTC, with Z."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def amount_text(amount: Decimal | None) -> str | None:
    """Return the digits of an amount: a JSON number would lose some."""
    if amount is None:
        return None
    return f"{amount:f}"


class LeadOf(rest.Answer):
    """The lead in short."""

    id = serializers.IntegerField()
    name = serializers.CharField(source="__str__")
    company = serializers.CharField(source="company.name", default="")


class ClockShown(serializers.Serializer):
    """A clock that runs on a promise.

    ``seconds_left`` is business time, below 0 when late, null when it stopped. ``resumes_at``: when
    its pause is over, null where it is not paused.
    """

    metric = serializers.ChoiceField(choices=CLOCKED)
    status = serializers.ChoiceField(choices=[(status, status) for status in STATUSES])
    started_at = rest.Moment()
    due_at = rest.Moment()
    seconds_left = serializers.IntegerField(allow_null=True)
    limit_seconds = serializers.IntegerField()
    opens_at = rest.Moment(allow_null=True)
    resumes_at = rest.Moment(allow_null=True)
    time_zone = serializers.CharField()


def clock_of(known: Clock | None, *, at: datetime) -> dict[str, Any] | None:
    """Return what ``known`` shows at ``at``, None without one."""
    if known is None:
        return None
    return clock(row_of(known), at=at)


def clock(row: ClockRow, *, at: datetime) -> dict[str, Any] | None:
    """Return what the clock shows at ``at``, None without one."""
    if not row.pk:
        return None
    reading = readings.reading(row, at=at)
    return {
        "metric": reading.metric,
        "status": reading.status,
        "started_at": moment_text(reading.started_at),
        "due_at": moment_text(reading.due_at),
        "seconds_left": seconds_left(reading),
        "limit_seconds": reading.limit_seconds,
        "opens_at": moment_text(reading.opens_at),
        "resumes_at": moment_text(reading.resumes_at),
        "time_zone": reading.zone,
    }


def seconds_left(reading: Reading) -> int | None:
    """Return the business time that is left, below 0 when late, None for a stopped clock."""
    if reading.status in AHEAD:
        return reading.seconds
    if reading.status == "late":
        # A reading counts the overdue time upwards; the API counts down through 0.
        return -reading.seconds
    return None
