"""What the sales teams promise to a lead that is handed off now."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.accounts.models import Team
from sla.agreements import agreements, offers, policies
from sla.calendars import calendars
from sla.models import AgreementVersion
from sla.worktime import arithmetic
from sla.worktime.calendar import WorkCalendar
from tests import factories
from tests.factories import OFFICE, Cast, when
from tests.sla.agreements.conftest import NOON

FACTS = {"source": "web"}
# Before either office opens: the zones of their calendars make the difference.
EARLY = when("2026-02-02 04:00")


@pytest.fixture
def special(cast: Cast) -> AgreementVersion:
    """An agreement of another sales team alone, which also has a calendar of its own."""
    calendars.create(
        "Santiago", "America/Santiago", OFFICE, team=cast.other_sales, by=None, at=NOON
    )
    nora = factories.person("Nora Lago", leads=[cast.other_sales])
    return factories.agreement(
        cast.calendar, marketing=cast.luis, sales=nora, teams=[cast.other_sales]
    )


def _due(team: Team) -> datetime:
    """Return the deadline by the policy that a handoff to the team would carry."""
    policy = policies.policy_for(agreements.in_force(team), team, facts=FACTS)
    limit = timedelta(seconds=policy["clocks"]["accept"]["limit_seconds"])
    return arithmetic.add(WorkCalendar.from_json(policy["calendar"]), EARLY, limit)


def test_each_team_offers_what_its_handoffs_would_carry(
    cast: Cast, special: AgreementVersion
) -> None:
    offered = offers.of_sales_teams(FACTS, at=EARLY)
    found = {offer.team: (offer.version, offer.due) for offer in offered}
    assert found == {
        cast.sales: (cast.agreement, _due(cast.sales)),
        cast.other_sales: (special, _due(cast.other_sales)),
    }
    assert found[cast.sales][1] != found[cast.other_sales][1]


@pytest.mark.django_db
def test_team_without_agreement_offers_nothing() -> None:
    factories.team("Ventas", "sales")
    assert offers.of_sales_teams(FACTS, at=EARLY) == []


def test_offers_of_more_teams_take_no_more_queries(cast: Cast, special: AgreementVersion) -> None:
    with CaptureQueriesContext(connection) as few:
        offers.of_sales_teams(FACTS, at=EARLY)
    for name in "ABC":
        factories.team(f"Ventas {name}", "sales")
    with CaptureQueriesContext(connection) as many:
        offers.of_sales_teams(FACTS, at=EARLY)
    assert len(many) == len(few)
