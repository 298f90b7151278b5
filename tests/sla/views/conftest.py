"""A calendar to edit, its admin, and what is read of pages."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crm.accounts.models import User
from sla.calendars import calendars
from sla.models import Calendar
from tests.conftest import Moment
from tests.factories import OFFICE, SIGNED_AT, ZONE, Cast

NEW_YEAR = date(2027, 1, 1)


SHORT = [(day, 600, 840) for day in range(5)]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="crm.accounts.backend.Backend")
    return client


@pytest.fixture
def free(cast: Cast, moment: Moment) -> Calendar:
    """A calendar that no agreement names."""
    return calendars.create("Libre", ZONE, OFFICE, by=cast.root, at=SIGNED_AT)


@pytest.fixture
def admin(cast: Cast) -> Client:
    """The admin, in Spanish."""
    User.objects.filter(pk=cast.root.pk).update(language="es")
    return signed_in(cast.root)


def address(name: str, calendar: Calendar) -> str:
    return (
        reverse(name)
        if name in ("calendars", "calendar_tester", "calendar_new")
        else reverse(name, args=[calendar.pk])
    )


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def stored(calendar: Calendar) -> Calendar:
    return Calendar.objects.get(pk=calendar.pk)


def shown(response: Any) -> dict[str, str]:
    """What a browser would send of a page: the fields as they stand, and what the page was shown
    with.
    """
    form = response.context["form"]
    values = {field.html_name: field.value() for field in form if field.html_name != "was"}
    return {**{name: str(value) for name, value in values.items() if value}, "was": form.now}
