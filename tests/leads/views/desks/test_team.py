"""The desk of a team lead: its numbers are those of the lists, and leads change hands in place."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.accounts import leaves
from crm.accounts.models import User
from leads.models import Handoff
from leads.views.desks import team as page
from tests import factories
from tests.factories import Cast, when

DESK = "/desk/team/"


@pytest.fixture
def cast(new_organisation: Cast, moment: Any) -> Cast:
    User.objects.update(language="en")
    moment.set("2026-03-02 11:00")
    return new_organisation


def numbers(client: Any) -> dict[str, tuple[int, int, int, int]]:
    """Open, at risk, overdue and accepted by the name of each person."""
    return {
        each.load.name: (each.open, each.soon, each.late, each.load.accepted)
        for each in client.get(DESK).context["colleagues"]
    }


def leads_of(client: Any, person: User, **query: str) -> list[int]:
    answer = client.get(DESK, {"person": person.pk, **query})
    return [row.pk for row in answer.context["rows"]]


def test_people_of_the_team_with_what_they_have(cast: Cast, signed_in: Any, moment: Any) -> None:
    factories.accepted(cast)
    factories.contacted(cast)
    factories.won(cast)
    factories.handed_off(cast)
    factories.accepted(cast, to=cast.other_sales, by=factories.person("Omar", cast.other_sales))
    client = signed_in(cast.dora)
    assert numbers(client) == {
        "Bea Quintero": (2, 0, 0, 3),
        "Cruz Medina": (0, 0, 0, 0),
        "Dora Salinas": (0, 0, 0, 0),
    }
    assert len(leads_of(client, cast.bea)) == 2
    # The contacted one has days for its SQL decision.
    moment.set("2026-03-02 18:00")
    assert numbers(client)["Bea Quintero"] == (2, 0, 1, 3)


def test_last_month_is_not_this_month(cast: Cast, signed_in: Any, moment: Any) -> None:
    factories.accepted(cast)
    moment.set("2026-04-01 00:01")
    assert numbers(signed_in(cast.dora))["Bea Quintero"][3] == 0


def test_lead_of_marketing_sees_who_answers_returns(cast: Cast, signed_in: Any) -> None:
    factories.rejected(cast)
    assert numbers(signed_in(cast.luis)) == {
        "Ana Robles": (1, 0, 0, 0),
        "Luis Ferrer": (0, 0, 0, 0),
    }


def test_returns_of_a_person_are_listed_as_counted_and_given_in_place(
    cast: Cast, signed_in: Any
) -> None:
    returned = [factories.rejected(cast) for _ in range(2)]
    luis = signed_in(cast.luis)
    back = f"{DESK}?person={cast.ana.pk}"
    answer = luis.get(back)
    listed = sorted(row.handoff for row, _reading in answer.context["returns"])
    assert listed == [handoff.pk for handoff in returned]
    assert numbers(luis)["Ana Robles"][0] == len(listed)
    assert answer.context["answerers"] == [(cast.luis.pk, "Luis Ferrer")]
    data = {"owner": cast.luis.pk, "comment": "Ana está llena", "next": back}
    answer = luis.post(f"/handoffs/{returned[0].pk}/give-return/", data)
    assert (answer.status_code, answer.url) == (302, back)
    assert (numbers(luis)["Ana Robles"][0], numbers(luis)["Luis Ferrer"][0]) == (1, 1)


def test_returns_of_a_person_page_by_the_deadline(
    cast: Cast, signed_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "PAGE", 2)
    made = [factories.rejected(cast).pk for _ in range(3)]
    luis = signed_in(cast.luis)

    def shown(**query: str) -> tuple[list[int], str]:
        context = luis.get(DESK, {"person": cast.ana.pk, **query}).context
        return [row.handoff for row, _r in context["returns"]], context["returns_shown"].next

    first, following = shown()
    rest, _end = shown(after_return=following)
    assert sorted(first + rest) == made


def test_capacity_is_that_of_the_agreement(cast: Cast, signed_in: Any) -> None:
    factories.accepted(cast)
    [capacity] = signed_in(cast.dora).get(DESK).context["capacities"]
    assert (capacity.accepted, capacity.agreed) == (1, cast.agreement.capacity)


def test_person_on_leave_is_marked_and_gets_no_leads(cast: Cast, signed_in: Any) -> None:
    days = (date(2026, 3, 1), date(2026, 3, 9))
    leaves.take(cast.cruz, *days, by=cast.cruz, at=when("2026-03-01 10:00"))
    answer = signed_in(cast.dora).get(DESK, {"person": cast.bea.pk})
    away = {each.load.name: each.leave for each in answer.context["colleagues"]}
    assert [name for name, leave in away.items() if leave] == ["Cruz Medina"]
    assert "Cruz Medina" not in dict(answer.context["heirs"]).values()


def test_lead_changes_hands_in_place(cast: Cast, signed_in: Any) -> None:
    handoff = factories.accepted(cast)
    client = signed_in(cast.dora)
    back = f"{DESK}?person={cast.bea.pk}"
    data = {"owner": cast.cruz.pk, "comment": "Bea está llena", "next": back}
    answer = client.post(f"/handoffs/{handoff.pk}/reassign/", data)
    assert (answer.status_code, answer.url) == (302, back)
    assert Handoff.objects.get().owner == cast.cruz
    assert (numbers(client)["Bea Quintero"][0], numbers(client)["Cruz Medina"][0]) == (0, 1)


def test_refused_form_keeps_what_was_typed(cast: Cast, signed_in: Any) -> None:
    handoff = factories.accepted(cast)
    data = {"owner": "", "comment": "Bea está llena", "next": DESK}
    answer = signed_in(cast.dora).post(f"/handoffs/{handoff.pk}/reassign/", data)
    assert (answer.status_code, "Bea está llena" in answer.content.decode()) == (422, True)


def test_leads_of_a_person_page_by_the_deadline(
    cast: Cast, signed_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "PAGE", 2)
    made = [factories.accepted(cast).pk for _ in range(3)]
    client = signed_in(cast.dora)
    first = client.get(DESK, {"person": cast.bea.pk}).context["shown"]
    assert list(first.rows) == made[:2]
    assert leads_of(client, cast.bea, after=first.next) == made[2:]


@pytest.mark.parametrize("many", [1, 4])
def test_desk_needs_a_constant_number_of_queries(many: int, cast: Cast, signed_in: Any) -> None:
    for number in range(many):
        factories.person(f"Rep{number} Uno", cast.sales)
        factories.accepted(cast)
    client = signed_in(cast.dora)
    client.get(DESK, {"person": cast.bea.pk})
    with CaptureQueriesContext(connection) as captured:
        assert len(leads_of(client, cast.bea)) == many
    assert len(captured) == 15


# -- Who


@pytest.mark.parametrize(
    ("name", "status"),
    [("ana", 403), ("luis", 200), ("bea", 403), ("dora", 200), ("elsa", 200), ("root", 403)],
)
def test_desk_is_for_leads_of_teams(cast: Cast, signed_in: Any, name: str, status: int) -> None:
    assert signed_in(getattr(cast, name)).get(DESK).status_code == status


def test_director_sees_the_people_of_all_sales_teams(cast: Cast, signed_in: Any) -> None:
    factories.person("Omar", cast.other_sales)
    assert set(numbers(signed_in(cast.elsa))) == {
        "Bea Quintero",
        "Cruz Medina",
        "Dora Salinas",
        "Omar",
    }


@pytest.mark.parametrize("query", ["person=x", "person={omar}", "person={ana}", "q=x"])
def test_people_of_other_teams_are_not_known(cast: Cast, signed_in: Any, query: str) -> None:
    omar = factories.person("Omar", cast.other_sales)
    query = query.format(omar=omar.pk, ana=cast.ana.pk)
    assert signed_in(cast.dora).get(f"{DESK}?{query}").status_code == 400
