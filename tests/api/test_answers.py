"""One answer per idempotency key, also when fifty ask at once."""

from __future__ import annotations

from typing import Any

import pytest

from crm import tasks
from crm.accounts.models import Membership
from crm.api.models import Answer
from crm.api.urls import urlpatterns
from crm.lib import clock
from leads import handoffs
from leads.models import Event, Handoff, Lead
from tests import factories
from tests.api.caller import Caller, key_of
from tests.conftest import Moment
from tests.factories import Cast
from tests.races.parallel import Without, together

PARALLEL = 50
BODY = {"name": "Eva Luna", "email": "eva@andino.test"}


def test_repeated_post_answers_what_the_first_one_did(cast: Cast, caller: Any) -> None:
    asks = caller(cast.ana)
    first = asks.post("leads/", BODY, Idempotency_Key="one")
    place = asks.last["Location"]
    assert asks.post("leads/", dict(reversed(BODY.items())), Idempotency_Key="one") == first
    assert (asks.last["Idempotent-Replayed"], asks.last["Location"]) == ("true", place)
    assert Lead.objects.count() == 1


def test_refusal_is_repeated_too(cast: Cast, caller: Any) -> None:
    asks = caller(cast.ana)
    first = asks.post("leads/", {"company": "Acme"}, Idempotency_Key="one")
    assert (first[0], asks.post("leads/", {"company": "Acme"}, Idempotency_Key="one")) == (
        422,
        first,
    )
    assert asks.last["Content-Type"] == "application/problem+json"


def test_key_for_another_request_is_refused(cast: Cast, caller: Any) -> None:
    asks = caller(cast.ana)
    asks.post("leads/", BODY, Idempotency_Key="one")
    for path, body in (("leads/", {"name": "Otra"}), ("leads/1/actions/", BODY)):
        status, problem = asks.post(path, body, Idempotency_Key="one")
        assert (status, problem["code"], list(problem["fields"])) == (
            422,
            "idempotency_key_reused",
            ["Idempotency-Key"],
        )
    assert Lead.objects.count() == 1


def test_keys_of_two_people_do_not_meet(cast: Cast, caller: Any) -> None:
    for user in (cast.ana, cast.luis):
        assert caller(user).post("leads/", BODY, Idempotency_Key="one")[0] == 201
    assert Lead.objects.count() == 2


def test_answer_is_forgotten_after_a_day(cast: Cast, moment: Moment, caller: Any) -> None:
    asks = caller(cast.ana)
    first = asks.post("leads/", BODY, Idempotency_Key="one")
    moment.advance(hours=24, microseconds=-1)
    tasks.drain()
    assert asks.post("leads/", BODY, Idempotency_Key="one") == first
    moment.advance(microseconds=1)
    assert asks.post("leads/", BODY, Idempotency_Key="one")[1]["id"] != first[1]["id"]
    moment.advance(hours=24)
    tasks.drain()
    assert Answer.objects.count() == 0


def test_step_that_is_repeated_happened_once(cast: Cast, caller: Any) -> None:
    handoff, asks = factories.handed_off(cast), caller(cast.bea)
    found = [asks.post(f"handoffs/{handoff.pk}/accept/", Idempotency_Key="a")[0] for _ in range(2)]
    assert (found, Event.objects.filter(kind="accepted").count()) == ([200, 200], 1)


# -- Sight that was lost between the first answer and the next try


Try = tuple[int, Any]


def log(cast: Cast, asks: Caller) -> Try:
    return asks.post("leads/", BODY, Idempotency_Key="one")


def note_action(cast: Cast, asks: Caller) -> Try:
    path = f"leads/{Lead.objects.get().pk}/actions/"
    return asks.post(path, {"kind": "sent_form"}, Idempotency_Key="one")


def add_evidence(cast: Cast, asks: Caller) -> Try:
    body = {"criterion": "budget", "verdict": "met", "value": "50"}
    path = f"leads/{Lead.objects.get().pk}/evidence/"
    return asks.post(path, body, Idempotency_Key="one")


def hand_off(cast: Cast, asks: Caller) -> Try:
    body = {"team": cast.sales.pk, "persona_version": cast.persona.pk}
    path = f"leads/{Lead.objects.get().pk}/handoffs/"
    return asks.post(path, body, Idempotency_Key="one")


def accepted_now(cast: Cast) -> None:
    handoffs.accept(factories.handed_off(cast), by=cast.bea, at=clock.now())


def contact(cast: Cast, asks: Caller) -> Try:
    path = f"handoffs/{Handoff.objects.get().pk}/contact/"
    return asks.post(path, {"channel": "phone", "reached": True}, Idempotency_Key="one")


def lose(cast: Cast, asks: Caller) -> Try:
    """A step that the state does not allow."""
    path = f"handoffs/{Handoff.objects.get().pk}/lose/"
    return asks.post(path, {"reason": "price"}, Idempotency_Key="one")


def bring_to_another_team(cast: Cast) -> None:
    other = factories.team("Otra marca", "marketing")
    Lead.objects.update(marketing_team=other)
    Handoff.objects.update(marketing_team=other)


def reassign(cast: Cast) -> None:
    handoff = Handoff.objects.get()
    handoffs.reassign(handoff, cast.cruz, by=cast.dora, at=clock.now(), why="Vacaciones")


def leave_the_team(cast: Cast) -> None:
    Membership.objects.filter(user=cast.ana).delete()


@pytest.mark.parametrize(
    ("begin", "who", "act", "first", "meanwhile"),
    [
        (None, "ana", log, 201, bring_to_another_team),
        (None, "ana", log, 201, leave_the_team),
        (factories.lead, "ana", note_action, 201, bring_to_another_team),
        (factories.lead, "ana", add_evidence, 201, bring_to_another_team),
        (factories.mql, "ana", hand_off, 201, bring_to_another_team),
        (accepted_now, "bea", contact, 200, reassign),
        (accepted_now, "bea", lose, 409, reassign),
    ],
)
def test_answer_is_not_repeated_out_of_sight(
    cast: Cast, caller: Any, begin: Any, who: str, act: Any, first: int, meanwhile: Any
) -> None:
    if begin:
        begin(cast)
    asks = caller(getattr(cast, who))
    assert act(cast, asks)[0] == first, asks.last.content
    assert act(cast, asks)[0] == first
    meanwhile(cast)
    before = Event.objects.count(), Answer.objects.count()
    status, problem = act(cast, asks)
    assert (status, problem["code"]) == (404, "not_found")
    assert (Event.objects.count(), Answer.objects.count()) == before


def test_refusal_to_log_is_repeated_whatever_is_in_sight(cast: Cast, caller: Any) -> None:
    asks = caller(cast.ana)
    first = asks.post("leads/", {"company": "Acme"}, Idempotency_Key="one")
    leave_the_team(cast)
    assert asks.post("leads/", {"company": "Acme"}, Idempotency_Key="one") == first


def test_every_address_that_takes_posts_asks_for_sight_again() -> None:
    views = [getattr(pattern.callback, "cls", None) for pattern in urlpatterns]
    posting = [view for view in views if hasattr(view, "post")]
    assert len(posting) > 10
    assert [view for view in posting if not hasattr(view, "check_seen")] == []


# -- Races


def fifty(text: str) -> list[Any]:
    callers = [Caller(text) for _ in range(PARALLEL)]
    return together(
        *(lambda one=one: one.post("leads/", BODY, Idempotency_Key="one") for one in callers)
    )


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_fifty_parallel_posts_make_one_lead(cast: Cast, moment: Moment) -> None:
    answers = fifty(key_of(cast.ana))
    assert {status for status, _lead in answers} == {201}
    assert {lead["id"] for _status, lead in answers} == {Lead.objects.get().pk}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_without_the_constraint_they_make_more(
    cast: Cast, moment: Moment, without: Without
) -> None:
    without.execute("ALTER TABLE api_answer DROP CONSTRAINT api_one_answer_per_idempotency_key")
    try:
        fifty(key_of(cast.ana))
        assert Lead.objects.count() > 1
    finally:
        without.execute("TRUNCATE api_answer")
        without.execute(
            "ALTER TABLE api_answer ADD CONSTRAINT api_one_answer_per_idempotency_key UNIQUE"
            " (user_id, key)"
        )
