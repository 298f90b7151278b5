"""One answer per idempotency key, also when fifty ask at once."""

from __future__ import annotations

from typing import Any

import pytest

from crm import tasks
from crm.api.models import Answer
from leads.models import Event, Lead
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
