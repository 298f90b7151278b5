"""The counters of the frame, and what a handoff carries for them: as lead and clock say."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from crm.accounts.models import User
from crm.invariants import handoff_carries_team_and_deadline
from leads import handoffs
from leads.handoffs import undo
from leads.handoffs.queue import counters, tabs
from leads.handoffs.reapply import reapply
from leads.models import Handoff, Lead
from leads.states import WORKED
from sla.models import Clock
from tests import factories
from tests.factories import Cast, when
from tests.leads.handoffs.reapply.next_terms import ELEVEN, agreed
from tests.lib.db.guards import lift

EVENING = when("2026-03-02 18:00")


@pytest.fixture
def several(cast: Cast) -> Cast:
    """Handoffs of two sales teams, pending and accepted, two of them overdue in the evening."""
    factories.handed_off(cast)
    factories.handed_off(cast, at=EVENING)
    factories.handed_off(cast, to=cast.other_sales)
    factories.accepted(cast)
    factories.won(cast)
    return cast


WHO = ["ana", "luis", "bea", "cruz", "dora", "elsa", "root", "extra"]


def plainly(user: User) -> dict[str, object]:
    """Count by sight, by the states, and by the deadlines of the clocks."""
    pending = Handoff.objects.visible_to(user).pending()
    return {
        "queue": pending.count(),
        "overdue": pending.filter(
            clock__stopped_at__isnull=True, clock__due_at__lt=EVENING
        ).count(),
        "newest": pending.order_by("-pk").values_list("pk", flat=True).first(),
        "mine": Handoff.objects.filter(owner=user, state__in=WORKED).count(),
    }


def test_counters_are_those_of_the_visible_handoffs(several: Cast) -> None:
    people = {name: getattr(several, name) for name in WHO}
    counted = {name: counters.counts(user, at=EVENING) for name, user in people.items()}
    assert counted == {name: plainly(user) for name, user in people.items()}
    assert {name: row["queue"] for name, row in counted.items()} == {
        **dict.fromkeys(["ana", "luis", "elsa"], 3),
        **dict.fromkeys(["bea", "cruz", "dora"], 2),
        **dict.fromkeys(["root", "extra"], 0),
    }
    assert (counted["bea"]["overdue"], counted["bea"]["mine"]) == (1, 1)


def test_pending_in_sight_are_the_visible_ones_that_are_pending(several: Cast) -> None:
    for name in WHO:
        user = getattr(several, name)
        visible = set(Handoff.objects.visible_to(user).pending())
        assert set(Handoff.objects.pending_to(user)) == visible


def test_clock_at_risk_is_asked_only_what_its_handoff_does_not_know(several: Cast) -> None:
    rows = tabs.queue(several.bea, "soon", at=EVENING, since=EVENING)
    asked = str(rows.order_by().values("pk").query).partition("WHERE")[2]
    # By open clocks that are not due PostgreSQL would look for one and find all (clock_open_due).
    assert '"sla_clock"."soon_at"' in asked
    assert '"sla_clock"."stopped_at"' not in asked
    assert '"sla_clock"."due_at" >=' not in asked


def test_counters_cost_one_query(several: Cast) -> None:
    counters.counts(several.bea, at=EVENING)  # reads the teams, once for a request
    with CaptureQueriesContext(connection) as queries:
        counters.counts(several.bea, at=EVENING)
    assert len(queries) == 1


# -- What a handoff carries


def requeue(cast: Cast) -> Handoff:
    handoff = factories.accepted(cast)
    handoffs.requeue(handoff, by=cast.dora, at=when("2026-03-02 13:00"), cause="by hand")
    return handoff


def undone(cast: Cast) -> Handoff:
    handoff = factories.handed_off(cast)
    handoffs.accept(handoff, by=cast.bea, at=factories.ACCEPTED_AT)
    undo.undo(handoff, by=cast.bea, at=factories.ACCEPTED_AT)
    return handoff


def reapplied(cast: Cast) -> Handoff:
    handoff = factories.handed_off(cast)
    agreed(cast, accept=240)
    token = reapply.preview(by=cast.dora, at=ELEVEN).token
    reapply.apply(token, by=cast.dora, at=ELEVEN)
    return handoff


def written_wrong(cast: Cast) -> Handoff:
    handoff = factories.handed_off(cast)
    Handoff.objects.update(marketing_team=cast.sales, accept_due_at=EVENING)
    return handoff


def clock_moved(cast: Cast) -> Handoff:
    handoff = factories.handed_off(cast)
    lift("sla_clock", "sla_clock_keeps_promise")
    Clock.objects.update(due_at=F("due_at") + (EVENING - factories.HANDED_OFF_AT))
    return handoff


def lead_moved(cast: Cast) -> Handoff:
    handoff = factories.handed_off(cast)
    Lead.objects.update(marketing_team=cast.other_marketing)
    return handoff


@pytest.mark.parametrize(
    ("make", "has_deadline"),
    [
        (factories.handed_off, True),
        (factories.accepted, False),
        (factories.won, False),
        (requeue, True),
        (undone, True),
        (reapplied, True),
        (written_wrong, True),
        (clock_moved, True),
        (lead_moved, True),
    ],
)
def test_handoff_carries_team_of_lead_and_deadline_of_accept(
    cast: Cast, make: Callable[[Cast], Handoff], has_deadline: bool
) -> None:
    handoff = Handoff.objects.select_related("lead", "clock").get(pk=make(cast).pk)
    due_at = handoff.clock.due_at if handoff.clock and has_deadline else None
    assert (due_at is not None) == has_deadline
    assert handoff.accept_due_at == due_at
    assert handoff.marketing_team_id == handoff.lead.marketing_team_id
    assert list(handoff_carries_team_and_deadline(EVENING)) == []


def test_check_finds_a_copy_that_differs(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    lift("leads_handoff", "USER")
    Handoff.objects.update(accept_due_at=None)
    (line,) = handoff_carries_team_and_deadline(EVENING)
    assert line.startswith(f"handoff {handoff.pk} ")
