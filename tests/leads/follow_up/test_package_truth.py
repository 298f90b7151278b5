"""Was the package true? One answer for each criterion, by the rep, after the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from crm.accounts.models import User
from leads.conflicts import MovedOn
from leads.follow_up import package_truth
from leads.models import CriterionTruth, Handoff
from tests import factories
from tests.factories import CONTACTED_AT, Cast, when

LATER = when("2026-03-05 10:00")


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person, backend="crm.accounts.backend.Backend")
    return client


def code_of(handoff: Handoff) -> str:
    return handoff.persona_version.criteria.values_list("code", flat=True)[0]


def say(client: Client, handoff: Handoff, answer: str, code: str = "") -> int:
    data = {"code": code or code_of(handoff), "answer": answer}
    return client.post(f"/handoffs/{handoff.pk}/truth/", data).status_code


@pytest.mark.parametrize("end", [factories.won, factories.lost, factories.disqualified])
def test_rep_answers_after_each_end(cast: Cast, end: Callable[..., Handoff]) -> None:
    handoff = end(cast)
    assert say(client_of(cast.bea), handoff, "no") == 302
    row = CriterionTruth.objects.get()
    assert (row.code, row.answer, row.by) == (code_of(handoff), "no", cast.bea)


def test_before_the_end_there_is_no_answer(cast: Cast) -> None:
    handoff = factories.contacted(cast)
    assert say(client_of(cast.bea), handoff, "yes") == 409
    with pytest.raises(MovedOn):
        package_truth.answer(handoff, code_of(handoff), "yes", by=cast.bea, at=LATER)


@pytest.mark.parametrize(("name", "status"), [("ana", 403), ("cruz", 404), ("dora", 302)])
def test_who_may_answer(cast: Cast, name: str, status: int) -> None:
    handoff = factories.disqualified(cast)
    assert say(client_of(getattr(cast, name)), handoff, "yes") == status


def test_same_person_changes_it_and_the_history_stays(cast: Cast) -> None:
    handoff = factories.disqualified(cast)
    client = client_of(cast.bea)
    for answer in ("yes", "unknown", "unknown"):
        say(client, handoff, answer)
    code = code_of(handoff)
    assert package_truth.answers(handoff)[code].answer == "unknown"
    assert list(CriterionTruth.objects.values_list("answer", flat=True)) == ["yes", "unknown"]


def test_another_person_may_not_change_it(cast: Cast) -> None:
    handoff = factories.disqualified(cast)
    say(client_of(cast.bea), handoff, "yes")
    assert say(client_of(cast.dora), handoff, "no") == 409
    assert CriterionTruth.objects.get().answer == "yes"


@pytest.mark.parametrize(
    ("code", "answer", "field"),
    [("no_such", "yes", "code"), ("nul\x00", "yes", "code"), ("", "maybe", "answer")],
)
def test_bad_answer_names_the_field(cast: Cast, code: str, answer: str, field: str) -> None:
    handoff = factories.disqualified(cast)
    with pytest.raises(package_truth.BadAnswer) as caught:
        package_truth.answer(
            handoff, code or code_of(handoff), answer, by=cast.bea, at=CONTACTED_AT
        )
    assert list(caught.value.fields) == [field]
    assert say(client_of(cast.bea), handoff, answer, code) == 422


@pytest.mark.parametrize(("name", "buttons"), [("bea", True), ("ana", False), ("elsa", False)])
def test_both_sides_read_it_on_the_lead_page(cast: Cast, name: str, buttons: bool) -> None:
    handoff = factories.disqualified(cast)
    package_truth.answer(handoff, code_of(handoff), "no", by=cast.bea, at=LATER)
    context = client_of(getattr(cast, name)).get(f"/leads/{handoff.lead_id}/").context
    line = context["truth"][0]
    assert (line.answer.answer, line.answer.by, line.is_open) == ("no", cast.bea, buttons)


def test_panel_is_empty_for_those_who_may_not_answer_until_somebody_has(cast: Cast) -> None:
    handoff = factories.disqualified(cast)
    path = f"/leads/{handoff.lead_id}/"
    lines = [len(client_of(each).get(path).context["truth"]) for each in (cast.ana, cast.bea)]
    assert lines == [0, handoff.persona_version.criteria.count()]


def test_api_takes_an_answer(cast: Cast, caller: Any) -> None:
    handoff = factories.disqualified(cast)
    body = {"code": code_of(handoff), "answer": "yes"}
    asks = caller(cast.bea, "handoffs:write")
    assert asks.post(f"handoffs/{handoff.pk}/truth/", body)[0] == 200
    assert CriterionTruth.objects.get().answer == "yes"
