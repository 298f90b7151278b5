"""The policy of a handoff: what an agreement asks of it."""

from __future__ import annotations

from typing import Any

import pytest

from sla.agreements import policies
from sla.calendars import calendars
from sla.models import AgreementVersion
from tests import factories
from tests.factories import OFFICE, ZONE, Cast
from tests.sla.agreements.conftest import NOON, changed
from tests.terms import ACCEPT, FIRST_CONTACT


def test_blocking_follows_the_kind_unless_the_criterion_differs(
    cast: Cast, draft: AgreementVersion
) -> None:
    version = changed(
        draft, cast, sql_blocks=["means"], sql_terms={"decides": "blocks", "budget": "warns"}
    )
    asked = [
        ("means", "budget"),
        ("means", "other"),
        ("authority", "decides"),
        ("authority", "other"),
    ]
    assert [policies.is_blocking(version, *each) for each in asked] == [False, True, True, False]


NOTHING: dict[str, Any] = {"source": None, "actions": [], "persona": None}


def test_policy_holds_limits_and_ladders_of_clocks_only(cast: Cast) -> None:
    found = policies.policy_for(cast.agreement, cast.sales, facts=NOTHING)
    limits = {metric: terms["limit_seconds"] for metric, terms in found["clocks"].items()}
    assert limits == {"accept": 7200, "first_contact": 14400, "sql_decision": 57600}


def test_policy_counts_in_the_teams_own_calendar(cast: Cast) -> None:
    calendars.create(
        "Santiago", "America/Santiago", OFFICE, team=cast.other_sales, by=None, at=NOON
    )
    zones = [
        policies.policy_for(cast.agreement, team, facts=NOTHING)["calendar"]["zone"]
        for team in (cast.sales, cast.other_sales)
    ]
    assert zones == [ZONE, "America/Santiago"]


DEMO = {"actions": ["asked_for_demo"]}


EVENT = {"sources": ["event"]}


TIERS = [
    {**ACCEPT, "window_minutes": 120},
    {**ACCEPT, "window_minutes": 60, "conditions": EVENT},
    {**ACCEPT, "window_minutes": 15, "conditions": {**DEMO, **EVENT}},
    {**ACCEPT, "window_minutes": 30, "conditions": DEMO},
    {**FIRST_CONTACT, "conditions": {"personas": ["owner"]}},
]


@pytest.mark.parametrize(
    ("facts", "minutes"),
    [
        (NOTHING, 120),
        ({"source": "event", "actions": ["sent_form"]}, 60),
        ({"source": "referral", "actions": ["sent_form", "asked_for_demo"]}, 30),
        ({"source": "event", "actions": ["asked_for_demo"]}, 15),
    ],
)
def test_policy_takes_the_most_specific_commitment(
    cast: Cast, facts: dict[str, Any], minutes: int
) -> None:
    version = factories.drafted(cast.calendar, by=cast.luis, commitments=TIERS)
    found = policies.policy_for(version, cast.sales, facts=facts)["clocks"]["accept"]
    assert found["limit_seconds"] == minutes * 60


def test_commitment_whose_condition_is_not_met_starts_no_clock(cast: Cast) -> None:
    version = factories.drafted(cast.calendar, by=cast.luis, commitments=TIERS)
    found = policies.policy_for(version, cast.sales, facts={**NOTHING, "persona": "student"})
    assert sorted(found["clocks"]) == ["accept"]
