"""The desk of directors: cases of the arbiter, and promises that escalated to them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm import tasks
from crm.accounts.models import User
from leads import handoffs
from leads.models import Dispute
from leads.returns import disputes
from leads.views.desks import director as page
from tests import factories
from tests.factories import Cast

DESK = "/desk/director/"


@pytest.fixture
def cast(new_organisation: Cast, moment: Any) -> Cast:
    User.objects.update(language="en")
    moment.set("2026-03-02 13:00")
    return new_organisation


def contested(cast: Cast) -> Dispute:
    handoff = factories.rejected(cast)
    return disputes.contest(handoff, "Sí encaja", by=cast.ana, at=factories.CONTACTED_AT)


def climb(moment: Any, *moments: str) -> None:
    """Sweep five seconds after each of ``moments``, as the ladder climbs."""
    for each in moments:
        moment.set(f"2026-03-{each}:05")
        tasks.sweep()


# When the steps of the accept clock are due, and those of the return's.
OF_ACCEPT = ("02 11:30", "02 12:00", "02 12:30", "02 13:00", "02 14:00")
OF_RETURN = ("03 18:00", "04 10:30", "04 18:00", "05 18:00", "06 18:00", "09 18:00")


def context(client: Any, **query: str) -> Any:
    answer = client.get(DESK, query)
    assert answer.status_code == 200
    return answer.context


def counted(client: Any) -> list[int]:
    return [tab.count for tab in context(client)["tabs"]]


def test_case_is_on_the_desk_until_it_is_decided(cast: Cast, signed_in: Any) -> None:
    case = contested(cast)
    client = signed_in(cast.elsa)
    answer = client.get(DESK)
    [row] = answer.context["rows"]
    assert (row.case.pk, row.reading.standing) == (case.pk, "ok")
    text = answer.content.decode()
    assert "Sí encaja" in text and "#return" in text
    assert counted(client) == [1, 0]
    disputes.deny(case.handoff, comment="No encaja", by=cast.elsa, at=factories.SQL_AT)
    assert (list(context(client)["rows"]), counted(client)) == ([], [0, 0])


def test_arbiter_who_leads_a_team_has_the_cases_alone(cast: Cast, signed_in: Any) -> None:
    case = contested(cast)
    Dispute.objects.update(arbiter=cast.luis)
    client = signed_in(cast.luis)
    assert [row.case.pk for row in context(client)["rows"]] == [case.pk]
    assert counted(client) == [1]
    assert DESK in client.get("/desk/team/").content.decode()
    assert client.get(DESK, {"tab": "escalated"}).status_code == 400
    # Its arbiter is there: it is not the director's.
    assert counted(signed_in(cast.elsa))[0] == 0


def test_promise_that_reached_the_directors_is_listed_until_it_is_kept(
    cast: Cast, signed_in: Any, moment: Any
) -> None:
    handoff = factories.handed_off(cast)
    client = signed_in(cast.elsa)
    climb(moment, *OF_ACCEPT)
    [row] = context(client, tab="escalated")["rows"]
    escalated = row.escalation.escalated
    assert (row.escalation.handoff.pk, row.reading.standing) == (handoff.pk, "late")
    assert (escalated.accountable, escalated.team) == (None, "Ventas")
    assert counted(client) == [0, 1]
    handoff.refresh_from_db()
    handoffs.accept(handoff, by=cast.bea, at=moment.frozen_at)
    assert counted(client) == [0, 0]


def test_return_that_reached_the_directors_is_listed_with_who_owes_the_answer(
    cast: Cast, signed_in: Any, moment: Any
) -> None:
    handoff = factories.rejected(cast)
    climb(moment, *OF_RETURN)
    rows = context(signed_in(cast.elsa), tab="escalated")["rows"]
    assert [(row.escalation.handoff.pk, row.owed) for row in rows] == [
        (handoff.pk, "Time to answer a return")
    ]
    assert rows[0].escalation.escalated.accountable == "Ana Robles"


def test_cases_page_by_the_deadline(
    cast: Cast, signed_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "PAGE", 2)
    made = [contested(cast).pk for _ in range(3)]
    client = signed_in(cast.elsa)
    first = context(client)
    assert [row.case.pk for row in first["rows"]] == made[:2]
    following = context(client, after=first["shown"].next)
    assert [row.case.pk for row in following["rows"]] == made[2:]


@pytest.mark.parametrize("tab", ["cases", "escalated"])
@pytest.mark.parametrize("many", [1, 3])
def test_desk_needs_a_constant_number_of_queries(
    tab: str, many: int, cast: Cast, signed_in: Any, moment: Any
) -> None:
    for _ in range(many):
        contested(cast)
        factories.handed_off(cast)
    climb(moment, *OF_ACCEPT)
    client = signed_in(cast.elsa)
    context(client, tab=tab)
    with CaptureQueriesContext(connection) as captured:
        assert len(context(client, tab=tab)["rows"]) == many
    assert len(captured) == {"cases": 9, "escalated": 10}[tab]


@pytest.mark.parametrize(
    ("name", "status"),
    [("ana", 403), ("luis", 200), ("bea", 403), ("dora", 200), ("elsa", 200), ("root", 403)],
)
def test_desk_is_for_directors_and_possible_arbiters(
    cast: Cast, signed_in: Any, name: str, status: int
) -> None:
    contested(cast)
    answer = signed_in(getattr(cast, name)).get(DESK)
    assert answer.status_code == status
    if status == 200:
        assert len(answer.context["rows"]) == (name == "elsa")


@pytest.mark.parametrize("query", ["tab=nothing", "after=x", "q=x"])
def test_desk_refuses_what_it_does_not_know(cast: Cast, signed_in: Any, query: str) -> None:
    assert signed_in(cast.elsa).get(f"{DESK}?{query}").status_code == 400
