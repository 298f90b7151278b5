"""Pausing the clock of a lead that asked for time: for whom, how long, and how it ends, whatever
ends it.

Accepted on Monday at 10:20, contact due at 14:20 (4 h), warning at 13:20. Calendar: Monday to
Friday, 9 to 17.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from crm import tasks
from crm.lib.errors import IllegalMove
from leads import handoffs
from leads.handoffs import pauses
from leads.models import Handoff
from sla import snapshot_bodies
from sla.clocks.pauses import BadPause, NotPausable
from sla.models import Clock, Pause
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, pause_reason, when
from tests.leads.handoffs.paused import NOON, TUESDAY, clock_of, paused, stored


def test_deadline_moves_by_the_business_time_of_the_pause(cast: Cast) -> None:
    """Paused for 5 h of Monday and 1 h of Tuesday: what was due on Monday at 14:20 is due 6
    business hours later.
    """
    clock = clock_of(paused(cast))
    assert (clock.state, clock.paused_until, clock.due_at) == (
        "paused",
        TUESDAY,
        when("2026-03-03 12:20"),
    )


def test_risk_the_next_step_and_the_own_deadline_move_along(cast: Cast) -> None:
    clock = clock_of(paused(cast))
    assert (clock.soon_at, clock.assigned_due_at) == (
        when("2026-03-03 11:20"),
        when("2026-03-03 12:20"),
    )
    assert (clock.next_step_at, clock.pauses.get().then_step_at) == (
        TUESDAY,
        when("2026-03-03 11:20"),
    )


def test_pause_outside_working_hours_moves_no_deadline(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    handoffs.accept(handoff, by=cast.bea, at=when("2026-03-02 16:00"))
    pauses.pause(
        stored(handoff),
        pause_reason(),
        until=when("2026-03-03 08:00"),
        by=cast.bea,
        at=when("2026-03-02 18:00"),
    )
    assert clock_of(handoff).due_at == when("2026-03-03 12:00")


def test_pause_is_an_event_with_its_reason_and_end(cast: Cast) -> None:
    event = paused(cast, note="Call me on Tuesday").events.order_by("-id")[0]
    assert (event.kind, event.actor, event.from_state, event.to_state) == (
        "paused",
        cast.bea,
        "accepted",
        "accepted",
    )
    assert event.payload["pause_reason"] == "call_back"
    assert (event.payload["until"], event.payload["note"]) == (
        TUESDAY.isoformat(),
        "Call me on Tuesday",
    )


def test_clock_of_the_sql_decision_may_pause(cast: Cast) -> None:
    handoff = factories.contacted(cast)
    pauses.pause(stored(handoff), pause_reason(), until=TUESDAY, by=cast.bea, at=NOON)
    assert clock_of(handoff, "sql_decision").due_at == when("2026-03-04 17:00")


@pytest.mark.parametrize("state", ["handed_off", "sql", "won", "rejected"])
def test_nothing_else_may_pause(cast: Cast, state: str) -> None:
    handoff = getattr(factories, state)(cast)
    with pytest.raises(IllegalMove):
        pauses.pause(
            stored(handoff),
            pause_reason(),
            until=TUESDAY,
            by=cast.dora,
            at=when("2026-03-02 12:30"),
        )


def test_accept_clock_is_refused_by_the_database(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    with pytest.raises(IntegrityError, match="clock_paused_may_wait"), transaction.atomic():
        rows = Clock.objects.filter(pk=clock_of(handoff, "accept").pk)
        rows.update(state="paused", paused_until=NOON - timedelta(minutes=1))


@pytest.mark.parametrize("time", ["14:20:00.000001", "16:00"])
@pytest.mark.parametrize("is_swept", [True, False])
def test_breached_clock_cannot_pause(cast: Cast, moment: Moment, time: str, is_swept: bool) -> None:
    handoff, at = factories.accepted(cast), moment.set(f"2026-03-02 {time}")
    if is_swept:
        tasks.sweep()
    with pytest.raises(NotPausable):
        pauses.pause(stored(handoff), pause_reason(), until=TUESDAY, by=cast.bea, at=at)


def test_paused_clock_cannot_pause_again(cast: Cast) -> None:
    handoff = paused(cast)
    with pytest.raises(NotPausable):
        pauses.pause(
            handoff,
            pause_reason("document"),
            until=TUESDAY,
            by=cast.bea,
            at=when("2026-03-02 13:00"),
        )


def test_pause_that_is_over_unnoticed_makes_room_for_the_next(cast: Cast) -> None:
    handoff = paused(cast)
    pauses.pause(
        handoff,
        pause_reason(),
        until=when("2026-03-04 10:00"),
        by=cast.bea,
        at=when("2026-03-03 11:00"),
    )
    assert list(handoff.clock.pauses.values_list("ended_at", "end")) == [
        (TUESDAY, "elapsed"),
        (None, ""),
    ]
    assert clock_of(handoff).due_at == when("2026-03-04 11:20")


def test_overlapping_pauses_are_refused_by_the_database(cast: Cast) -> None:
    pause = clock_of(paused(cast)).pauses.get()
    pause.pk, pause.started_at, pause.ended_at, pause.end = (
        None,
        NOON,
        when("2026-03-02 13:00"),
        "by_hand",
    )
    with pytest.raises(IntegrityError, match="pause_no_overlap"), transaction.atomic():
        pause.save(force_insert=True)


def test_somebody_who_lost_the_lead_cannot_pause_it(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    stale = stored(handoff)
    handoffs.reassign(handoff, cast.cruz, by=cast.dora, at=NOON)
    with pytest.raises(handoffs.AlreadyTaken):
        pauses.pause(stale, pause_reason(), until=TUESDAY, by=cast.bea, at=NOON)


# -- For how long


def test_reason_that_is_not_agreed_is_refused(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    Handoff.objects.filter(pk=handoff.pk).update(
        policy_ref=snapshot_bodies.keep({**handoff.policy, "pauses": {"document": 3600}})
    )
    with pytest.raises(BadPause) as refused:
        pauses.pause(stored(handoff), pause_reason(), until=TUESDAY, by=cast.bea, at=NOON)
    assert list(refused.value.fields) == ["reason"]


def test_agreed_cap_counts_and_not_the_catalogues(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    Handoff.objects.filter(pk=handoff.pk).update(
        policy_ref=snapshot_bodies.keep({**handoff.policy, "pauses": {"call_back": 3600}})
    )
    with pytest.raises(BadPause):
        pauses.pause(stored(handoff), pause_reason(), until=TUESDAY, by=cast.bea, at=NOON)
    pauses.pause(
        stored(handoff), pause_reason(), until=when("2026-03-02 13:00"), by=cast.bea, at=NOON
    )
    assert clock_of(handoff).paused_until == when("2026-03-02 13:00")


def test_archived_reason_is_refused(cast: Cast) -> None:
    reason = pause_reason()
    reason.archived_at = NOON
    reason.save()
    with pytest.raises(BadPause):
        paused(cast)


@pytest.mark.parametrize(
    ("until", "reason"),
    [
        ("2026-03-02 12:00", "call_back"),
        ("2026-03-02 11:00", "call_back"),
        ("2026-03-04 12:00:00.000001", "document"),
    ],
)
def test_end_in_the_past_or_beyond_the_cap_is_refused(cast: Cast, until: str, reason: str) -> None:
    with pytest.raises(BadPause) as refused:
        paused(cast, until=when(until), reason=reason)
    assert (list(refused.value.fields), Pause.objects.count()) == (["until"], 0)


def test_cap_may_be_used_up_to_its_end(cast: Cast) -> None:
    assert (
        clock_of(paused(cast, until=when("2026-03-04 12:00"), reason="document")).state == "paused"
    )


def test_cap_of_a_reason_is_used_up_over_its_pauses(cast: Cast) -> None:
    """2 days for a document: 22 h of the first pause, so 26 h are left for the second one."""
    handoff = paused(cast, reason="document")
    again, reason = when("2026-03-03 11:00"), pause_reason("document")
    with pytest.raises(BadPause):
        pauses.pause(handoff, reason, until=when("2026-03-04 13:00:01"), by=cast.bea, at=again)
    pauses.pause(stored(handoff), reason, until=when("2026-03-04 13:00"), by=cast.bea, at=again)
    assert clock_of(handoff).paused_until == when("2026-03-04 13:00")


def test_all_pauses_of_a_clock_together_have_an_end(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sla.clocks.pauses.LONGEST_TOTAL", timedelta(hours=24))
    handoff = paused(cast, reason="document")
    with pytest.raises(BadPause):
        pauses.pause(
            handoff,
            pause_reason(),
            until=when("2026-03-03 13:00:01"),
            by=cast.bea,
            at=when("2026-03-03 11:00"),
        )
    pauses.pause(
        handoff,
        pause_reason(),
        until=when("2026-03-03 13:00"),
        by=cast.bea,
        at=when("2026-03-03 11:00"),
    )
