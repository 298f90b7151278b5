"""Which leads need data and which are ready, without walking through all of them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.desks import readiness
from leads.desks.readiness import NEEDS_DATA, NEITHER, READY
from leads.qualification.rules import (
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
    page = readiness.listing(cast.ana, wanted).page(after="", size=readiness.WINDOW)
    judged = readiness.judge(page.rows)
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
    assert listed(cast, READY) == [qualified.pk, ready.pk]
    assert listed(cast, NEEDS_DATA) == [incomplete.pk, unknown.pk]
    every = readiness.judge([too_small.pk, without_action.pk, theirs.pk])
    assert {pk: each.place for pk, each in every.items()} == {
        too_small.pk: NEITHER,
        without_action.pk: NEITHER,
        theirs.pk: READY,
    }


def test_lead_that_did_nothing_is_not_looked_at_for_what_is_ready(cast: Cast) -> None:
    factories.lead(cast, did=None)
    sizes = [
        len(readiness.listing(cast.ana, wanted).page(after="", size=5).rows)
        for wanted in (NEEDS_DATA, READY)
    ]
    assert sizes == [1, 0]


@pytest.mark.parametrize("leads", [1, 6])
def test_judging_takes_the_same_queries_for_any_number_of_leads(cast: Cast, leads: int) -> None:
    made = [factories.lead(cast).pk for _ in range(leads)]
    with CaptureQueriesContext(connection) as captured:
        assert len(readiness.judge(made)) == leads
    assert len(captured) == 7
