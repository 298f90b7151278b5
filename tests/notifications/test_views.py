"""The inbox: opening reads, days, kinds, paging, and leads that somebody else has now."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.notifications import outbox, sentences
from crm.notifications.models import Notice
from crm.notifications.states import Group
from leads import handoffs
from tests import factories
from tests.factories import ACCEPTED_AT, when

pytestmark = pytest.mark.django_db
MONDAY = when("2026-03-02 10:00")


@pytest.fixture
def cast(new_organisation):
    new_organisation.bea.language = "en"
    new_organisation.bea.save()
    return new_organisation


def notice(person, *, path="/queue/", kind="handoff.new", at=MONDAY, key="k"):
    outbox.notify(kind, [person], at=at, key=key, path=path, params={"lead": "Mariana Peña"})
    outbox.deliver()
    return Notice.objects.latest("id")


def rows(client, **query):
    return rows_of(client.get("/notices/", query))


def rows_of(page):
    return [row for _words, of_day in page.context["days"] for row in of_day]


# -- Opening reads


def test_opening_a_notice_reads_it_and_leads_there(cast, moment, signed_in):
    opened, other = notice(cast.bea, path="/mine/"), notice(cast.bea, key="other")
    client = signed_in(cast.bea)
    answer = client.post(f"/notices/{opened.pk}/open/")
    assert (answer.status_code, answer["Location"]) == (302, "/mine/")
    read = dict(Notice.objects.values_list("pk", "read_at"))
    assert read == {opened.pk: MONDAY, other.pk: None}


def test_opening_twice_keeps_the_first_time(cast, moment, signed_in):
    opened = notice(cast.bea)
    client = signed_in(cast.bea)
    client.post(f"/notices/{opened.pk}/open/")
    moment.advance(hours=1)
    client.post(f"/notices/{opened.pk}/open/")
    opened.refresh_from_db()
    assert opened.read_at == MONDAY


def test_looking_reads_nothing(cast, moment, signed_in):
    notice(cast.bea)
    client = signed_in(cast.bea)
    client.get("/notices/")
    assert client.get(f"/notices/{Notice.objects.get().pk}/open/").status_code == 405
    assert Notice.objects.get().read_at is None


def test_notice_of_another_person_is_not_there(cast, moment, signed_in):
    theirs = notice(cast.cruz)
    assert signed_in(cast.bea).post(f"/notices/{theirs.pk}/open/").status_code == 404
    theirs.refresh_from_db()
    assert theirs.read_at is None


# -- Days, kinds, pages


def test_notices_stand_by_day_the_newest_first(cast, moment, signed_in):
    days = ["2026-03-02 00:10", "2026-03-01 23:50", "2025-12-31 09:00", "2026-02-27 09:00"]
    for number, text in enumerate(days):
        notice(cast.bea, at=when(text), key=str(number))
    page = signed_in(cast.bea).get("/notices/")
    found = [row.notice.created_at for row in rows_of(page)]
    assert found == sorted(map(when, days), reverse=True)
    headings = ["Today", "Yesterday", "Friday 27 February", "31 Dec 2025"]
    html = page.content.decode()
    assert [html.count(f'<h2 class="day">{text}</h2>') for text in headings] == [1] * 4


def test_kinds_of_all_templates_are_in_one_group_each(cast, moment):
    names = list({".".join(name.split(".")[:2]) for name in sentences.PATTERNS})
    assert len(names) > 20
    for kind in names:
        notice(cast.bea, kind=kind, key=kind)
    own = Notice.objects.visible_to(cast.bea)
    found = [kind for group in Group for kind in own.in_group(group).values_list("kind")]
    assert sorted(found) == sorted((kind,) for kind in names)


def test_filter_shows_one_group_and_refuses_unknown_ones(cast, moment, signed_in):
    notice(cast.bea, kind="handoff.breached", key="1")
    notice(cast.bea, kind="handoff.reassigned", key="2")
    client = signed_in(cast.bea)
    shown = {group: [row.notice.kind for row in rows(client, group=group)] for group in Group}
    assert {group: found for group, found in shown.items() if found} == {
        "deadlines": ["handoff.breached"],
        "leads": ["handoff.reassigned"],
    }
    bad = ["group=x", "colour=red", "after=x", "after=2026-03-02.7", "after=2026-03-02T10:00.7"]
    assert [client.get(f"/notices/?{query}").status_code for query in bad] == [400] * len(bad)


def test_pages_go_on_where_they_ended_also_when_notices_arrive(cast, moment, signed_in):
    for number in range(55):
        notice(cast.bea, at=MONDAY - timedelta(seconds=number // 10), key=str(number))
    client = signed_in(cast.bea)
    first = client.get("/notices/")
    moment.advance(hours=1)
    notice(cast.bea, at=MONDAY + timedelta(hours=1), key="new")
    second = client.get("/notices/", {"after": first.context["next"]})
    found = [[row.notice.pk for row in rows_of(page)] for page in (first, second)]
    assert ([len(each) for each in found], second.context["next"]) == ([50, 5], "")
    assert [*found[0], *found[1]] == list(
        Notice.objects.exclude(message__dedup_key__startswith="new")
        .order_by("-created_at", "-pk")
        .values_list("pk", flat=True)
    )


# -- Leads that somebody else has now


def test_lead_of_a_colleague_is_told_in_words_instead_of_404(cast, moment, signed_in):
    handoff = factories.handed_off(cast)
    outbox.deliver()
    about = Notice.objects.get(recipient=cast.bea)
    client = signed_in(cast.bea)
    assert [row.gone for row in rows(client)] == [""]
    handoffs.accept(handoff, by=cast.cruz, at=ACCEPTED_AT)
    sentence = "This lead is no longer with you."
    assert [row.gone for row in rows(client)] == [sentence]
    page = client.get("/notices/").content.decode()
    assert (sentence in page, "Cruz" in page) == (True, False)
    answer = client.post(f"/notices/{about.pk}/open/", follow=True)
    assert (answer.redirect_chain, answer.status_code) == ([("/notices/", 302)], 200)
    assert [str(message) for message in answer.context["messages"]] == [sentence]
    about.refresh_from_db()
    assert about.read_at == MONDAY


def test_lead_of_another_team_names_nobody(cast, moment, signed_in):
    handoff = factories.accepted(cast, to=cast.other_sales, by=cast.elsa)
    notice(cast.bea, path=f"/leads/{handoff.lead_id}/")
    client = signed_in(cast.bea)
    assert [row.gone for row in rows(client)] == ["This lead is no longer with you."]
    assert "Elsa" not in client.get("/notices/").content.decode()


@pytest.mark.parametrize("count", [1, 4])
def test_inbox_needs_a_constant_number_of_queries(cast, moment, signed_in, count):
    for _ in range(count):
        factories.accepted(cast, by=cast.cruz)
        factories.handed_off(cast)
    outbox.deliver()
    client = signed_in(cast.bea)
    client.get("/notices/")
    with CaptureQueriesContext(connection) as captured:
        assert len(rows(client)) == 2 * count
    assert len(captured) == 6
