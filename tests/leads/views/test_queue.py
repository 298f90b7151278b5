"""The queue: its order, its pages and filters, and why marketing handed a lead off."""

from __future__ import annotations

import gzip
import re
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.accounts.models import User
from leads import handoffs
from leads.models import Handoff, Lead, Person
from leads.qualification import overrides
from leads.records import leads
from leads.views import queue as queue_page
from tests import factories
from tests.factories import when

pytestmark = pytest.mark.django_db

PAGE_KB = 60  # compressed
ROW = 2500  # bytes of one line as it is: a phone parses fifty of them


@pytest.fixture
def cast(new_organisation):
    User.objects.update(language="en")
    return new_organisation


def overridden(cast):
    """A handoff of a company that is too small, which Ana knows better."""
    small = factories.lead(cast, company={"employees": 8})
    overrides.override(
        small,
        cast.persona,
        "company-size",
        reason="Abre sucursal",
        by=cast.ana,
        at=factories.HANDED_OFF_AT,
    )
    return factories.handed_off(cast, of=small)


def shown(client, address="/queue/"):
    """Return the ids of the handoffs on a page of the queue."""
    return [row.pk for row in client.get(address).context["rows"]]


def test_queue_shows_why_marketing_knew_better(cast, signed_in):
    handoff = overridden(cast)
    answer = signed_in(cast.bea).get("/queue/")
    marks = {row.pk: row.marks for row in answer.context["rows"]}
    assert marks == {handoff.pk: [("warn", "Overridden: Abre sucursal", True)]}
    page = signed_in(cast.bea).get(f"/leads/{handoff.lead_id}/").content.decode()
    assert "“Abre sucursal” · Ana Robles" in page


def test_queue_offers_accept_as_sql_where_the_package_proves_it(cast, signed_in):
    proven, other = factories.proven(cast), factories.handed_off(cast)
    rows = signed_in(cast.bea).get("/queue/").context["rows"]
    offered = {row.pk: row.can_accept_as_sql for row in rows}
    assert offered == {proven.pk: True, other.pk: False}


# -- The order


def test_overdue_handoffs_stand_above_requeued_ones_and_those_above_the_rest(
    cast, signed_in, moment
):
    """Handed off at 10:00, due at 12:00; at 12:30 two are overdue."""
    late, later = (
        factories.handed_off(cast),
        factories.handed_off(cast, at=when("2026-03-02 10:15")),
    )
    fresh = factories.handed_off(cast, at=when("2026-03-02 11:00"))
    back = factories.accepted(cast, at=when("2026-03-02 10:10"))
    handoffs.requeue(back, by=cast.dora, at=when("2026-03-02 12:20"), cause="test")
    moment.set("2026-03-02 12:30")
    assert shown(signed_in(cast.bea)) == [late.pk, later.pk, back.pk, fresh.pk]


def test_requeued_handoff_is_overdue_in_its_turn(cast, signed_in, moment):
    first = factories.handed_off(cast)
    back = factories.handed_off(cast, at=when("2026-03-02 11:00"))
    handoffs.requeue(back, by=cast.dora, at=when("2026-03-02 11:30"), cause="test")
    moment.set("2026-03-02 13:30")
    assert shown(signed_in(cast.bea)) == [first.pk, back.pk]


def test_page_skips_no_handoff_when_rows_of_the_page_before_leave(
    cast, signed_in, moment, monkeypatch
):
    monkeypatch.setattr(queue_page, "PAGE", 3)
    made = [factories.handed_off(cast) for _ in range(7)]
    client = signed_in(cast.bea)
    first = client.get("/queue/").context["shown"]
    for handoff in made[:2]:
        handoffs.accept(handoff, by=cast.cruz, at=factories.ACCEPTED_AT)
    second = client.get("/queue/", {"after": first.next}).context["shown"]
    seen = [*first.rows, *second.rows]
    assert seen == [handoff.pk for handoff in made[:6]]
    # The last row that was shown has left, too.
    handoffs.accept(made[5], by=cast.cruz, at=factories.ACCEPTED_AT)
    assert shown(client, f"/queue/?after={second.next.replace('+', '%2B')}") == [made[6].pk]


def test_requeued_handoff_that_moves_back_with_time_is_not_skipped(
    cast, signed_in, moment, monkeypatch
):
    monkeypatch.setattr(queue_page, "PAGE", 1)
    late = factories.handed_off(cast)
    back = factories.accepted(cast, at=when("2026-03-02 10:10"))
    handoffs.requeue(back, by=cast.dora, at=when("2026-03-02 12:20"), cause="test")
    moment.set("2026-03-02 12:30")
    client = signed_in(cast.bea)
    first = client.get("/queue/").context["shown"]
    assert first.rows == [late.pk]
    moment.set("2026-03-02 12:45")
    second = client.get("/queue/", {"after": first.next}).context["shown"]
    assert second.rows == [back.pk]


def test_decided_tab_pages_by_the_last_decision(cast, signed_in, moment, monkeypatch):
    monkeypatch.setattr(queue_page, "PAGE", 2)
    made = [factories.accepted(cast) for _ in range(5)]
    client, seen, after = signed_in(cast.dora), [], ""
    for _page in range(3):
        page = client.get("/queue/", {"tab": "decided", "after": after}).context["shown"]
        seen += page.rows
        after = page.next
    assert (seen, after) == ([handoff.pk for handoff in reversed(made)], "")


# -- Scores


def test_scores_are_shown_only_where_they_differ_enough_to_choose_by(cast, signed_in):
    client = signed_in(cast.bea)
    factories.handed_off(cast)
    factories.handed_off(cast)
    assert client.get("/queue/").context["score_columns"] == []
    eager = factories.lead(cast)
    today = factories.LOGGED_AT.date()
    form = factories.action("sent_form")
    leads.add_action(eager, form, occurred_on=today, by=cast.ana, at=factories.LOGGED_AT)
    factories.handed_off(cast, of=eager)
    answer = client.get("/queue/")
    assert answer.context["score_columns"] == ["engagement_score"]
    assert [row.scores for row in answer.context["rows"]] == ["40", "40", "60"]


@pytest.mark.parametrize(
    ("fits", "columns"),
    [([70, 79], []), ([70, 80], ["fit_score"]), ([70, None], []), ([None], []), ([], [])],
)
def test_spread_from_which_a_score_has_a_column(fits, columns):
    rows = [SimpleNamespace(fit_score=fit, engagement_score=40) for fit in fits]
    assert queue_page.score_columns(rows) == columns


def test_answered_row_has_the_columns_of_its_page(cast, signed_in):
    handoff = factories.handed_off(cast)
    client = signed_in(cast.bea)
    answer = client.post(
        f"/handoffs/{handoff.pk}/accept/",
        {"column": ["fit_score", "nonsense"]},
        headers={"HX-Request": "true"},
    )
    page = answer.content.decode()
    assert '<td class="num" data-label="Fit">50</td>' in page
    assert page.count("<td") == 5


# -- Filters


def test_queue_finds_and_filters_within_its_tab(cast, signed_in):
    wanted = factories.handed_off(cast, person={"name": "Ximena Toro", "country": "CO"})
    factories.handed_off(cast, from_source="event")
    client = signed_in(cast.bea)
    for query in ("q=ximena", "country=CO", "source=organic_search"):
        assert shown(client, f"/queue/?{query}") == [wanted.pk], query
    answer = client.get("/queue/?country=CO&tab=waiting")
    assert [tab.count for tab in answer.context["tabs"]] == [1, 0, 0, 0]
    assert answer.context["tabs"][2].url == "?country=CO&tab=overdue"
    # The counters of the navigation stay those of the whole queue.
    assert answer.context["waiting"] == 2


def test_search_in_the_queue_does_not_find_hidden_contact_data(cast, signed_in):
    handoff = factories.handed_off(cast, person={"email": "secreta@andino.test"})
    Lead.objects.update(contact_hidden=True)
    assert shown(signed_in(cast.bea), "/queue/?q=secreta@andino.test") == []
    assert shown(signed_in(cast.elsa), "/queue/?q=secreta@andino.test") == [handoff.pk]


@pytest.mark.parametrize(
    "query",
    [
        "colour=red",
        "country=XX",
        "team=999",
        "source=x",
        "from=50",
        "after=x",
        "after=2026-03-02.1",
    ],
)
def test_queue_refuses_what_it_does_not_know(query, cast, signed_in):
    factories.handed_off(cast)
    assert signed_in(cast.bea).get(f"/queue/?{query}").status_code == 400


def test_queue_offers_only_the_queues_of_the_reader(cast, signed_in):
    assert "team" not in [field.name for field in offered(signed_in(cast.bea))]
    assert teams_offered(signed_in(cast.elsa)) == {"Ventas", "Ventas Sur"}


def offered(client, address="/queue/"):
    return client.get(address).context["filter"].folded


def teams_offered(client):
    (field,) = [field for field in offered(client) if field.name == "team"]
    return {str(label) for value, label in field.field.choices if value}


@pytest.mark.parametrize("rows", [1, 5])
def test_filtered_queue_needs_a_constant_number_of_queries(rows, cast, signed_in):
    for _ in range(rows):
        factories.handed_off(cast)
    client = signed_in(cast.bea)
    client.get("/queue/")
    with CaptureQueriesContext(connection) as captured:
        assert len(shown(client, "/queue/?q=mariana&country=MX")) == rows
    assert len(captured) == 8
    assert Handoff.objects.count() == rows


# -- Call and WhatsApp without opening the lead


def reach(client, path="/queue/"):
    text = client.get(path).content.decode()
    return re.findall(r'href="((?:tel:|https://wa\.me/)[^"]*)"', text)


def test_card_calls_and_writes_without_opening_the_lead(cast, signed_in):
    factories.handed_off(cast, person={"phone": "+52 55 1234 5678 ext. 204"})
    assert reach(signed_in(cast.bea)) == ["tel:+525512345678,204", "https://wa.me/525512345678"]


def test_card_of_a_lead_without_a_phone_has_no_button(cast, signed_in):
    handoff = factories.handed_off(cast)
    Person.objects.filter(pk=handoff.lead.person_id).update(phone="")
    assert reach(signed_in(cast.bea)) == []


def test_card_keeps_hidden_phones_hidden(cast, signed_in):
    factories.handed_off(cast)
    Lead.objects.update(contact_hidden=True)
    assert reach(signed_in(cast.bea)) == []
    assert len(reach(signed_in(cast.elsa))) == 2


def test_page_of_the_queue_is_small(cast, moment, signed_in):
    for number in range(queue_page.PAGE):
        make = factories.proven if number % 2 else factories.handed_off
        make(cast)
    page = signed_in(cast.bea).get("/queue/").content
    assert page.count(b"<tr data-row") == queue_page.PAGE == 50
    assert len(gzip.compress(page, 6)) <= PAGE_KB * 1024
    assert (page.rindex(b"</tr>") - page.index(b"<tr data-row")) / queue_page.PAGE <= ROW
