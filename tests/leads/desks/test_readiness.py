"""Which leads need data and which are ready, without walking through all of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.desks import readiness
from leads.desks.readiness import NEEDS_DATA, NEITHER, READY, Measure
from leads.models import Lead, Person
from leads.qualification import facts
from leads.qualification.rules import (
    ANY_TERMS,
    DISQUALIFIER,
    FIT,
    MET,
    NOT_MET,
    UNKNOWN,
    Assessment,
    Judgement,
    Rule,
)
from tests import factories
from tests.factories import Cast


def judgement(verdict: str, kind: str = FIT, operator: str = "in") -> Judgement:
    value = "x" if verdict != UNKNOWN and operator != "is_set" else None
    return Judgement(
        Rule("a", kind, {"en": "A"}, "person.country", operator, ["x"]), verdict, value
    )


# What is judged, the missing fields, valuable actions, whether the persona is looked for: the list.
PLACES = [
    ([judgement(MET)], [], 1, True, READY),
    ([judgement(MET)], ["person.phone"], 1, True, NEEDS_DATA),
    ([judgement(UNKNOWN)], [], 1, True, NEEDS_DATA),
    ([judgement(UNKNOWN)], [], 0, True, NEEDS_DATA),
    ([judgement(MET), judgement(UNKNOWN)], [], 1, True, NEEDS_DATA),
    # The criterion that a field be given is not met while it is missing.
    ([judgement(NOT_MET, operator="is_set")], [], 1, True, NEEDS_DATA),
    # What does not fit needs no data, whatever else is missing.
    ([judgement(NOT_MET)], [], 1, True, NEITHER),
    ([judgement(NOT_MET), judgement(UNKNOWN)], ["person.phone"], 1, True, NEITHER),
    ([judgement(MET), judgement(MET, DISQUALIFIER)], ["person.phone"], 1, True, NEITHER),
    # An unknown disqualifier holds no lead back.
    ([judgement(MET), judgement(UNKNOWN, DISQUALIFIER)], [], 1, True, READY),
    # It fits and is complete, and waits for an action of its own.
    ([judgement(MET)], [], 0, True, NEITHER),
    ([judgement(MET)], [], 1, False, NEITHER),
]


@pytest.mark.parametrize(("judged", "missing", "actions", "is_looked_for", "expected"), PLACES)
def test_place_of_a_judged_lead(
    judged: list[Judgement], missing: list[str], actions: int, is_looked_for: bool, expected: str
) -> None:
    assessment = Assessment(tuple(judged), actions, is_looked_for)
    assert readiness.place(assessment, missing) == expected


# -- With a database


def listed(cast: Cast, wanted: str) -> list[int]:
    measure = readiness.measure()
    page = readiness.listing(cast.ana, wanted, measure).page(after="", size=readiness.WINDOW)
    judged = readiness.judge(page.rows, measure)
    return [pk for pk in page.rows if judged[pk].place == wanted]


def test_leads_stand_where_the_qualify_page_would_judge_them(cast: Cast) -> None:
    ready = factories.lead(cast)
    unknown = factories.lead(cast, company={"employees": None})
    incomplete = factories.lead(cast, person={"phone": ""})
    too_small = factories.lead(cast, company={"employees": 8})
    without_action = factories.lead(cast, did=None)
    qualified = factories.mql(cast)
    factories.handed_off(cast)
    factories.rejected(cast)
    theirs = factories.lead(cast, team=cast.other_marketing)
    asked = factories.lead(cast)
    Person.objects.filter(pk=asked.person_id).update(no_contact_at=factories.LOGGED_AT)
    assert listed(cast, READY) == [qualified.pk, ready.pk]
    assert listed(cast, NEEDS_DATA) == [incomplete.pk, unknown.pk]
    every = readiness.judge([too_small.pk, without_action.pk, theirs.pk], readiness.measure())
    assert {pk: each.place for pk, each in every.items()} == {
        too_small.pk: NEITHER,
        without_action.pk: NEITHER,
        theirs.pk: READY,
    }


def looked_at(cast: Cast, wanted: str) -> list[int]:
    listing = readiness.listing(cast.ana, wanted, readiness.measure())
    return list(listing.page(after="", size=readiness.WINDOW).rows)


def test_leads_that_cannot_be_of_a_list_are_not_looked_at(cast: Cast) -> None:
    bare = factories.lead(cast, did=None, company={"employees": None})
    whole = factories.lead(cast)
    assert looked_at(cast, NEEDS_DATA) == [bare.pk]
    assert looked_at(cast, READY) == [whole.pk]


# A field without which leads need data, and what a lead without it has.
LACKING: list[tuple[str, dict[str, Any]]] = [
    ("person.name", {"person": {"name": ""}}),
    ("person.phone", {"person": {"phone": ""}}),
    ("person.job_title", {"person": {"job_title": ""}}),
    ("company.employees", {"company": {"employees": None}}),
    ("company.country", {"company": {"country": ""}}),
    ("company.domain", {}),
    ("lead.source", {"from_source": None}),
    ("attributes.budget", {}),
    ("attributes.budget", {"attributes": {"budget": None}}),
]


@pytest.mark.parametrize(("field", "without"), LACKING)
def test_every_lead_without_a_field_is_looked_at(
    cast: Cast, field: str, without: dict[str, Any]
) -> None:
    having = {"company": {"domain": "andino.test"}, "attributes": {"budget": 60000}}
    lacking = factories.lead(cast, **without)
    factories.lead(cast, **having)
    measure = Measure(ANY_TERMS, [], [[field]])
    rows = readiness.listing(cast.ana, NEEDS_DATA, measure).page(after="", size=9).rows
    assert list(rows) == [lacking.pk]


def test_any_lead_is_looked_at_where_a_statement_may_be_missing(cast: Cast) -> None:
    measure = Measure(ANY_TERMS, [], [["person.name", ""]])
    factories.lead(cast)
    assert measure.asked_for == ()
    rows = readiness.listing(cast.ana, NEEDS_DATA, measure).page(after="", size=9).rows
    assert len(rows) == 1


@pytest.mark.parametrize("leads", [1, 6])
def test_judging_takes_the_same_queries_for_any_number_of_leads(cast: Cast, leads: int) -> None:
    made = [factories.lead(cast).pk for _ in range(leads)]
    with CaptureQueriesContext(connection) as captured:
        assert len(readiness.judge(made, readiness.measure())) == leads
    assert len(captured) == 6


PARTIAL: list[dict[str, Any]] = [
    {},
    {"company": {"name": ""}, "from_source": None},
    {"person": {"phone": "+52 55 4000 1234 ext. 9"}, "attributes": {"budget": 5}},
]


@pytest.mark.parametrize("more", PARTIAL)
def test_columns_of_a_lead_make_the_same_facts(cast: Cast, more: dict[str, Any]) -> None:
    lead = factories.lead(cast, **more)
    columns = Lead.objects.filter(pk=lead.pk).values_list(*facts.FACT_COLUMNS)[0]
    assert facts.facts_of_columns(columns) == facts.facts_of(Lead.objects.get(pk=lead.pk))
