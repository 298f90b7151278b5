"""When is a lead due, and why: the page of questions to the calendar."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import translation

from crm.accounts.models import User
from sla.agreements import policies
from sla.calendars import calendars, special_days, weekly_hours, work_calendars
from sla.models import Calendar, Commitment
from sla.worktime import explanation
from sla.worktime.calendar import WorkCalendar
from tests import factories
from tests.conftest import Moment
from tests.factories import OFFICE, SIGNED_AT, ZONE, Cast


@pytest.fixture
def asking(cast: Cast, moment: Moment) -> Client:
    """A rep, in Spanish."""
    User.objects.filter(pk=cast.bea.pk).update(language="es")
    client = Client()
    client.force_login(cast.bea, backend="crm.accounts.backend.Backend")
    return client


def ask(client: Client, **query: Any) -> Any:
    return client.get(f"/calendars/tester/?{urlencode(query)}")


def lines(response: Any) -> list[str]:
    shown = response.context["explanation"]
    return [line.text.replace("\u00a0", " ") for line in (*shown.first, *shown.folded, *shown.last)]


def in_english(user: User) -> None:
    User.objects.filter(pk=user.pk).update(language="en")


def test_saturday_afternoon_is_due_on_monday_in_spanish(cast: Cast, asking: Client) -> None:
    """Frappe CRM answers 16:00 of the same Saturday."""
    response = ask(asking, calendar=cast.calendar.pk, at="2026-11-28T15:00", hours=1)
    assert response.context["due"] == "lunes 30 de noviembre de 2026, 10:00 (Ciudad de México)"
    assert lines(response) == [
        "Del sábado 28 de noviembre al domingo 29 de noviembre: sin horario en estos días.",
        "Lunes 30 de noviembre: abre a las 09:00.",
        "Lunes 30 de noviembre, de 09:00 a 10:00: el reloj cuenta 1 h. No queda nada.",
    ]


def test_saturday_afternoon_is_due_on_monday_in_english(cast: Cast, asking: Client) -> None:
    in_english(cast.bea)
    response = ask(asking, calendar=cast.calendar.pk, at="2026-11-28T15:00", hours=1)
    assert response.context["due"] == "Monday 30 November 2026, 10:00 (Mexico City)"
    assert lines(response) == [
        "Saturday 28 November to Sunday 29 November: no hours on these days.",
        "Monday 30 November: opens at 09:00.",
        "Monday 30 November, 09:00 to 10:00: the clock counts 1 h. Nothing left.",
    ]


def test_holidays_short_days_nights_and_new_hours_are_told(cast: Cast, asking: Client) -> None:
    in_english(cast.bea)
    by = {"by": cast.root, "at": SIGNED_AT}
    calendar = calendars.create("Libre", ZONE, OFFICE, **by)
    special_days.set_day(calendar, date(2026, 12, 24), "Eve", [(540, 780)], **by)
    special_days.set_day(calendar, date(2026, 12, 25), "Christmas", (), **by)
    weekly_hours.set_week(calendar, date(2026, 12, 28), [(day, 600, 840) for day in range(5)], **by)
    response = ask(asking, calendar=calendar.pk, at="2026-12-23T16:30", hours=6, minutes=30)
    assert lines(response) == [
        "Wednesday 23 December, 16:30 to 17:00: the clock counts 30 min. 6 h left.",
        "Wednesday 23 December, 17:00: closed until Thursday 24 December, 09:00. (Eve)",
        (
            "Thursday 24 December, 09:00 to 13:00: the clock counts 4 h. Other hours on this date:"
            " Eve. 2 h left."
        ),
        "Thursday 24 December (Eve): closed from 13:00 on.",
        "Friday 25 December: closed, Christmas.",
        "Saturday 26 December to Sunday 27 December: no hours on these days.",
        "From Monday 28 December on other weekly hours count.",
        "Monday 28 December: opens at 10:00.",
        "Monday 28 December, 10:00 to 12:00: the clock counts 2 h. Nothing left.",
    ]


def test_first_visit_asks_about_the_first_commitment_now(cast: Cast, asking: Client) -> None:
    response = asking.get("/calendars/tester/")
    form = response.context["form"]
    assert (form["calendar"].value(), form["at"].value()) == (
        str(cast.calendar.pk),
        "2026-03-02T10:00",
    )
    assert form.chosen_commitment == Commitment.objects.get(version=cast.agreement, metric="accept")
    assert response.context["due"] == "lunes 2 de marzo de 2026, 12:00 (Ciudad de México)"


def test_answer_is_the_deadline_that_a_clock_gets(
    cast: Cast, asking: Client, moment: Moment
) -> None:
    handoff = factories.handed_off(cast, at=moment.set("2026-03-06 16:30"))
    promise = Commitment.objects.get(version=cast.agreement, metric="accept")
    response = ask(asking, calendar=cast.calendar.pk, at="2026-03-06T16:30", promise=promise.pk)
    assert handoff.clock is not None
    assert response.context["due_at"] == handoff.clock.due_at


def test_only_commitments_in_force_with_a_time_are_offered(cast: Cast, asking: Client) -> None:
    factories.drafted(cast.calendar, by=cast.luis)
    form = asking.get("/calendars/tester/").context["form"]
    offered = {form.commitments[pk].metric for pk in form.commitments}
    assert (len(form.commitments), offered) == (3, {"accept", "first_contact", "sql_decision"})


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"calendar": "0"}, "calendar"),
        ({"at": "yesterday"}, "at"),
        ({"at": ""}, "at"),
        ({"at": "9999-12-31T10:00"}, "at"),
        ({"hours": "-1"}, "hours"),
        ({"hours": "1001"}, "hours"),
        ({"hours": "0"}, "hours"),
        ({"hours": "x"}, "hours"),
        ({"minutes": "60"}, "minutes"),
        ({"promise": "0"}, "promise"),
    ],
)
def test_question_that_cannot_be_is_refused_by_field(
    cast: Cast, asking: Client, query: dict[str, str], field: str
) -> None:
    asked = {"calendar": str(cast.calendar.pk), "at": "2026-03-02T10:00", "hours": "1", **query}
    response = ask(asking, **asked)
    form = response.context["form"]
    assert (response.status_code, list(form.errors), "explanation" in response.context) == (
        422,
        [field],
        False,
    )
    assert {name: form[name].value() for name in asked} == asked


def test_commitment_and_duration_exclude_each_other(cast: Cast, asking: Client) -> None:
    promise = Commitment.objects.get(version=cast.agreement, metric="accept")
    response = ask(
        asking, calendar=cast.calendar.pk, at="2026-03-02T10:00", promise=promise.pk, hours=1
    )
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["promise"])


def test_time_that_the_clocks_skip_is_refused(cast: Cast, asking: Client) -> None:
    santiago = calendars.create("Chile", "America/Santiago", OFFICE, by=cast.root, at=SIGNED_AT)
    response = ask(asking, calendar=santiago.pk, at="2026-09-06T00:30", hours=1)
    assert list(response.context["form"].errors) == ["at"]


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Santiago", "Pacific/Kiritimati"])
def test_zone_of_the_viewer_does_not_matter(cast: Cast, asking: Client, zone: str) -> None:
    User.objects.filter(pk=cast.bea.pk).update(time_zone=zone)
    response = ask(asking, calendar=cast.calendar.pk, at="2026-09-06T00:30", hours=1)
    assert response.context["due"] == "lunes 7 de septiembre de 2026, 10:00 (Ciudad de México)"


def test_calendar_that_never_gives_the_time_says_so(cast: Cast, asking: Client) -> None:
    seldom = calendars.create("Rara vez", ZONE, [(0, 540, 541)], by=cast.root, at=SIGNED_AT)
    response = ask(asking, calendar=seldom.pk, at="2026-03-02T10:00", hours=1000)
    assert list(response.context["form"].errors) == ["calendar"]


def test_long_explanation_is_folded_and_complete(cast: Cast, asking: Client) -> None:
    response = ask(asking, calendar=cast.calendar.pk, at="2026-03-02T10:00", hours=400)
    shown = response.context["explanation"]
    assert (len(shown.first), len(shown.last)) == (10, 10)
    steps = explanation.explain(
        work_calendars.plain(cast.calendar),
        factories.when("2026-03-02 10:00"),
        timedelta(hours=400),
    )
    opened = sum(step.why is explanation.Why.OPEN for step in steps)
    with translation.override("es"):
        assert sum("el reloj cuenta" in text for text in lines(response)) == opened == 51


def test_without_a_calendar_the_page_says_so(cast: Cast, asking: Client) -> None:
    for calendar in Calendar.objects.all():
        Calendar.objects.filter(pk=calendar.pk).update(archived_at=SIGNED_AT)
    response = asking.get("/calendars/tester/")
    assert (response.status_code, response.context["form"]) == (200, None)


def test_team_calendar_is_what_its_agreement_counts_in(cast: Cast) -> None:
    own = calendars.create(
        "Ventas", ZONE, [(5, 600, 840)], by=cast.root, at=SIGNED_AT, team=cast.sales
    )
    policy = policies.policy_for(cast.agreement, cast.sales, facts={})
    assert WorkCalendar.from_json(policy["calendar"]) == work_calendars.plain(own)
