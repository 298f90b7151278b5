"""Reminders of next steps: once, and in the working hours of who reads them."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta

import pytest
from django.core import mail as django_mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from crm import tasks
from crm.accounts import leaves
from crm.accounts.models import User
from crm.notifications import outbox
from crm.notifications.models import Message
from leads.follow_up import next_steps, reminders
from leads.models import Handoff, PlannedStep
from leads.returns import recycling
from leads.states import FollowUp
from sla.models import Calendar, Holiday
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when
from tests.leads.returns.rows import reason_to_recycle

NOON = when("2026-03-02 12:00")
NINE = when("2026-03-03 09:00")
TUESDAY, FRIDAY = date(2026, 3, 3), date(2026, 3, 6)


def plan(cast: Cast, day: date = TUESDAY, *, by: User | None = None) -> Handoff:
    handoff = factories.contacted(cast, by=by)
    next_steps.change(
        handoff.lead, handoff, FollowUp.OTHER, day, text="Mandar", by=by or cast.bea, at=NOON
    )
    return handoff


def sent() -> list[tuple[str, datetime]]:
    rows = Message.objects.filter(kind="handoff.next_step", channel="in_app").order_by("id")
    return [(message.recipient.name, message.next_try_at) for message in rows]


def test_reminder_comes_once_however_often_the_sweep_runs(cast: Cast, moment: Moment) -> None:
    plan(cast)
    moment.set(NINE - timedelta(seconds=1))
    tasks.sweep()
    assert sent() == []
    moment.set(NINE)
    tasks.sweep()
    tasks.sweep()
    assert sent() == [(cast.bea.name, NINE)]


def test_crash_between_the_mark_and_the_message_loses_nothing(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(cast)
    with monkeypatch.context() as crash:
        crash.setattr(outbox, "notify_many", lambda *args, **kwargs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            reminders.remind_due(at=NINE)
    assert (reminders.remind_due(at=NINE), reminders.remind_due(at=NINE)) == (1, 0)
    assert sent() == [(cast.bea.name, NINE)]


# -- Working hours

NIGHT = when("2026-03-03 23:00")
NEXT_MORNING = when("2026-03-04 09:00")


def outage(cast: Cast) -> datetime:
    return NIGHT


def holiday_declared_since(cast: Cast) -> datetime:
    Holiday.objects.create(calendar=cast.calendar, on=TUESDAY, name="Día libre")
    return NINE


def own_calendar_since(cast: Cast) -> datetime:
    """The team got a calendar of its own, which opens on Wednesday."""
    own = factories.office("Ventas", team=cast.sales)
    own.windows.filter(weekday=1).delete()
    return NINE


@pytest.mark.parametrize("story", [outage, holiday_declared_since, own_calendar_since])
def test_reminder_waits_until_work_begins(cast: Cast, story: object) -> None:
    plan(cast)
    at = story(cast)  # type: ignore[operator]
    assert (reminders.remind_due(at=at), sent()) == (0, [])
    assert PlannedStep.objects.open().get().remind_at == NEXT_MORNING
    assert reminders.remind_due(at=NEXT_MORNING) == 1
    assert sent() == [(cast.bea.name, NEXT_MORNING)]


def test_lead_with_marketing_is_reminded_of_in_marketings_hours(cast: Cast) -> None:
    lead = factories.mql(cast)
    next_steps.change(lead, None, FollowUp.OTHER, TUESDAY, by=cast.ana, at=NOON)
    own = Calendar.objects.filter(team=cast.marketing)
    assert not own.exists()
    assert (reminders.remind_due(at=NIGHT), reminders.remind_due(at=NEXT_MORNING)) == (0, 1)
    assert sent() == [(cast.ana.name, NEXT_MORNING)]


@pytest.mark.parametrize("ended", [True, False])
def test_step_that_ended_reminds_nobody(cast: Cast, ended: bool) -> None:
    """Also if it ended while its reminder waited for the morning."""
    handoff = plan(cast)
    if not ended:
        assert reminders.remind_due(at=NIGHT) == 0
    recycling.park(handoff, reason_to_recycle(), wake_on=None, by=cast.bea, at=NIGHT)
    assert (reminders.remind_due(at=NEXT_MORNING), sent()) == (0, [])


# -- Who is away


@pytest.mark.parametrize(
    ("first", "last", "at", "name"),
    [
        (TUESDAY, FRIDAY, NINE, "Cruz"),
        (TUESDAY, TUESDAY, NIGHT, "Bea"),
        (date(2026, 3, 4), FRIDAY, NIGHT, "Cruz"),
    ],
    ids=["away", "back in the morning", "away from the morning on"],
)
def test_delegate_is_reminded_of_steps_of_somebody_who_is_away(
    cast: Cast, first: date, last: date, at: datetime, name: str
) -> None:
    plan(cast)
    leaves.take(cast.bea, first, last, by=cast.bea, at=NOON, delegate=cast.cruz)
    reminders.remind_due(at=at)
    reminders.remind_due(at=NEXT_MORNING)
    assert [person.split()[0] for person, _at in sent()] == [name]


def test_leads_of_the_team_are_reminded_where_nobody_stands_in(cast: Cast) -> None:
    plan(cast)
    leaves.take(cast.bea, TUESDAY, FRIDAY, by=cast.bea, at=NOON)
    reminders.remind_due(at=NINE)
    assert sent() == [(cast.dora.name, NINE)]


# -- Many


def test_reminders_of_one_morning_are_one_letter(
    cast: Cast, moment: Moment, settings: Settings
) -> None:
    settings.MAIL_ON = True
    settings.BASE_URL = "https://relevo.example"
    User.objects.filter(pk=cast.bea.pk).update(language="en")
    for _ in range(3):
        plan(cast)
    # What was queued before goes out first.
    moment.set("2026-03-02 12:30")
    tasks.mail()
    django_mail.outbox.clear()
    moment.set(NINE)
    tasks.sweep()
    moment.set("2026-03-03 09:06")
    tasks.mail()
    subjects = [each.subject for each in django_mail.outbox]
    assert len(subjects) == 1
    assert "3" in subjects[0]


def test_batch_needs_a_constant_number_of_queries(cast: Cast) -> None:
    """Whatever the number of teams, of either side; the first batch fills what is kept."""
    found = []
    numbers = iter(range(10))
    for many in (1, 1, 4):
        for number in itertools.islice(numbers, many):
            team = factories.team(f"Ventas {number}", "sales")
            factories.office(f"Ventas {number}", team=team)
            plan(cast, by=factories.person(f"Rep{number} Uno", team, cast.sales))
            lead = factories.mql(cast)
            next_steps.change(lead, None, FollowUp.OTHER, TUESDAY, by=cast.ana, at=NOON)
        with CaptureQueriesContext(connection) as captured:
            assert reminders.remind_due(at=NINE) == 2 * many
        found.append(len(captured))
    assert found[1] == found[2] == 17
