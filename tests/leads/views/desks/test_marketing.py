"""Marketing's desk: what each tab lists, and that its counters count exactly that."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.accounts.models import User
from leads.desks import marketing, readiness
from leads.models import Handoff, Lead
from leads.returns import disputes, duplicates, misrouting, recycling, returns
from leads.views.desks import marketing as page
from tests import factories
from tests.factories import Cast
from tests.leads.returns.rows import reason_to_close, reason_to_recycle

TABS = ("sent_back", "needs_data", "ready", "waking", "stale")


@pytest.fixture
def cast(new_organisation: Cast, moment: Any) -> Cast:
    User.objects.update(language="en")
    moment.set("2026-03-02 13:00")
    return new_organisation


def park(handoff: Handoff, wake_on: date | None) -> None:
    recycling.park(
        handoff,
        reason_to_recycle(),
        wake_on=wake_on,
        by=handoff.owner or handoff.submitted_by,
        at=factories.CONTACTED_AT,
    )


def lead_of(row: Any) -> int:
    """Return the id of the lead that a row of any tab shows."""
    if isinstance(row, tuple) and not hasattr(row, "_fields"):
        row = row[0]
    if hasattr(row, "judged"):
        return row.judged.lead.pk
    if isinstance(row, marketing.SentBack | marketing.Waking):
        return row.lead.pk
    return row.pk


def shown(client: Any, tab: str, **query: str) -> list[int]:
    answer = client.get("/desk/", {"tab": tab, **query})
    assert answer.status_code == 200
    return [lead_of(row) for row in answer.context["rows"]]


def number(tab: Any) -> str:
    return f"{tab.count}{'+' * tab.is_more}"


def counted_on(client: Any, tab: str, **query: str) -> dict[str, str]:
    """Return what the page of ``tab`` counts itself, without asking for more."""
    tabs = client.get("/desk/", {"tab": tab, **query}).context["tabs"]
    return {each.url.removeprefix("?tab="): number(each) for each in tabs if each.count is not None}


COUNTER = re.compile(r'<span class="n" id="count-(\w+)" hx-swap-oob="true">(.*?)</span>')
ASKS = re.compile(r'hx-get="(/desk/counts/[^"]*)" hx-trigger="load" hx-swap="none"')


def counted(client: Any, tab: str = "sent_back", **query: str) -> dict[str, str]:
    """Return the counters as the page of ``tab`` shows them once it has asked for the others."""
    text = client.get("/desk/", {"tab": tab, **query}).content.decode()
    [address] = ASKS.findall(text)
    later = dict(COUNTER.findall(client.get(unescape(address)).content.decode()))
    for name in later:
        assert f'<span class="n" id="count-{name}"></span>' in text
    return counted_on(client, tab, **query) | later


def test_each_tab_lists_what_its_counter_counts(cast: Cast, signed_in: Any) -> None:
    back = factories.rejected(cast)
    theirs = factories.rejected(cast, team=cast.other_marketing)
    unknown = factories.lead(cast, company={"employees": None})
    ready = factories.lead(cast)
    asleep, far = factories.contacted(cast), factories.contacted(cast)
    park(asleep, date(2026, 3, 6))
    park(far, date(2026, 4, 20))
    woken = factories.contacted(cast)
    park(woken, date(2026, 4, 20))
    recycling.wake_by_hand(woken.lead, by=cast.ana, at=factories.SQL_AT)
    client = signed_in(cast.ana)
    expected = {
        "sent_back": [back.lead_id],
        "needs_data": [unknown.pk],
        "ready": sorted([ready.pk, woken.lead_id], reverse=True),
        "waking": [woken.lead_id, asleep.lead_id],
        "stale": [],
    }
    assert {tab: shown(client, tab) for tab in TABS} == expected
    for tab in TABS:
        assert counted(client, tab) == {name: str(len(ids)) for name, ids in expected.items()}
    assert theirs.lead_id not in {pk for ids in expected.values() for pk in ids}


def test_sent_back_shows_who_when_why_and_the_answers(cast: Cast, signed_in: Any) -> None:
    reason_to_close()
    handoff = factories.rejected(cast)
    handoff.decisions.update(comment="Es estudiante")
    answer = signed_in(cast.ana).get("/desk/")
    [(row, reading, _answers)] = answer.context["rows"]
    assert (row.rejected_by, row.rejected_at, row.comment) == (
        "Bea Quintero",
        factories.ACCEPTED_AT,
        "Es estudiante",
    )
    assert (row.kind, row.assigned_to, reading.standing) == ("definitional", "Ana Robles", "ok")
    text = answer.content.decode()
    for way in ("/qualify/", "#step-recycle", "#step-close"):
        assert f"/leads/{handoff.lead_id}/" in text and way in text, way
    lead_page = signed_in(cast.ana).get(f"/leads/{handoff.lead_id}/").content.decode()
    assert 'id="step-recycle"' in lead_page and 'id="step-close"' in lead_page


def test_only_a_rejection_that_no_arbiter_judged_can_be_contested(
    cast: Cast, signed_in: Any
) -> None:
    """A link to an answer that the lead page does not offer would lead nowhere."""
    judged, fresh, misrouted, duplicate = (
        factories.rejected(cast),
        factories.rejected(cast),
        factories.handed_off(cast),
        factories.handed_off(cast),
    )
    disputes.contest(judged, "No es así", by=cast.ana, at=factories.CONTACTED_AT)
    disputes.deny(judged, comment="Sí es así", by=cast.elsa, at=factories.SQL_AT)
    misrouting.misroute(misrouted, None, by=cast.bea, at=factories.ACCEPTED_AT)
    duplicates.mark(duplicate, None, by=cast.bea, at=factories.ACCEPTED_AT, comment="Ya está")
    page = signed_in(cast.ana).get("/desk/")
    names = {row.handoff: [name for name, _label in ways] for row, _, ways in page.context["rows"]}
    assert names == {
        judged.pk: ["recycle", "close"],
        fresh.pk: ["recycle", "close", "dispute"],
        misrouted.pk: ["recycle", "close"],
        duplicate.pk: ["recycle", "close"],
    }
    text = page.content.decode()
    assert "Misrouted" in text and "Duplicate of another lead" in text
    assert f"/handoffs/{duplicate.pk}/link/" in text


def test_answered_return_leaves_the_desk(cast: Cast, signed_in: Any) -> None:
    handoff = factories.rejected(cast)
    returns.close(handoff, reason_to_close(), by=cast.ana, at=factories.CONTACTED_AT)
    assert shown(signed_in(cast.ana), "sent_back") == []


def test_lead_is_stale_fourteen_days_after_its_last_event(
    cast: Cast, signed_in: Any, moment: Any
) -> None:
    lead = factories.lead(cast)
    client = signed_in(cast.ana)
    moment.set(factories.LOGGED_AT + marketing.STALE_AFTER)
    assert shown(client, "stale") == []
    moment.advance(seconds=1)
    assert shown(client, "stale") == [lead.pk]
    assert counted(client)["stale"] == "1"


def test_woken_lead_is_no_news_after_a_week(cast: Cast, signed_in: Any, moment: Any) -> None:
    handoff = factories.contacted(cast)
    park(handoff, None)
    recycling.wake_by_hand(handoff.lead, by=cast.ana, at=factories.SQL_AT)
    client = signed_in(cast.ana)
    moment.set(factories.SQL_AT + marketing.WAKING_WITHIN)
    assert shown(client, "waking") == [handoff.lead_id]
    moment.advance(seconds=1)
    assert shown(client, "waking") == []


# -- Long lists


def test_sent_back_pages_by_the_deadline(
    cast: Cast, signed_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "SENT_BACK_PAGE", 2)
    made = [factories.rejected(cast).lead_id for _ in range(3)]
    client = signed_in(cast.ana)
    first = client.get("/desk/").context["shown"]
    assert shown(client, "sent_back") == made[:2]
    assert shown(client, "sent_back", after=first.next) == made[2:]


def test_window_that_is_not_all_says_so_and_goes_on(
    cast: Cast, signed_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "WINDOW", 2)
    made = [factories.lead(cast).pk for _ in range(3)][::-1]
    client = signed_in(cast.ana)
    answer = client.get("/desk/?tab=ready")
    assert ([lead_of(row) for row in answer.context["rows"]], counted(client)["ready"]) == (
        made[:2],
        "2+",
    )
    following = answer.context["shown"].next
    assert shown(client, "ready", after=following) == made[2:]
    # The counters still count the first window.
    assert counted(client, "ready", after=following)["ready"] == "2+"


def test_more_than_are_counted_are_more(
    cast: Cast, signed_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    marketing.COUNTS.kept.clear()
    monkeypatch.setattr(marketing, "COUNTED_UP_TO", 1)
    factories.rejected(cast)
    client = signed_in(cast.ana)
    assert counted(client)["sent_back"] == "1"
    factories.rejected(cast)
    assert counted(client)["sent_back"] == "1+"
    marketing.COUNTS.kept.clear()


@pytest.mark.parametrize(
    ("tab", "own"),
    [("sent_back", []), ("needs_data", ["needs_data"]), ("ready", ["ready"]), ("stale", [])],
)
def test_page_judges_no_leads_but_those_it_shows(
    cast: Cast, signed_in: Any, tab: str, own: list[str]
) -> None:
    factories.lead(cast)
    factories.lead(cast, company={"employees": None})
    counters = counted_on(signed_in(cast.ana), tab)
    assert list(counters) == sorted(["sent_back", "waking", "stale", *own], key=TABS.index)


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("rows", [1, 4])
def test_desk_needs_a_constant_number_of_queries(
    tab: str, rows: int, cast: Cast, signed_in: Any, moment: Any
) -> None:
    for _ in range(rows):
        factories.rejected(cast)
        factories.lead(cast)
        factories.lead(cast, company={"employees": None})
        park(factories.contacted(cast), date(2026, 3, 17))
    moment.set("2026-03-16 20:00")
    client = signed_in(cast.ana)
    client.get("/desk/", {"tab": tab})
    with CaptureQueriesContext(connection) as captured:
        assert len(shown(client, tab)) == (3 * rows if tab == "stale" else rows)
    assert len(captured) == QUERIES[tab]


QUERIES = {"sent_back": 7, "needs_data": 12, "ready": 12, "waking": 7, "stale": 8}


# -- Who


@pytest.mark.parametrize(
    ("name", "status"),
    [("ana", 200), ("luis", 200), ("bea", 403), ("dora", 403), ("elsa", 403), ("root", 403)],
)
def test_desk_is_for_marketing(cast: Cast, signed_in: Any, name: str, status: int) -> None:
    factories.rejected(cast)
    client = signed_in(getattr(cast, name))
    for address in ("/desk/", "/desk/counts/?tab=ready"):
        assert client.get(address).status_code == status


@pytest.mark.parametrize(
    "address",
    [
        "?tab=nothing",
        "?tab=ready&after=x",
        "?after=x",
        "?q=mariana",
        "counts/",
        "counts/?tab=stale",
        "counts/?tab=ready&tab=nothing",
        "counts/?tab=ready&after=x",
    ],
)
def test_desk_refuses_what_it_does_not_know(cast: Cast, signed_in: Any, address: str) -> None:
    assert signed_in(cast.ana).get(f"/desk/{address}").status_code == 400


@pytest.mark.parametrize("tab", TABS)
def test_nothing_of_another_team_is_on_the_desk(
    cast: Cast, signed_in: Any, tab: str, moment: Any
) -> None:
    nora = factories.person("Nora", cast.other_marketing)
    factories.rejected(cast)
    factories.lead(cast)
    factories.lead(cast, company={"employees": None})
    park(factories.contacted(cast), date(2026, 3, 17))
    moment.set("2026-03-16 20:00")
    assert (shown(signed_in(nora), tab), len(shown(signed_in(cast.luis), tab)) > 0) == ([], True)
    assert counted(signed_in(nora)) == dict.fromkeys(TABS, "0")
    assert Lead.objects.count() == 4
