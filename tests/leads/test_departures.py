"""Who is told that a handoff has left the queue: accept, accept as SQL, reject, and the pulse."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from crm.accounts.models import Membership, User
from leads.models import Decision, Handoff
from tests import factories
from tests.api.caller import Caller, key_of
from tests.conftest import Moment
from tests.factories import Cast, when

pytestmark = pytest.mark.django_db


@pytest.fixture
def taken(cast: Cast, moment: Moment) -> Handoff:
    """Accepted by Cruz at 10:20; it is 10:21."""
    handoff = factories.accepted(cast, by=cast.cruz)
    moment.set("2026-03-02 10:21")
    return handoff


def answers_to(user: User, handoff: Handoff) -> list[tuple[int, str]]:
    """Return status and text of all that could tell ``user`` of ``handoff``."""
    client = Client()
    client.force_login(user, backend="crm.accounts.backend.Backend")
    found = []
    for step in ("accept", "accept-as-sql", "reject"):
        page = client.post(f"/handoffs/{handoff.pk}/{step}/")
        found.append((page.status_code, page.content.decode()))
    row = client.post(f"/handoffs/{handoff.pk}/accept/", headers={"HX-Request": "true"})
    found.append((row.status_code, row.headers.get("HX-Trigger", "") + row.content.decode()))
    pulse = client.get(f"/pulse?rows={handoff.pk}")
    gone = pulse.json()["gone"]
    found.append((409 if gone else 404, str(gone)))
    asking = Caller(key_of(user))
    for step in ("accept", "reject"):
        status, problem = asking.post(f"handoffs/{handoff.pk}/{step}/", {"reason": "wrong_team"})
        found.append((status, str(problem)))
    return found


def test_member_of_the_queue_is_told_who_was_faster_and_nothing_of_the_lead(
    cast: Cast, taken: Handoff
) -> None:
    answers = answers_to(cast.bea, taken)
    assert [status for status, _text in answers] == [409] * 7
    for _status, text in answers:
        assert "Cruz Medina" in text
        assert [name for name in ("Mariana", "Andino") if name in text] == []
    assert "'state': 'accepted'" in answers[-1][1]


def elsewhere(cast: Cast, taken: Handoff, moment: Moment) -> User:
    return factories.person("Omar Lima", cast.other_sales)


def ten_minutes_later(cast: Cast, taken: Handoff, moment: Moment) -> User:
    moment.set("2026-03-02 10:30:01")
    return cast.bea


def joined_after_it(cast: Cast, taken: Handoff, moment: Moment) -> User:
    member = Membership.objects.filter(user=cast.bea)
    member.update(joined_at=when("2026-03-02 10:20:01"))
    return cast.bea


def left_the_team(cast: Cast, taken: Handoff, moment: Moment) -> User:
    Membership.objects.filter(user=cast.bea).update(team=cast.other_sales)
    return cast.bea


def decided_long_ago(cast: Cast, taken: Handoff, moment: Moment) -> User:
    Decision.objects.update(at=when("2026-03-02 10:10:59"))
    return cast.bea


@pytest.mark.parametrize(
    "case",
    [elsewhere, ten_minutes_later, joined_after_it, left_the_team, decided_long_ago],
    ids=lambda case: case.__name__,
)
def test_all_others_are_told_nothing(
    cast: Cast, taken: Handoff, moment: Moment, case: Callable[..., User]
) -> None:
    answers = answers_to(case(cast, taken, moment), taken)
    assert [status for status, _text in answers] == [404] * 7
    names = ("Cruz", "Mariana", "Andino", "accepted")
    assert [text for _status, text in answers if any(name in text for name in names)] == []


def test_withdrawal_is_told_without_a_name(cast: Cast, moment: Moment) -> None:
    handoff = factories.withdrawn(cast)
    moment.set("2026-03-02 10:21")
    for status, text in answers_to(cast.bea, handoff):
        assert status == 409
        assert [name for name in ("Ana", "Mariana", "Andino") if name in text] == []


def test_director_is_told_of_a_handoff_that_left_any_time_ago(
    cast: Cast, taken: Handoff, moment: Moment
) -> None:
    moment.set("2026-03-09 10:21")
    client = Client()
    client.force_login(cast.elsa, backend="crm.accounts.backend.Backend")
    gone = client.get(f"/pulse?rows={taken.pk}").json()["gone"]
    assert list(gone) == [str(taken.pk)]
