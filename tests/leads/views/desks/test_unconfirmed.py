"""Contacts by word alone and equal notes: listed without a score, for those whom they concern."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.accounts.models import User
from leads import handoffs
from leads.follow_up import attempts
from leads.models import Attempt, Handoff
from leads.records import notes
from leads.views.desks import unconfirmed as page
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when

TEAM, OWN = "/desk/team/contacts/", "/mine/contacts/"
CLOSE = when("2026-03-02 14:19")
LATER = when("2026-03-04 10:00")
NOW = when("2026-03-12 10:00")


@pytest.fixture(autouse=True)
def english(cast: Cast, moment: Moment) -> None:
    User.objects.update(language="en")
    moment.set(NOW)


def by_word(cast: Cast, *, by: User | None = None) -> Handoff:
    handoff = factories.accepted(cast, by=by)
    attempts.record(handoff, "phone", outcome="reached", by=by or cast.bea, at=CLOSE)
    return handoff


def equal(
    cast: Cast, times: int, *, note: str = "Buzón", every: timedelta = timedelta(hours=30)
) -> list[Attempt]:
    made = []
    for number in range(times):
        handoff = factories.accepted(cast)
        at = CLOSE + number * every
        made.append(
            attempts.record(handoff, "phone", outcome="no_answer", by=cast.bea, at=at, note=note)
        )
    return made


def listed(client: Any, path: str = TEAM, **query: str) -> list[int]:
    answer = client.get(path, query)
    assert answer.status_code == 200
    [tab] = [each for each in answer.context["tabs"] if each.is_current]
    rows = answer.context["rows"]
    assert tab.count == len(rows)
    return [row.attempt.handoff_id for row in rows]


# -- By word alone

Act = Callable[[Handoff, Cast], object]


def try_again(handoff: Handoff, cast: Cast) -> None:
    attempts.record(handoff, "email", outcome="no_answer", by=cast.bea, at=LATER)


def begin_by_link(handoff: Handoff, cast: Cast) -> None:
    attempts.begin(handoff, "whatsapp", by=cast.bea, at=LATER)


def write_a_note(handoff: Handoff, cast: Cast) -> None:
    notes.add(handoff.lead, "Pidió precios", by=cast.bea, at=LATER)


def act_too_late(handoff: Handoff, cast: Cast) -> None:
    attempts.record(handoff, "email", outcome="no_answer", by=cast.bea, at=when("2026-03-11 10:00"))


def archive(handoff: Handoff, cast: Cast) -> None:
    type(handoff.lead).objects.filter(pk=handoff.lead_id).update(archived_at=NOW)


@pytest.mark.parametrize(
    ("act", "is_listed"),
    [
        (lambda handoff, cast: None, True),
        (try_again, False),
        (begin_by_link, False),
        (write_a_note, False),
        (act_too_late, True),
        (archive, False),
    ],
    ids=["nothing", "attempt", "link", "note", "too late", "archived"],
)
def test_contact_is_listed_where_nothing_followed_in_five_working_days(
    cast: Cast, signed_in: Any, act: Act, is_listed: bool
) -> None:
    handoff = by_word(cast)
    act(handoff, cast)
    assert listed(signed_in(cast.dora)) == ([handoff.pk] if is_listed else [])


@pytest.mark.parametrize(
    ("now", "count"), [("2026-03-09 14:19", 0), ("2026-03-09 14:20", 1), ("2026-04-09 10:00", 0)]
)
def test_contact_is_listed_from_then_on_for_30_days(
    cast: Cast, signed_in: Any, moment: Moment, now: str, count: int
) -> None:
    by_word(cast)
    moment.set(now)
    assert len(listed(signed_in(cast.dora))) == count


# -- Equal notes


@pytest.mark.parametrize(
    ("times", "hours", "count"), [(4, 1, 0), (5, 1, 1), (5, 42, 1), (5, 43, 0), (7, 24, 1)]
)
def test_five_equal_notes_in_a_week_are_one_row(
    cast: Cast, signed_in: Any, times: int, hours: int, count: int
) -> None:
    made = equal(cast, times, every=timedelta(hours=hours))
    rows = listed(signed_in(cast.dora), tab="notes")
    assert rows == [made[-1].handoff_id] * count


def test_row_says_how_often_whatever_the_case_and_the_spaces(cast: Cast, signed_in: Any) -> None:
    equal(cast, 3)
    equal(cast, 3, note="  buzón ", every=timedelta(hours=31))
    equal(cast, 1, note="Otro")
    rows = signed_in(cast.dora).get(TEAM, {"tab": "notes"}).context["rows"]
    assert [row.n for row in rows] == [6]


def test_equal_notes_of_two_people_do_not_add_up(cast: Cast, signed_in: Any) -> None:
    equal(cast, 4)
    handoff = factories.accepted(cast, by=cast.cruz)
    attempts.record(handoff, "phone", outcome="no_answer", by=cast.cruz, at=CLOSE, note="Buzón")
    assert listed(signed_in(cast.dora), tab="notes") == []


def test_empty_notes_are_no_equal_notes(cast: Cast, signed_in: Any) -> None:
    equal(cast, 6, note="")
    assert listed(signed_in(cast.dora), tab="notes") == []


# -- Who


@pytest.mark.parametrize("tab", ["word", "notes"])
def test_rows_of_a_person_are_for_the_person_the_lead_of_the_team_and_directors(
    cast: Cast, signed_in: Any, tab: str
) -> None:
    by_word(cast)
    equal(cast, 5)
    other = factories.person("Olga Lider", leads=[cast.other_sales])
    found = {
        person.get_short_name(): len(listed(signed_in(person), path, tab=tab))
        for person, path in (
            (cast.bea, OWN),
            (cast.cruz, OWN),
            (cast.dora, OWN),
            (cast.dora, TEAM),
            (cast.luis, TEAM),
            (other, TEAM),
            (cast.elsa, TEAM),
        )
    }
    assert found == {"Bea": 1, "Cruz": 0, "Dora": 1, "Luis": 0, "Olga": 0, "Elsa": 1}


@pytest.mark.parametrize(
    ("name", "status"),
    [("ana", 403), ("luis", 200), ("bea", 403), ("dora", 200), ("elsa", 200), ("root", 403)],
)
def test_list_of_the_team_is_for_leads_of_teams(
    cast: Cast, signed_in: Any, name: str, status: int
) -> None:
    assert signed_in(getattr(cast, name)).get(TEAM).status_code == status


def test_lead_that_the_person_does_not_see_any_more_is_masked(
    cast: Cast, signed_in: Any, moment: Moment
) -> None:
    handoff = by_word(cast)
    handoffs.reassign(handoff, cast.cruz, by=cast.dora, at=when("2026-03-11 10:00"))
    answer = signed_in(cast.bea).get(OWN)
    assert [row.lead for row in answer.context["rows"]] == [None]
    text = answer.content.decode()
    assert "Lead of somebody else" in text
    assert handoff.lead.person.name not in text
    assert handoff.lead.person.name in signed_in(cast.dora).get(TEAM).content.decode()


@pytest.mark.parametrize("query", ["tab=all", "x=1", "after=nothing"])
def test_unknown_address_is_refused(cast: Cast, signed_in: Any, query: str) -> None:
    client = signed_in(cast.dora)
    assert [client.get(f"{path}?{query}").status_code for path in (TEAM, OWN)] == [400, 400]


# -- Pages


@pytest.mark.parametrize("tab", ["word", "notes"])
def test_list_pages_by_what_was_noted_last(
    cast: Cast, signed_in: Any, monkeypatch: pytest.MonkeyPatch, tab: str
) -> None:
    monkeypatch.setattr(page, "PAGE", 2)
    for number in range(3):
        by_word(cast)
        equal(cast, 5, note=f"Nota {number}", every=timedelta(hours=number + 1))
    client = signed_in(cast.dora)
    first = client.get(TEAM, {"tab": tab})
    following = client.get(TEAM, {"tab": tab, "after": first.context["shown"].next})
    rows = [row.attempt for answer in (first, following) for row in answer.context["rows"]]
    assert len({row.pk for row in rows}) == 3
    moments: list[datetime] = [row.recorded_at for row in rows]
    assert moments == sorted(moments, reverse=True)


@pytest.mark.parametrize("tab", ["word", "notes"])
@pytest.mark.parametrize("many", [1, 3])
def test_list_needs_a_constant_number_of_queries(
    cast: Cast, signed_in: Any, tab: str, many: int
) -> None:
    for number in range(many):
        by_word(cast, by=factories.person(f"Rep{number} Uno", cast.sales))
        equal(cast, 5, note=f"Nota {number}")
    client = signed_in(cast.dora)
    listed(client, tab=tab)
    with CaptureQueriesContext(connection) as captured:
        assert len(listed(client, tab=tab)) == many
    assert len(captured) == {"word": 8, "notes": 9}[tab]
