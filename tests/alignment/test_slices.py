"""A number and the list behind it are the same rows, whichever way they are asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.alignment.numbers import cohort
from crm.alignment.numbers.slices import SLICES, count, ended, passed, rows
from leads import handoffs
from leads.handoffs import undo
from leads.models import Handoff
from leads.returns import disputes, duplicates, misrouting, recycling
from tests import factories
from tests.alignment.made import fill_march, scope
from tests.factories import Cast, when
from tests.leads.returns.rows import reason_to_recycle

pytestmark = pytest.mark.django_db


def test_count_is_that_of_the_rows_and_joins_no_leads(cast: Cast) -> None:
    fill_march(cast)
    found = {name: count(scope(), name) for name in SLICES}
    assert found == {name: rows(scope(), name).count() for name in SLICES}
    assert found["handed"] > 0
    with CaptureQueriesContext(connection) as captured:
        count(scope(), "handed")
    assert "JOIN" not in captured[0]["sql"]


# -- Returns, misrouted and duplicates: a cycle counts once, and what is no decision does not

NOON = when("2026-03-02 12:00")


def rejected(cast: Cast) -> Handoff:
    return factories.rejected(cast)


def denied(cast: Cast) -> Handoff:
    handoff = factories.rejected(cast)
    disputes.contest(handoff, "Cumple", by=cast.ana, at=NOON)
    disputes.deny(handoff, by=cast.elsa, at=NOON, comment="No cumple")
    return handoff


def upheld(cast: Cast) -> Handoff:
    handoff = factories.rejected(cast)
    disputes.contest(handoff, "Cumple", by=cast.ana, at=NOON)
    disputes.uphold(handoff, by=cast.elsa, at=NOON, comment="Cumple")
    return handoff


def fixed_and_accepted(cast: Cast) -> Handoff:
    first = factories.rejected(cast)
    again = factories.handed_off(cast, of=first.lead, at=NOON)
    return handoffs.accept(again, by=cast.cruz, at=NOON)


def passed_on(cast: Cast) -> Handoff:
    handoff = factories.handed_off(cast)
    misrouting.misroute(handoff, cast.other_sales, by=cast.bea, at=NOON)
    return handoff


def passed_on_and_undone(cast: Cast) -> Handoff:
    handoff = passed_on(cast)
    undo.undo(handoff, by=cast.bea, at=when("2026-03-02 12:00:05"))
    return handoff


def misrouted_to_marketing(cast: Cast) -> Handoff:
    handoff = factories.handed_off(cast)
    misrouting.misroute(handoff, None, by=cast.bea, at=NOON)
    return handoff


def duplicate(cast: Cast) -> Handoff:
    handoff = factories.handed_off(cast)
    return duplicates.mark(handoff, None, by=cast.bea, at=NOON, comment="De enero")


def recycled(cast: Cast) -> Handoff:
    handoff = factories.contacted(cast)
    recycling.park(handoff, reason_to_recycle(), wake_on=None, by=cast.bea, at=NOON)
    return handoff


# How often each lead counts as handed off and as ended; decisions; and what is shared of one lead.
COUNTED = [
    (rejected, 1, 1, (0, 1), (0.0, 1.0)),
    (denied, 1, 1, (0, 1), (0.0, 1.0)),
    # The next cycle has the same package and waits.
    (upheld, 1, 0, (0, 0), (0.0, 0.0)),
    (fixed_and_accepted, 2, 1, (1, 1), (1.0, 1.0)),
    (passed_on, 1, 0, (0, 0), (0.0, 0.0)),
    (passed_on_and_undone, 1, 0, (0, 0), (0.0, 0.0)),
    (misrouted_to_marketing, 1, 0, (0, 0), (None, None)),
    (duplicate, 1, 0, (0, 0), (None, None)),
    (recycled, 1, 1, (1, 0), (1.0, 0.0)),
]


@pytest.mark.parametrize(("make", "handed", "over", "decided", "shares"), COUNTED)
def test_each_cycle_counts_once_and_only_decisions_are_rated(
    cast: Cast,
    make: Callable[[Cast], Handoff],
    handed: int,
    over: int,
    decided: tuple[int, int],
    shares: tuple[float | None, float | None],
) -> None:
    make(cast)
    [group] = cohort.by_persona(scope())
    found = (
        passed(scope()).count(),
        ended(scope()).count(),
        (count(scope(), "accepted_by_sales"), count(scope(), "rejected_by_sales")),
        (group.acceptance, group.refusal),
    )
    assert found == (handed, over, decided, shares)
    assert (group.leads, group.handed_off) == (1, 1)
