"""Handing a clock on: the lead's own clock never restarts, the person's always does; both are told
apart.

Accepted on Monday at 10:20: contact due at 14:20, a window of 4 business hours.
"""

from __future__ import annotations

from datetime import datetime

import pytest

from crm import tasks
from leads import handoffs
from leads.follow_up import attempts
from leads.models import Handoff
from sla.clocks import assignments
from sla.clocks.assignments import OwnRecord
from sla.models import Clock, Outage, Stint
from tests import factories
from tests.conftest import Moment
from tests.factories import HANDED_OFF_AT, Cast, when

TEN = when("2026-03-03 10:00")


def clock_of(handoff: Handoff) -> Clock:
    return Clock.objects.get(subject_id=handoff.pk, metric="first_contact")


def given(cast: Cast, *, at: str) -> Handoff:
    """Bea's lead, given to Cruz at ``at``."""
    return handoffs.reassign(factories.accepted(cast), cast.cruz, by=cast.dora, at=when(at))


def contact(handoff: Handoff, cast: Cast, at: datetime) -> Clock:
    attempts.record(handoff, "phone", outcome="reached", by=cast.cruz, at=at)
    return clock_of(handoff)


def test_own_time_of_the_first_owner_is_the_leads(cast: Cast) -> None:
    clock = clock_of(factories.accepted(cast))
    assert (clock.assigned_at, clock.assigned_due_at) == (clock.started_at, clock.due_at)


def test_handing_on_restarts_the_persons_clock_and_never_the_leads(cast: Cast) -> None:
    clock = clock_of(given(cast, at="2026-03-02 14:00"))
    assert (clock.due_at, clock.started_at) == (when("2026-03-02 14:20"), when("2026-03-02 10:20"))
    assert (clock.assigned_at, clock.assigned_due_at) == (when("2026-03-02 14:00"), TEN)
    assert clock.accountable == cast.cruz


@pytest.mark.parametrize(
    ("at", "state", "own"),
    [
        ("2026-03-02 14:20", "met", True),
        ("2026-03-02 14:21", "breached", True),
        ("2026-03-03 10:00", "breached", True),
        ("2026-03-03 10:00:00.000001", "breached", False),
    ],
)
def test_contact_is_judged_by_both(cast: Cast, at: str, state: str, own: bool) -> None:
    clock = contact(given(cast, at="2026-03-02 14:00"), cast, when(at))
    assert (clock.state, clock.assigned_met) == (state, own)


@pytest.mark.parametrize(
    ("at", "was_late"), [("2026-03-02 14:20", False), ("2026-03-02 14:30", True)]
)
def test_who_hands_on_keeps_how_it_stood(cast: Cast, at: str, was_late: bool) -> None:
    given(cast, at=at)
    stint = Stint.objects.get()
    assert (stint.person, stint.actor, stint.at) == (cast.bea, cast.dora, when(at))
    assert (stint.assigned_at, stint.due_at, stint.was_late) == (
        factories.ACCEPTED_AT,
        when("2026-03-02 14:20"),
        was_late,
    )


def test_ladder_goes_by_the_leads_clock(cast: Cast, moment: Moment) -> None:
    handoff = given(cast, at="2026-03-02 14:00")
    for time in ("14:00:01", "14:20:01"):
        moment.set(f"2026-03-02 {time}")
        tasks.sweep()
    assert clock_of(handoff).state == "breached"


def test_requeue_after_the_own_time_is_late_for_the_person(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    handoffs.requeue(handoff, by=cast.dora, at=when("2026-03-02 14:30"), cause="by hand")
    assert clock_of(handoff).assigned_met is False


def test_requeue_within_the_own_time_counts_neither_way(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    handoffs.requeue(handoff, by=cast.dora, at=when("2026-03-02 14:20"), cause="by hand")
    assert clock_of(handoff).assigned_met is None


def own(person: object, at: str) -> OwnRecord:
    return assignments.own_record(person, since=HANDED_OFF_AT, at=when(at))  # type: ignore[arg-type]


def test_numbers_of_a_person_go_by_the_own_clock(cast: Cast) -> None:
    """Bea kept one and handed one on too late; Cruz did that one in his own time, though late for
    the lead.
    """
    factories.contacted(cast)
    contact(given(cast, at="2026-03-02 14:30"), cast, when("2026-03-03 10:00"))
    later = "2026-03-03 10:30"
    assert (own(cast.bea, later), own(cast.cruz, later)) == (
        OwnRecord(met=1, late=1),
        OwnRecord(met=1, late=0),
    )


def test_lead_that_waits_too_long_counts_as_late_before_it_is_done(cast: Cast) -> None:
    factories.accepted(cast)
    assert (own(cast.bea, "2026-03-02 14:20"), own(cast.bea, "2026-03-02 14:21")) == (
        OwnRecord(0, 0),
        OwnRecord(0, 1),
    )


def test_outage_of_ours_counts_for_nobody(cast: Cast) -> None:
    Outage.objects.create(started_at=when("2026-03-02 11:00"), ended_at=when("2026-03-02 12:00"))
    handoff = given(cast, at="2026-03-02 14:30")
    contact(handoff, cast, when("2026-03-03 11:30"))
    assert (own(cast.bea, "2026-03-04 10:00"), own(cast.cruz, "2026-03-04 10:00")) == (
        OwnRecord(0, 0),
        OwnRecord(0, 0),
    )
