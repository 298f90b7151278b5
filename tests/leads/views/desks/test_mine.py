"""My leads: by the next step, overdue first contacts on top, in tabs that count what they list."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.accounts.models import User
from crm.lib.paging import Listing
from leads.follow_up import own_leads
from leads.models import Handoff, PlannedStep
from leads.views.desks import mine as page
from tests import factories
from tests.factories import Cast, when


@pytest.fixture
def cast(new_organisation: Cast, moment: Any) -> Cast:
    User.objects.update(language="en", time_zone="America/Mexico_City")
    moment.set("2026-03-02 12:00")
    return new_organisation


def plan(handoff: Handoff, due_at: datetime, text: str = "") -> int:
    """Let the next step of ``handoff`` be due at ``due_at``."""
    PlannedStep.objects.open().filter(handoff=handoff).update(due_at=due_at, text=text)
    return handoff.pk


def shown(client: Any, tab: str = "all", **query: str) -> list[int]:
    answer = client.get("/mine/", {"tab": tab, **query})
    assert answer.status_code == 200
    return [row.pk for row in answer.context["rows"]]


def counted(client: Any, **query: str) -> list[int]:
    return [tab.count for tab in client.get("/mine/", query).context["tabs"]]


def test_own_leads_stand_by_their_next_step_in_three_tabs(
    cast: Cast, signed_in: Any, moment: Any
) -> None:
    next_week = plan(factories.sql(cast), when("2026-03-09 10:00"))
    late = plan(factories.contacted(cast), when("2026-03-02 16:00"))
    tonight = plan(factories.contacted(cast), when("2026-03-02 23:30"))
    tomorrow = plan(factories.contacted(cast), when("2026-03-03 00:30"))
    factories.accepted(cast, by=cast.cruz)
    moment.set("2026-03-02 17:00")
    client = signed_in(cast.bea)
    expected = {
        "today": [late, tonight],
        "overdue": [late],
        "all": [late, tonight, tomorrow, next_week],
    }
    assert {tab: shown(client, tab) for tab in expected} == expected
    assert counted(client) == [2, 1, 4]
    assert counted(client, stage="sql") == [0, 0, 1]


def test_overdue_first_contact_is_on_top_whatever_was_planned_since(
    cast: Cast, signed_in: Any, moment: Any
) -> None:
    earlier = plan(factories.contacted(cast), when("2026-03-02 11:00"))
    accepted = plan(factories.accepted(cast), when("2026-03-09 10:00"))
    client = signed_in(cast.bea)
    assert shown(client) == [earlier, accepted]
    moment.set("2026-03-03 12:00")
    assert shown(client) == [accepted, earlier]
    assert shown(client, "overdue") == shown(client, "today") == [accepted, earlier]


def test_row_says_what_is_next_and_when(cast: Cast, signed_in: Any) -> None:
    due_at = when("2026-03-02 11:30")
    plan(factories.contacted(cast), due_at, "Send the offer")
    factories.accepted(cast)
    rows = signed_in(cast.bea).get("/mine/").context["rows"]
    assert [(row.next_step, row.is_late) for row in rows] == [
        ("Send the offer", True),
        ("First contact", False),
    ]
    assert rows[0].next_due == due_at


def test_lead_without_a_step_stands_by_its_clock(cast: Cast, signed_in: Any) -> None:
    PlannedStep.objects.all().delete()
    closing, calling = factories.sql(cast), factories.accepted(cast)
    PlannedStep.objects.all().delete()
    assert shown(signed_in(cast.bea)) == [calling.pk, closing.pk]


def test_own_leads_page_through_all_of_them(
    cast: Cast, signed_in: Any, moment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "PAGE", 2)
    made = [factories.accepted(cast).pk for _ in range(3)]
    late = [plan(factories.contacted(cast), when("2026-03-02 11:00")) for _ in range(2)]
    moment.set("2026-03-03 12:00")
    client, seen, after = signed_in(cast.bea), [], ""
    for _page in range(3):
        answer = client.get("/mine/", {"after": after})
        seen += answer.context["shown"].rows
        after = answer.context["shown"].next
    assert (seen, after) == ([*made, *late], "")


@pytest.mark.parametrize("tab", own_leads.TABS)
def test_first_page_of_a_tab_is_that_of_its_list(cast: Cast, tab: str) -> None:
    """The first page comes with the sizes of all tabs, and not from the list of its tab alone."""
    at, until = when("2026-03-03 12:00"), when("2026-03-04 00:00")
    factories.accepted(cast)
    plan(factories.accepted(cast), when("2026-03-09 10:00"))
    for due in ("2026-03-02 11:00", "2026-03-03 12:00", "2026-03-03 23:59", "2026-03-04 00:00"):
        plan(factories.contacted(cast), when(due))
    PlannedStep.objects.filter(handoff=factories.sql(cast)).delete()
    rows = own_leads.own_leads(cast.bea, tab, at=at, until=until)
    listing = Listing(lambda: rows, own_leads.BY_PLACE)
    moments = {"at": at, "until": until}
    for size in range(1, 9):
        page, sizes = own_leads.first_page(cast.bea, tab, size=size, **moments)
        assert page == listing.page(after="", size=size)
    assert sizes == own_leads.sizes(cast.bea, **moments)
    assert sizes[tab] == len(page.rows) == {"today": 5, "overdue": 3, "all": 7}[tab]


def test_next_and_previous_lead_follow_the_tab(cast: Cast, signed_in: Any, moment: Any) -> None:
    first, second = (factories.contacted(cast) for _ in range(2))
    plan(first, when("2026-03-02 11:00"))
    plan(second, when("2026-03-02 11:30"))
    plan(factories.sql(cast), when("2026-03-09 11:00"))
    client = signed_in(cast.bea)
    address = f"/leads/{first.lead_id}/?back=/mine/%3Ftab%3Doverdue"
    beside = client.get(address).context["beside"]
    assert f"/leads/{second.lead_id}/" in beside.next
    address = f"/leads/{second.lead_id}/?back=/mine/%3Ftab%3Doverdue"
    assert client.get(address).context["beside"].next == ""


@pytest.mark.parametrize("rows", [1, 4])
def test_own_leads_need_a_constant_number_of_queries(rows: int, cast: Cast, signed_in: Any) -> None:
    for _ in range(rows):
        factories.accepted(cast)
    client = signed_in(cast.bea)
    client.get("/mine/")
    with CaptureQueriesContext(connection) as captured:
        assert len(shown(client)) == rows
    assert len(captured) == 10


def test_unknown_tab_is_refused(cast: Cast, signed_in: Any) -> None:
    assert signed_in(cast.bea).get("/mine/?tab=nothing").status_code == 400


def test_my_leads_show_what_is_still_due_and_no_old_clock(cast: Cast, signed_in: Any) -> None:
    factories.accepted(cast)
    factories.sql(cast)
    rows = signed_in(cast.bea).get("/mine/").context["rows"]
    assert [row.reading and row.reading.metric for row in rows] == ["first_contact", None]


@pytest.mark.parametrize("name", ["bea", "ana", "elsa", "extra"])
def test_own_leads_are_in_sight(cast: Cast, name: str) -> None:
    """Of a person who was in sales when they accepted, and is in another team or in none now."""
    factories.accepted(cast, by=cast.bea)
    person = getattr(cast, name)
    Handoff.objects.update(owner=person)
    in_sight = Handoff.objects.open_to(person).filter(owner=person)
    assert list(Handoff.objects.worked_by(person)) == list(in_sight)


def test_person_outside_sales_has_an_empty_list(cast: Cast, signed_in: Any) -> None:
    answer = signed_in(cast.ana).get("/mine/")
    tabs = answer.context["tabs"]
    assert (answer.status_code, [each.count for each in tabs]) == (200, [0, 0, 0])
