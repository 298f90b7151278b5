"""Leaves with a delegate: who works and is told meanwhile, and what the person reads after."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.utils import translation

from crm import tasks
from crm.accounts import leaves
from crm.accounts.models import Leave, User
from crm.notifications.models import Message
from leads.follow_up import attempts
from leads.handoffs import notices
from leads.models import Handoff, Lead
from leads.permissions import can_change, can_work
from tests import factories
from tests.conftest import Moment
from tests.factories import ACCEPTED_AT, Cast, when

MONDAY, FRIDAY = date(2026, 3, 2), date(2026, 3, 6)


def leave(person: User, delegate: User | None = None, last: date = FRIDAY) -> Leave:
    return leaves.take(person, MONDAY, last, by=person, at=ACCEPTED_AT, delegate=delegate)


def fresh(person: User) -> User:
    """The person as the next request reads them."""
    return User.objects.with_surroundings(person.pk)


def told(kind: str) -> dict[str, int | None]:
    rows = Message.objects.filter(kind=kind, channel="in_app")
    return {row.recipient.name: row.params.get("away_id") for row in rows}


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person, backend="crm.accounts.backend.Backend")
    return client


# -- Sight and role of the delegate


@pytest.mark.parametrize(
    ("away", "delegate", "expected"),
    [("bea", "cruz", True), ("bea", None, False), ("dora", "cruz", False)],
)
def test_delegate_sees_and_works_the_leads(
    cast: Cast, moment: Moment, away: str, delegate: str | None, expected: bool
) -> None:
    handoff = factories.accepted(cast)
    leave(getattr(cast, away), getattr(cast, delegate) if delegate else None)
    moment.set("2026-03-03 10:00")
    cruz = fresh(cast.cruz)
    found = (
        Handoff.objects.visible_to(cruz).filter(pk=handoff.pk).exists(),
        Lead.objects.visible_to(cruz).filter(pk=handoff.lead_id).exists(),
        can_work(cruz, handoff),
        can_change(cruz, handoff.lead),
    )
    assert found == (expected,) * 4


def test_delegate_finds_the_leads_in_the_list(cast: Cast, moment: Moment) -> None:
    handoff = factories.accepted(cast)
    leave(cast.bea, cast.cruz)
    moment.set("2026-03-03 10:00")
    answer = client_of(cast.cruz).get(f"/leads/?owner={cast.bea.pk}")
    assert f"/leads/{handoff.lead_id}/" in answer.content.decode()


@pytest.mark.parametrize("day", ["2026-03-01", "2026-03-07"])
def test_delegate_stands_in_on_the_days_of_the_leave_alone(
    cast: Cast, moment: Moment, day: str
) -> None:
    leave(cast.bea, cast.cruz)
    moment.set(f"{day} 12:00")
    assert fresh(cast.cruz).stands_in_for == []
    moment.set("2026-03-04 12:00")
    assert fresh(cast.cruz).stands_in_for == [cast.bea.pk]


# -- Who is told


def test_step_goes_to_the_delegate_and_says_so(cast: Cast, moment: Moment) -> None:
    handoff = factories.accepted(cast)
    leave(cast.bea, cast.cruz)
    moment.set("2026-03-02 13:20:05")
    tasks.sweep()
    assert told("handoff.warning") == {cast.cruz.name: cast.bea.pk}
    event = handoff.events.get(kind="escalated")
    assert event.payload["stand_ins"] == [{"away": cast.bea.name, "by": [cast.cruz.name]}]
    assert handoff.clock.state == "running"


def test_notice_names_the_person_in_whose_place(cast: Cast, moment: Moment) -> None:
    factories.accepted(cast)
    leave(cast.bea, cast.cruz)
    moment.set("2026-03-02 13:20:05")
    tasks.sweep()
    message = Message.objects.get(kind="handoff.warning", channel="in_app")
    row = notices.Told(message.kind, message.params, message.path)
    with translation.override("en"):
        [words] = notices.words(fresh(cast.cruz), [row])
    assert words.sentence.endswith(f"(you stand in for {cast.bea.name})")


def test_queue_asks_those_who_are_there(cast: Cast, moment: Moment) -> None:
    factories.handed_off(cast)
    leave(cast.bea)
    moment.set("2026-03-02 11:30:05")
    tasks.sweep()
    assert told("handoff.warning") == {cast.cruz.name: None, cast.dora.name: None}


def test_queue_whose_people_are_all_away_asks_the_director(cast: Cast, moment: Moment) -> None:
    factories.handed_off(cast)
    for person in (cast.bea, cast.cruz, cast.dora):
        leave(person)
    moment.set("2026-03-02 11:30:05")
    tasks.sweep()
    assert list(told("handoff.warning")) == [cast.elsa.name]


def test_return_goes_to_the_delegate_of_the_sender(cast: Cast) -> None:
    gil = factories.person("Gil", cast.marketing)
    leave(cast.ana, gil)
    handoff = factories.rejected(cast)
    assert handoff.returns.get().assigned_to == gil
    assert told("handoff.rejected") == {gil.name: cast.ana.pk}


# -- The page at the end


def test_page_says_what_the_delegate_did_and_what_waits(cast: Cast, moment: Moment) -> None:
    handoff = factories.accepted(cast)
    handoff_of_delegate = factories.accepted(cast)
    leave(cast.bea, cast.cruz)
    moment.set("2026-03-03 10:00")
    cruz = fresh(cast.cruz)
    attempts.record(
        handoff_of_delegate, "phone", outcome="reached", by=cruz, at=when("2026-03-03 10:00")
    )
    moment.set("2026-03-09 09:00")
    page = client_of(cast.bea).get("/away/")
    context = page.context
    decided = {line.event.lead_id for line in context["decided"]}
    assert decided == {handoff_of_delegate.lead_id}
    waiting = {row.pk for row in context["absence"].handoffs}
    assert waiting == {handoff.pk, handoff_of_delegate.pk}


def test_banner_is_shown_until_the_page_was_read(cast: Cast, moment: Moment) -> None:
    leave(cast.bea)
    client = client_of(cast.bea)
    shown = []
    for day, path in (("05", "/queue/"), ("09", "/queue/"), ("09", "/away/"), ("09", "/queue/")):
        moment.set(f"2026-03-{day} 10:00")
        shown.append("Welcome back" in client.get(path).content.decode())
    assert shown == [False, True, False, False]


def test_page_without_a_leave(cast: Cast) -> None:
    assert "No leave yet" in client_of(cast.bea).get("/away/").content.decode()
