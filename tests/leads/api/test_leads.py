"""Leads over the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.accounts.models import User
from leads.models import Company, Event, Lead, Person
from tests import factories
from tests.bench.meter import counting
from tests.conftest import Moment
from tests.factories import Cast

WHOLE = {
    "name": "Eva Luna",
    "email": "EVA@andino.test",
    "phone": "55 4000 1234",
    "job_title": "Directora de Ventas",
    "country": "MX",
    "company": "Grupo Andino",
    "industry": "Retail",
    "employees": 180,
    "domain": "andino.test",
    "source": "event",
    "attributes": {"budget": 60000, "decides": True},
}


def test_lead_is_logged_as_on_the_page(cast: Cast, caller: Any) -> None:
    asks = caller(cast.ana)
    status, lead = asks.post(
        "leads/", {**WHOLE, "first_action": "asked_for_demo", "campaign": "Expo"}
    )
    shown = {**WHOLE, "email": "eva@andino.test", "phone": "+525540001234"}
    assert (status, {name: lead[name] for name in WHOLE}) == (201, shown)
    assert (lead["stage"], lead["marketing_team"]["name"], lead["version"]) == (
        "captured",
        "Marketing",
        1,
    )
    assert asks.last["Location"] == f"/api/v1/leads/{lead['id']}/"
    assert asks.get(f"leads/{lead['id']}/") == (200, lead)
    stored = Lead.objects.get()
    assert (stored.first_touch.campaign, stored.created_by) == ("Expo", cast.ana)
    kinds = list(Event.objects.values_list("kind", "actor__name"))
    assert kinds == [("captured", "Ana Robles"), ("valuable_action", "Ana Robles")]


@pytest.mark.parametrize("attributes", [{}, {"budget": 0.5, "decides": False}])
@pytest.mark.parametrize(
    "company", [{}, {"company": "Andino"}, {"company": "andino", "domain": "a.b"}]
)
def test_answer_is_what_a_later_reading_answers(
    attributes: dict[str, Any], company: dict[str, Any], cast: Cast, caller: Any
) -> None:
    factories.lead(cast, company={"name": "Andino", "country": ""})
    asks = caller(cast.ana)
    body = {"phone": "+52 55 4000 1234 ext. 9", "attributes": attributes, **company}
    lead = asks.post("leads/", body)[1]
    assert asks.get(f"leads/{lead['id']}/") == (200, lead)


def test_text_of_an_error_follows_the_language_of_each_request(cast: Cast, caller: Any) -> None:
    texts = []
    for language in ("en", "es", "en"):
        answer = caller(cast.ana).post("leads/", {"name": "x" * 200}, Accept_Language=language)[1]
        texts.append(answer["fields"]["name"])
    spanish = "Asegúrese de que este campo no tenga más de 160 caracteres."
    english = "Ensure this field has no more than 160 characters."
    assert texts == [english, spanish, english]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({"name": "Eva"}, 3),
        ({"name": "Eva", "email": "eva@forma.test", "company": "Boreal", "country": "MX"}, 5),
        ({"name": "Eva", "company": "Andino", "country": "MX", "source": "event"}, 6),
    ],
)
def test_logging_needs_few_queries(
    body: dict[str, Any], wanted: int, cast: Cast, caller: Any
) -> None:
    factories.lead(cast, company={"name": "Andino", "country": "MX"})
    asks = caller(cast.ana)
    asks.post("leads/", {"name": "First"})
    with counting() as tally:
        assert asks.post("leads/", body)[0] == 201
    assert len(tally.statements) == wanted


def test_phone_is_answered_with_extension_and_what_was_assumed(cast: Cast, caller: Any) -> None:
    lead = caller(cast.ana).post("leads/", {"phone": "55 4000 1234 ext. 204"})[1]
    parts = ("phone", "phone_extension", "phone_typed", "phone_assumed_country")
    assert [lead[name] for name in parts] == [
        "+525540001234",
        "204",
        "55 4000 1234 ext. 204",
        "MX",
    ]


@pytest.mark.parametrize("phone", ["000000000", "no tiene", "5.25512E+11", "55 1234"])
def test_no_phone_is_refused_with_the_field(cast: Cast, caller: Any, phone: str) -> None:
    status, problem = caller(cast.ana).post("leads/", {"name": "Eva", "phone": phone})
    assert (status, list(problem["fields"])) == (422, ["phone"])
    assert Lead.objects.count() == 0


@pytest.mark.parametrize(
    "email", ["Eva <eva@andino.test>", "mailto:eva@andino.test", "\u200beva@andino.test\ufeff"]
)
def test_pasted_address_is_read_as_on_the_page(cast: Cast, caller: Any, email: str) -> None:
    assert caller(cast.ana).post("leads/", {"email": email})[1]["email"] == "eva@andino.test"


def test_known_person_is_named_in_the_answer(cast: Cast, caller: Any) -> None:
    asks = caller(cast.ana)
    phone = "+52 55 4000 1234"
    first = asks.post("leads/", {"name": "Eva", "email": "eva@andino.test", "phone": phone})[1]
    same = asks.post("leads/", {"name": "Eva Luna", "email": "EVA@andino.test"})[1]
    alike = asks.post("leads/", {"name": "Leo", "email": "leo@a.test", "phone": phone})[1]
    assert "known" not in first
    assert same["known"] == {
        "lead": first["id"],
        "field": "person.email",
        "is_same_person": True,
    }
    assert (alike["known"]["field"], alike["known"]["is_same_person"]) == ("person.phone", False)


def test_known_person_is_refused_on_request(cast: Cast, caller: Any) -> None:
    asks = caller(cast.ana)
    body = {"name": "Eva", "email": "eva@andino.test", "refuse_known": True}
    lead = asks.post("leads/", body)[1]
    status, problem = asks.post("leads/", body)
    assert (status, problem["lead"], problem["field"]) == (409, lead["id"], "person.email")
    assert Lead.objects.count() == 1


def test_lead_out_of_sight_is_never_known_over_the_api(cast: Cast, caller: Any) -> None:
    person = {"name": "Eva", "email": "eva@andino.test"}
    factories.lead(cast, person=person, team=cast.other_marketing)
    status, lead = caller(cast.ana).post("leads/", {**person, "refuse_known": True})
    assert (status, "known" in lead) == (201, False)


def test_only_marketing_logs_leads(cast: Cast, caller: Any) -> None:
    assert caller(cast.bea).post("leads/", {"name": "Eva"})[0] == 403


def test_change_keeps_what_is_not_given(cast: Cast, caller: Any) -> None:
    asks = caller(cast.ana)
    lead = asks.post("leads/", WHOLE)[1]
    Person.objects.update(language="es")
    status, changed = asks.patch(f"leads/{lead['id']}/", {"version": 1, "employees": 200})
    assert (status, changed) == (200, {**lead, "employees": 200, "version": 2})
    assert Person.objects.get().language == "es"
    changes = Event.objects.get(kind="updated").payload["changes"]
    assert changes == {"company.employees": [180, 200]}


def test_another_company_does_not_inherit_facts(cast: Cast, caller: Any) -> None:
    asks = caller(cast.ana)
    lead = asks.post("leads/", WHOLE)[1]
    changed = asks.patch(f"leads/{lead['id']}/", {"version": 1, "company": "Hotel Sol"})[1]
    assert (changed["company"], changed["employees"], changed["domain"]) == ("Hotel Sol", None, "")
    assert Company.objects.get(name="Grupo Andino").employees == 180


@pytest.mark.parametrize(
    ("body", "person", "company"),
    [
        ({}, "MX", "MX"),
        ({"country": "AR"}, "AR", "MX"),
        ({"company_country": "CO"}, "MX", "CO"),
        ({"company_country": ""}, "MX", ""),
        ({"country": "AR", "company_country": "CO"}, "AR", "CO"),
        ({"country": "AR", "company": "Hotel Sol"}, "AR", "AR"),
        ({"company": "Hotel Sol", "company_country": "PE"}, "MX", "PE"),
        ({"company": "GRUPO ANDINO S.A.", "country": "AR"}, "AR", "MX"),
    ],
)
def test_person_and_company_have_a_country_each(
    cast: Cast, caller: Any, body: dict[str, str], person: str, company: str
) -> None:
    asks = caller(cast.ana)
    lead = asks.post("leads/", WHOLE)[1]
    assert lead["company_country"] == "MX"
    changed = asks.patch(f"leads/{lead['id']}/", {"version": 1, **body})[1]
    assert (changed["country"], changed["company_country"]) == (person, company)


def test_change_of_the_company_reaches_its_other_leads_and_conflicts(
    cast: Cast, caller: Any
) -> None:
    asks = caller(cast.ana)
    first = asks.post("leads/", WHOLE)[1]
    second = asks.post("leads/", {**WHOLE, "name": "Iván", "email": "i@andino.test"})[1]
    asks.patch(f"leads/{first['id']}/", {"version": 1, "employees": 900})
    shown = asks.get(f"leads/{second['id']}/")[1]
    assert (shown["employees"], shown["version"]) == (900, 2)
    status, problem = asks.patch(f"leads/{second['id']}/", {"version": 1, "employees": 20})
    assert (status, problem["conflicts"]) == (409, {"employees": {"yours": 20, "saved": 900}})


def test_facts_without_a_company_are_refused_by_name(cast: Cast, caller: Any) -> None:
    status, problem = caller(cast.ana).post("leads/", {"name": "Eva", "employees": 5})
    assert (status, list(problem["fields"])) == (422, ["company"])


def test_change_of_a_lead_that_moved_on_answers_with_both_values(cast: Cast, caller: Any) -> None:
    lead = caller(cast.ana).post("leads/", WHOLE)[1]
    path = f"leads/{lead['id']}/"
    caller(cast.luis).patch(path, {"version": 1, "name": "De Luis", "source": "referral"})
    status, problem = caller(cast.ana).patch(
        path, {"version": 1, "name": "De Ana", "source": "event", "country": "MX"}
    )
    assert (status, problem["code"], problem["version"]) == (409, "changed_meanwhile", 2)
    assert problem["conflicts"] == {
        "name": {"yours": "De Ana", "saved": "De Luis"},
        "source": {"yours": "event", "saved": "referral"},
    }
    assert "Luis Ferrer" in problem["detail"]
    assert Person.objects.get().name == "De Luis"


def test_change_without_version_is_refused_by_name(cast: Cast, caller: Any) -> None:
    lead = factories.lead(cast)
    status, problem = caller(cast.ana).patch(f"leads/{lead.pk}/", {"name": "Eva"})
    assert (status, list(problem["fields"])) == (422, ["version"])


def test_nothing_but_the_listed_fields_can_be_set(cast: Cast, caller: Any) -> None:
    """Mass assignment: every field of the models, one by one and all at once."""
    lead = factories.lead(cast)
    before = Lead.objects.values().get()
    fields = {field.name for model in (Lead, Person, Company) for field in model._meta.get_fields()}
    unlisted = fields - set(api_fields()) - {"version"}
    assert {
        "stage",
        "owner",
        "marketing_team",
        "won_amount",
        "archived_at",
        "search_text",
        "id",
    } <= unlisted
    asks, path = caller(cast.ana), f"leads/{lead.pk}/"
    for name in sorted(unlisted):
        status, problem = asks.patch(path, {"version": 1, name: 1})
        assert (status, list(problem["fields"])) == (422, [name])
    status, problem = asks.patch(path, {"version": 1, "name": "Eva", **dict.fromkeys(unlisted, 1)})
    assert (status, "name" in problem["fields"]) == (422, False)
    assert Lead.objects.values().get() == before


def api_fields() -> list[str]:
    return list(WHOLE)


def test_actions_are_noted_and_listed(cast: Cast, caller: Any) -> None:
    asks, lead = caller(cast.ana), factories.lead(cast, did=None)
    path = f"leads/{lead.pk}/actions/"
    assert asks.get(path) == (200, {"results": []})
    status, first = asks.post(path, {"kind": "sent_form", "note": "Dos\nlíneas"})
    assert (status, first["occurred_on"], first["note"]) == (201, "2026-03-02", "Dos\nlíneas")
    asks.post(path, {"kind": "asked_for_demo", "occurred_on": "2026-02-20"})
    assert [row["kind"] for row in asks.get(path)[1]["results"]] == ["sent_form", "asked_for_demo"]
    status, problem = asks.post(path, {"kind": "sent_form", "occurred_on": "2026-03-03"})
    assert (status, problem["fields"]) == (422, {"occurred_on": "This day has not come yet."})


def test_evidence_proves_a_criterion_of_the_persona(cast: Cast, caller: Any) -> None:
    asks, lead = caller(cast.ana), factories.lead(cast)
    path, proof = (
        f"leads/{lead.pk}/evidence/",
        {"criterion": "budget", "verdict": "met", "value": "60 000"},
    )
    status, shown = asks.post(path, {**proof, "source": "Call"})
    assert (status, shown["value"], shown["source"], shown["by"]["name"]) == (
        201,
        "60 000",
        "Call",
        "Ana Robles",
    )
    for wrong in ({"criterion": "shoes"}, {"verdict": "perhaps"}, {"value": ""}):
        status, problem = asks.post(path, {**proof, **wrong})
        assert (status, list(problem["fields"])) == (422, list(wrong))
    assert caller(cast.elsa).post(path, proof)[0] == 403
    assert caller(cast.bea).post(path, proof)[0] == 404


def test_filters_are_those_of_the_page(cast: Cast, caller: Any) -> None:
    asks = caller(cast.ana)
    asks.post("leads/", {"name": "José Peña", "source": "event"})
    asks.post("leads/", {"name": "Eva Luna"})
    factories.mql(cast)
    for query, names in {
        "q=jose": ["José Peña"],
        "source=event": ["José Peña"],
        "source=~none": ["Eva Luna"],
        "stage=captured": ["Eva Luna", "José Peña"],
        "since=2026-03-03": [],
        "stage=mql&until=2026-03-01": [],
    }.items():
        assert [row["name"] for row in asks.get(f"leads/?{query}")[1]["results"]] == names, query


def test_pages_follow_each_other_without_gap_or_repetition(
    cast: Cast, moment: Moment, caller: Any
) -> None:
    asks = caller(cast.ana)
    for at in (
        "2026-02-27 10:00",
        "2026-02-27 11:00",
        "2026-02-27 12:00",
        "2026-03-02 09:00",
        "2026-03-02 09:30",
    ):
        factories.lead(cast, at=factories.when(at))
    whole, seen, query = asks.get("leads/")[1]["results"], [], "limit=2"
    while query:
        page = asks.get(f"leads/?{query}")[1]
        assert len(page["results"]) <= 2
        seen += page["results"]
        query = page["next_cursor"] and f"limit=2&cursor={page['next_cursor']}"
        factories.lead(cast)  # newer rows do not shift the next page
    assert seen == whole


@pytest.mark.parametrize(("path", "wanted"), [("leads/", 4), ("handoffs/", 5)])
def test_lists_need_the_same_queries_for_one_and_three_rows(
    path: str, wanted: int, cast: Cast, caller: Any
) -> None:
    asks, counted = caller(cast.dora), []
    for _round in range(2):
        factories.accepted(cast)
        asks.get(path)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            rows = len(asks.get(path)[1]["results"])
        counted.append((rows, len(queries)))
        factories.accepted(cast)
    assert counted == [(1, wanted), (3, wanted)]


# -- Numbers of a program: never by the region of its person

TAKEN = ((1000, 1000), ("1000", 1000), ("1.000", 1), (1000.0, 1000))
REFUSED = ("1,000", "1 000", "1.5", 1.5, "1e3", " 5", "+5", "", True, [1000])


@pytest.mark.parametrize("region", ["es-CO", "es-MX", "en-US"])
def test_employees_are_read_the_same_in_every_region(cast: Cast, caller: Any, region: str) -> None:
    User.objects.filter(pk=cast.ana.pk).update(region=region)
    asks = caller(cast.ana)
    for number, (sent, employees) in enumerate(TAKEN):
        company = f"Grupo {number}"  # a company that is known keeps its facts
        body = {**WHOLE, "company": company, "employees": sent}
        status, lead = asks.post("leads/", body)
        assert (status, lead.get("employees")) == (201, employees), sent
    for sent in REFUSED:
        status, problem = asks.post("leads/", {**WHOLE, "employees": sent})
        assert (status, list(problem["fields"])) == (422, ["employees"]), sent


ATTRIBUTES = (
    (60000, 60000),
    (0.5, 0.5),
    ("60000", 60000),
    ("5.000", 5),
    ("-12.25", -12.25),
    ("", None),
    (None, None),
)
NO_ATTRIBUTE = ("5,000", "5 000", "1e3", "x", True, 0.123456, "0.123456", 10**13)


@pytest.mark.parametrize("region", ["es-CO", "es-MX", "en-US"])
def test_number_attribute_is_read_the_same_in_every_region(
    cast: Cast, caller: Any, region: str
) -> None:
    User.objects.filter(pk=cast.ana.pk).update(region=region)
    asks = caller(cast.ana)
    for sent, budget in ATTRIBUTES:
        body = {**WHOLE, "attributes": {"budget": sent}}
        status, lead = asks.post("leads/", body)
        assert (status, lead["attributes"].get("budget")) == (201, budget), sent
    for sent in NO_ATTRIBUTE:
        status, problem = asks.post("leads/", {**WHOLE, "attributes": {"budget": sent}})
        assert (status, list(problem["fields"])) == (422, ["attributes.budget"]), sent


def test_stored_attribute_never_blocks_another_change(cast: Cast, caller: Any) -> None:
    lead = factories.lead(cast, attributes={"budget": 0.123456789})
    asks = caller(cast.ana)
    read = asks.get(f"leads/{lead.pk}/")[1]
    change = {"version": read["version"], "attributes": read["attributes"], "job_title": "CFO"}
    status, changed = asks.patch(f"leads/{lead.pk}/", change)
    assert (status, changed["job_title"]) == (200, "CFO")
    assert changed["attributes"] == {"budget": 0.123456789}


@pytest.mark.parametrize("day", ["31/03/2026", "03/31/2026", "31-03-2026", "Mar 31 2026"])
def test_filter_takes_a_date_in_one_form_only(cast: Cast, caller: Any, day: str) -> None:
    asks = caller(cast.ana)
    for name in ("since", "until"):
        status, problem = asks.get(f"leads/?{name}={day}")
        assert (status, list(problem["fields"])) == (400, [name])
        assert asks.get(f"leads/?{name}=2026-03-31")[0] == 200
