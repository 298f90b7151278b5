"""Calendars that no agreement names, and what is read of them."""

from __future__ import annotations

from datetime import date
from typing import Any

from crm.audit.models import Entry
from sla.calendars import calendars, work_calendars
from sla.models import Calendar
from tests import factories
from tests.factories import OFFICE, SIGNED_AT, Cast, when

SHORT = [(day, 600, 840) for day in range(5)]
NEW_YEAR = date(2027, 1, 1)


def free(cast: Cast, name: str = "Libre", **more: Any) -> Calendar:
    """Return a calendar that no agreement names."""
    return calendars.create(name, factories.ZONE, OFFICE, by=cast.root, at=SIGNED_AT, **more)


def verbs() -> list[str]:
    """Return the audit verbs of calendars, in order."""
    rows = Entry.objects.filter(verb__startswith="calendar_").order_by("pk")
    return list(rows.values_list("verb", flat=True))


def hours_today(calendar: Calendar, at: str) -> Any:
    """Return the stored weekly hours in effect at a moment."""
    return work_calendars.in_effect(Calendar.objects.get(pk=calendar.pk), at=when(at))
