"""What was promised and decided: the product's role cannot change it, the rules can."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from psycopg2 import errors

from crm.notifications import outbox
from leads import handoffs
from leads.handoffs import pauses, undo
from leads.handoffs.reapply import reapply
from leads.models import Decision
from sla.clocks import corrections
from sla.models import Clock
from sla.states import Metric
from tests import factories
from tests.factories import Cast, when
from tests.leads.handoffs.paused import paused
from tests.leads.handoffs.reapply.next_terms import agreed

NO_RIGHT, NO_RULE = errors.InsufficientPrivilege, errors.CheckViolation


def refusal(statement: str) -> type[Exception] | None:
    """The kind of the error with which the database refuses the role; None when it obeys."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE relevo_app")
            cursor.execute(statement)
    except DatabaseError as error:
        return type(error.__cause__)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
    return None


# Statements over all rows of a table, and the answer of the database.
LATER = "due_at = due_at + interval '1 hour'"
REFUSED = [
    ("leads_handoff", "agreement_version_id = agreement_version_id", NO_RIGHT),
    ("leads_handoff", "persona_version_id = persona_version_id", NO_RIGHT),
    ("leads_handoff", "submitted_at = now()", NO_RIGHT),
    ("leads_handoff", "submitted_by_id = submitted_by_id", NO_RIGHT),
    ("leads_handoff", "lead_id = lead_id", NO_RIGHT),
    ("leads_handoff", "cycle = 7", NO_RIGHT),
    ("sla_clock", LATER, NO_RULE),
    ("sla_clock", "due_at = due_at - interval '1 hour'", NO_RULE),
    ("sla_clock", "started_at = started_at + interval '1 second'", NO_RULE),
    ("sla_clock", f"started_at = started_at - interval '1 hour', {LATER}", NO_RULE),
    ("sla_clock", "limit_seconds = limit_seconds + 60", NO_RULE),
    ("sla_clock", f"limit_seconds = limit_seconds + 60, {LATER}", NO_RULE),
    ("sla_clock", "commitment_id = commitment_id + 1", NO_RULE),
    ("sla_clock", "subject_id = subject_id + 1", NO_RULE),
    ("sla_clock", "metric = 'sql_decision'", NO_RULE),
    ("leads_decision", "by_id = by_id", NO_RIGHT),
    ("leads_decision", "undone_at = at", NO_RULE),
    ("leads_decision", "released_at = at", NO_RULE),
]


@pytest.mark.parametrize(("table", "change", "answer"), REFUSED)
def test_role_cannot_change_what_was_promised(
    cast: Cast, table: str, change: str, answer: type[Exception]
) -> None:
    factories.accepted(cast)
    assert refusal(f"UPDATE {table} SET {change}") is answer


# A pause of the reason "call_back" runs until Tuesday, and the deadline was moved with it.
@pytest.mark.parametrize(
    "change",
    [
        LATER,
        "due_at = due_at - interval '1 hour'",
        f"state = 'running', paused_until = NULL, {LATER}",
        "limit_seconds = limit_seconds",
    ],
)
def test_paused_clock_keeps_the_deadline_of_its_pause(cast: Cast, change: str) -> None:
    paused(cast)
    expected = None if "limit" in change else NO_RULE
    assert refusal(f"UPDATE sla_clock SET {change} WHERE state = 'paused'") is expected


def test_clock_that_is_over_keeps_its_agreed_time(cast: Cast) -> None:
    factories.accepted(cast)
    other = "(SELECT window_minutes * 60 FROM sla_commitment WHERE id = commitment_id)"
    over = f"UPDATE sla_clock SET limit_seconds = {other} + 1 WHERE stopped_at IS NOT NULL"
    assert Clock.objects.filter(metric=Metric.ACCEPT, stopped_at__isnull=False).exists()
    assert refusal(over) is NO_RULE


@pytest.mark.parametrize(
    ("at", "column", "answer"),
    [
        ("at + interval '10 seconds'", "undone_at", None),
        ("at + interval '11 seconds'", "undone_at", NO_RULE),
        # A request that read its moment just before the other one decided.
        ("at - interval '1 second'", "undone_at", None),
        ("at + interval '2 days'", "released_at", None),
        ("at - interval '1 second'", "released_at", None),
    ],
)
def test_decision_is_undone_within_seconds_and_released_at_any_time(
    cast: Cast, at: str, column: str, answer: type[Exception] | None
) -> None:
    assert timedelta(seconds=10) == outbox.UNDO_WINDOW
    handoff = factories.accepted(cast)
    back = f"UPDATE leads_handoff SET state = 'pending', owner_id = NULL WHERE id = {handoff.pk};"
    assert refusal(f"{back} UPDATE leads_decision SET {column} = {at}") is answer


def test_decision_that_ended_stays_as_it_ended(cast: Cast) -> None:
    undone = factories.accepted(cast)
    undo.undo(undone, by=cast.bea, at=undone.accepted_at)
    released = factories.accepted(cast)
    handoffs.requeue(released, by=None, at=when("2026-03-02 14:20"), cause="test")
    assert Decision.objects.standing().count() == 0
    for change in ("undone_at = NULL", "released_at = NULL", "undone_at = at, released_at = at"):
        assert refusal(f"UPDATE leads_decision SET {change}") is NO_RULE


def undone(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    undo.undo(handoff, by=cast.bea, at=factories.ACCEPTED_AT)


def released(cast: Cast) -> None:
    at = when("2026-03-02 14:20")
    handoffs.requeue(factories.accepted(cast), by=None, at=at, cause="test")


def reassigned(cast: Cast) -> None:
    at = when("2026-03-02 10:50")
    handoffs.reassign(factories.accepted(cast), cast.cruz, by=cast.dora, at=at)


def resumed(cast: Cast) -> None:
    pauses.resume(paused(cast), by=cast.bea, at=when("2026-03-02 13:00"))


def applied_anew(cast: Cast) -> None:
    factories.handed_off(cast)
    agreed(cast, accept=240)
    eleven = when("2026-03-02 11:00")
    reapply.apply(reapply.preview(by=cast.dora, at=eleven).token, by=cast.dora, at=eleven)


def started_earlier(cast: Cast) -> None:
    contacted = factories.contacted(cast)
    clock = Clock.objects.get(subject_id=contacted.pk, stopped_at__isnull=True)
    since = clock.started_at - timedelta(minutes=2)
    assert corrections.start_earlier(clock, since=since, at=clock.started_at)


@pytest.mark.parametrize(
    "act",
    [
        factories.won,
        factories.lost,
        factories.withdrawn,
        undone,
        released,
        reassigned,
        paused,
        resumed,
        applied_anew,
        started_earlier,
    ],
)
def test_rules_have_all_rights_that_they_need(cast: Cast, act: Callable[[Cast], object]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE relevo_app")
        act(cast)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("RESET ROLE")
