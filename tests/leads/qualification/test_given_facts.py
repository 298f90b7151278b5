"""A criterion that asks for a field: giving the field sets it, and is its evidence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from crm.accounts.models import User
from leads.models import CustomField, Event, Evidence, Lead
from leads.qualification import given_facts
from leads.records import leads
from tests import factories
from tests.conftest import Moment
from tests.factories import CONTACTED_AT, Cast, when

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]


@pytest.fixture(autouse=True)
def later(moment: Moment) -> None:
    moment.set(when("2026-03-03 10:00"))


def stored(lead: Lead) -> Lead:
    return Lead.objects.select_related("person", "company", "source").get(pk=lead.pk)


# Criterion, its field as changes of the lead before, what is typed, the fact after, the verdict.
GIVEN: list[tuple[str, dict[str, Any], str, Callable[[Lead], Any], Any, str]] = [
    ("size", {"company": {"employees": None}}, "120", lambda it: it.company.employees, 120, "met"),
    ("size", {"company": {"employees": None}}, "8", lambda it: it.company.employees, 8, "not_met"),
    ("role", {"person": {"job_title": ""}}, "CEO", lambda it: it.person.job_title, "CEO", "met"),
    ("budget", {}, "60000", lambda it: it.attributes["budget"], 60000, "met"),
    ("decides", {}, "true", lambda it: it.attributes["decides"], True, "met"),
    ("decides", {}, "false", lambda it: it.attributes["decides"], False, "not_met"),
]


@pytest.mark.parametrize(("code", "before", "typed", "read", "value", "verdict"), GIVEN)
def test_field_of_the_criterion_is_offered_set_and_proven(
    cast: Cast,
    signed_in: SignedIn,
    code: str,
    before: dict[str, Any],
    typed: str,
    read: Callable[[Lead], Any],
    value: Any,
    verdict: str,
) -> None:
    lead = factories.lead(cast, **before)
    client = signed_in(cast.ana)
    address = f"/leads/{lead.pk}/evidence/{code}/fact/"
    for page in (f"/leads/{lead.pk}/", f"/leads/{lead.pk}/qualify/"):
        html = client.get(page).content.decode()
        assert f'action="{address}"' in html
        assert f'id="id_{code}_fact"' in html
    said = {"fact": typed, "source": "LinkedIn", "persona": cast.persona.pk}
    assert client.post(address, said).status_code == 302
    assert read(stored(lead)) == value
    evidence = Evidence.objects.get(lead=lead)
    assert (evidence.code, evidence.verdict, evidence.payload["source"], evidence.actor) == (
        code,
        verdict,
        "LinkedIn",
        cast.ana,
    )
    # As people read it: a yes is no "True".
    assert evidence.payload["value"] == {True: "Yes", False: "No"}.get(value, str(value))
    kinds = Event.objects.filter(lead=lead).order_by("-id").values_list("kind", flat=True)
    assert list(kinds[:2]) == ["evidence", "updated"]
    # The fact decides now, so the field is not asked for again.
    assert f'action="{address}"' not in client.get(f"/leads/{lead.pk}/").content.decode()


def test_rep_gives_a_field_of_the_lead_that_they_work_on(cast: Cast, signed_in: SignedIn) -> None:
    handoff = factories.contacted(cast)
    address = f"/leads/{handoff.lead_id}/evidence/budget/fact/"
    assert signed_in(cast.bea).post(address, {"fact": "60000"}).status_code == 302
    assert stored(handoff.lead).attributes["budget"] == 60000
    assert signed_in(cast.cruz).post(address, {"fact": "1"}).status_code == 404
    # Marketing has the step as long as the lead is with marketing.
    assert signed_in(cast.ana).post(address, {"fact": "1"}).status_code == 409


@pytest.mark.parametrize("typed", ["", "a lot", "unknown"])
def test_bad_value_comes_back_in_its_place(cast: Cast, signed_in: SignedIn, typed: str) -> None:
    lead = factories.lead(cast)
    address = f"/leads/{lead.pk}/evidence/budget/fact/"
    page = signed_in(cast.ana).post(address, {"fact": typed, "source": "Her assistant"})
    assert (page.status_code, page.context["failed"]) == (422, "budget")
    assert "Her assistant" in page.content.decode()
    assert not Evidence.objects.exists()


def test_field_that_a_colleague_gave_meanwhile_stays(cast: Cast, signed_in: SignedIn) -> None:
    lead = factories.lead(cast)
    data = {"attributes": {"budget": 9000}}
    leads.change(lead, data, by=cast.luis, at=CONTACTED_AT, version=lead.version)
    address = f"/leads/{lead.pk}/evidence/budget/fact/"
    page = signed_in(cast.ana).post(address, {"fact": "60000"})
    assert page.status_code == 409
    html = page.content.decode()
    # Both values: the one that stands, and the one that was typed.
    assert "Budget: 9,000" in html
    assert 'value="60000"' in html
    assert stored(lead).attributes["budget"] == 9000


def test_fact_and_evidence_are_written_together_or_not_at_all(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = factories.lead(cast)

    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(leads, "add_evidence", fail)
    with pytest.raises(RuntimeError):
        given_facts.give(
            lead, cast.persona, "budget", 9000, text="9000", source="", by=cast.ana, at=CONTACTED_AT
        )
    assert "budget" not in stored(lead).attributes


def test_field_that_nobody_may_type_is_not_offered(cast: Cast, signed_in: SignedIn) -> None:
    CustomField.objects.filter(code="budget").update(archived_at=when("2026-03-01 10:00"))
    lead = factories.lead(cast)
    client = signed_in(cast.ana)
    html = client.get(f"/leads/{lead.pk}/").content.decode()
    assert 'id="id_budget_fact"' not in html
    assert 'id="id_budget_said_value"' in html
    assert client.post(f"/leads/{lead.pk}/evidence/budget/fact/", {"fact": 1}).status_code == 404


# The budget as typed -> the fact, and the evidence as all regions read it; None: the question.
BUDGETS = (
    ("es-CO", "5.000", 5000, "5000"),
    ("es-CO", "5,000", None, ""),
    ("es-MX", "5,000.50", 5000.5, "5000.5"),
    ("es-MX", "5.000", None, ""),
    ("en-US", "60,000", 60_000, "60000"),
    ("en-US", "5.000", None, ""),
)


@pytest.mark.parametrize(("region", "typed", "fact", "evidence"), BUDGETS)
def test_number_of_a_criterion_is_read_by_the_region(
    cast: Cast,
    signed_in: SignedIn,
    region: str,
    typed: str,
    fact: float | None,
    evidence: str,
) -> None:
    User.objects.filter(pk=cast.ana.pk).update(region=region)
    lead = factories.lead(cast)
    said = {"fact": typed, "source": "Llamada", "persona": cast.persona.pk}
    answer = signed_in(cast.ana).post(f"/leads/{lead.pk}/evidence/budget/fact/", said)
    assert stored(lead).attributes.get("budget") == fact
    if fact is None:
        assert answer.status_code == 422
        assert "5000 or 5? Write one of the two." in answer.content.decode()
        assert typed in answer.content.decode()
    else:
        assert Evidence.objects.get(lead=lead).payload["value"] == evidence
