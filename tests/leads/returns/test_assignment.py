"""A return that is given to another person of the marketing team."""

from __future__ import annotations

from typing import Any

import pytest

from crm import invariants
from crm.accounts import leaves
from crm.accounts.models import User
from crm.notifications.models import Message
from leads.conflicts import MovedOn
from leads.models import Event, Handoff, Return
from leads.returns import returns
from sla.models import Clock, Stint
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when
from tests.leads.returns.rows import reason_to_close
from tests.leads.returns.test_returns import ANSWER
from tests.terms import COMMITMENTS

NOON = when("2026-03-02 12:00")


@pytest.fixture
def returned(new_organisation: Cast) -> Handoff:
    """A rejected handoff, whose answer the agreement promises within four hours."""
    cast = new_organisation
    User.objects.update(language="en")
    factories.agreement(
        factories.office("Devoluciones"),
        marketing=cast.luis,
        sales=cast.dora,
        commitments=[*COMMITMENTS, ANSWER],
        teams=[cast.sales],
    )
    return factories.rejected(cast)


@pytest.fixture
def cast(new_organisation: Cast) -> Cast:
    return new_organisation


@pytest.fixture
def olga(cast: Cast) -> User:
    return factories.person("Olga Ruiz", cast.marketing)


def told(person: User) -> list[str]:
    """Return the kinds of the messages to ``person`` about the assignment."""
    rows = Message.objects.filter(recipient=person, dedup_key__contains="return_assigned")
    return sorted(set(rows.values_list("kind", flat=True)))


def test_return_goes_to_another_person_with_its_clock(
    cast: Cast, returned: Handoff, olga: User
) -> None:
    clock = Clock.objects.get(subject_type="return")
    returns.assign(returned, olga, by=cast.luis, at=NOON, why="Knows the company")
    row = Return.objects.get()
    assert (row.assigned_to, row.state, row.clock) == (olga, "open", clock)
    moved = Clock.objects.get(pk=clock.pk)
    assert (moved.accountable, moved.due_at, moved.assigned_at) == (olga, clock.due_at, NOON)
    assert Stint.objects.get(clock=clock).person == cast.ana
    assert (told(olga), told(cast.ana), told(cast.luis)) == (
        ["handoff.reassigned"],
        ["handoff.taken_over"],
        [],
    )
    event = Event.objects.get(kind="reassigned")
    assert event.payload == {
        "from": "Ana Robles",
        "to": "Olga Ruiz",
        "comment": "Knows the company",
        "cycle": 1,
    }
    assert list(invariants.open_return_waits_with_its_lead(NOON)) == []


def test_answered_return_is_given_to_nobody(cast: Cast, returned: Handoff, olga: User) -> None:
    returns.close(returned, reason_to_close(), by=cast.ana, at=NOON)
    with pytest.raises(MovedOn):
        returns.assign(returned, olga, by=cast.luis, at=NOON)


def test_colleagues_are_of_the_team_and_not_away(cast: Cast, returned: Handoff, olga: User) -> None:
    names = [person.name for person in returns.colleagues(returned, at=NOON)]
    assert names == ["Luis Ferrer", "Olga Ruiz"]
    today = NOON.date()
    leaves.take(olga, today, today, by=olga, at=when("2026-03-01 12:00"))
    assert [person.name for person in returns.colleagues(returned, at=NOON)] == ["Luis Ferrer"]


@pytest.mark.parametrize(
    ("who", "status"),
    [("luis", 302), ("elsa", 302), ("ana", 403), ("dora", 403), ("root", 404)],
)
def test_leads_of_the_team_and_directors_give_it(
    who: str, status: int, cast: Cast, returned: Handoff, olga: User, moment: Moment, signed_in: Any
) -> None:
    moment.set(NOON)
    typed = {"owner": olga.pk, "comment": "Knows the company"}
    client = signed_in(getattr(cast, who))
    answer = client.post(f"/handoffs/{returned.pk}/give-return/", typed)
    assert answer.status_code == status
    assert Return.objects.get().assigned_to == (olga if status == 302 else cast.ana)


def test_page_offers_it_and_keeps_what_was_typed(
    cast: Cast, returned: Handoff, olga: User, moment: Moment, signed_in: Any
) -> None:
    moment.set(NOON)
    luis = signed_in(cast.luis)
    page = luis.get(f"/leads/{returned.lead_id}/").content.decode()
    assert (f"/handoffs/{returned.pk}/give-return/" in page, "Olga Ruiz" in page) == (True, True)
    typed = {"owner": "", "comment": "Knows the company"}
    answer = luis.post(f"/handoffs/{returned.pk}/give-return/", typed)
    assert (answer.status_code, "Knows the company" in answer.content.decode()) == (422, True)
    ana = signed_in(cast.ana).get(f"/leads/{returned.lead_id}/").content.decode()
    assert "give-return" not in ana


@pytest.mark.parametrize(("who", "offered"), [("ana", False), ("luis", True)])
def test_desk_leads_there_for_leads_of_the_team(
    who: str, offered: bool, cast: Cast, returned: Handoff, moment: Moment, signed_in: Any
) -> None:
    moment.set(NOON)
    page = signed_in(getattr(cast, who)).get("/desk/").content.decode()
    assert ("#step-give-return" in page) is offered
