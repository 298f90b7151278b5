"""Pausing the clock of a lead that asked for time: for whom, how long, and how it ends, whatever
ends it.

Accepted on Monday at 10:20, contact due at 14:20 (4 h), warning at 13:20. Calendar: Monday to
Friday, 9 to 17.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from crm import tasks
from crm.lib.errors import IllegalMove
from crm.notifications.models import Message
from leads import handoffs
from leads.handoffs import attempts, outcomes, pauses, undo
from leads.models import Handoff
from sla.clocks.pauses import BadPause, NotPausable
from sla.models import Clock, Firing, Pause
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, pause_reason, when

NOON = when("2026-03-02 12:00")
TUESDAY = when("2026-03-03 10:00")


def stored(handoff: Handoff) -> Handoff:
    return Handoff.objects.select_related("lead", "clock", "team", "owner").get(pk=handoff.pk)


def clock_of(handoff: Handoff, metric: str = "first_contact") -> Clock:
    return Clock.objects.filter(
        subject_type="handoff", subject_id=handoff.pk, metric=metric
    ).order_by("-id")[0]


def paused(
    cast: Cast, *, until: Any = TUESDAY, at: Any = NOON, reason: str = "call_back", **more: Any
) -> Handoff:
    handoff = factories.accepted(cast)
    pauses.pause(stored(handoff), pause_reason(reason), until=until, by=cast.bea, at=at, **more)
    return stored(handoff)


# -- Beginning


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
        policy={**handoff.policy, "pauses": {"document": 3600}}
    )
    with pytest.raises(BadPause) as refused:
        pauses.pause(stored(handoff), pause_reason(), until=TUESDAY, by=cast.bea, at=NOON)
    assert list(refused.value.fields) == ["reason"]


def test_agreed_cap_counts_and_not_the_catalogues(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    Handoff.objects.filter(pk=handoff.pk).update(
        policy={**handoff.policy, "pauses": {"call_back": 3600}}
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


# -- Its end


def test_pause_is_over_by_itself_once_and_the_owner_is_told(cast: Cast, moment: Moment) -> None:
    handoff = paused(cast)
    moment.set("2026-03-03 10:00:05")
    assert [tasks.sweep(), tasks.sweep()] == [1, 0]
    clock, pause = clock_of(handoff), Pause.objects.get()
    assert (clock.state, clock.paused_until, clock.next_step_at) == (
        "running",
        None,
        when("2026-03-03 11:20"),
    )
    assert (pause.ended_at, pause.end, pause.ended_by) == (TUESDAY, "elapsed", None)
    assert handoff.events.filter(kind="resumed").count() == 1
    assert list(
        Message.objects.filter(kind="handoff.resumed").values_list("recipient", flat=True)
    ) == [cast.bea.pk]


def test_pause_is_never_over_early(cast: Cast, moment: Moment) -> None:
    handoff = paused(cast)
    moment.set(TUESDAY)
    assert (tasks.sweep(), clock_of(handoff).state) == (0, "paused")


def test_ladder_rests_while_paused(cast: Cast, moment: Moment) -> None:
    paused(cast)
    for time in ("2026-03-02 13:21", "2026-03-02 14:21", "2026-03-03 09:59"):
        moment.set(time)
        tasks.sweep()
    assert Firing.objects.count() == 0


def test_ladder_goes_on_after_the_pause(cast: Cast, moment: Moment) -> None:
    paused(cast)
    for time in (
        "2026-03-03 10:00:01",
        "2026-03-03 11:20:01",
        "2026-03-03 12:20:01",
        "2026-03-03 13:20:01",
    ):
        moment.set(time)
        tasks.sweep()
    assert list(Firing.objects.order_by("id").values_list("kind", "planned_at")) == [
        ("warn", when("2026-03-03 11:20")),
        ("breach", when("2026-03-03 12:20")),
        ("tell_lead", when("2026-03-03 13:20")),
    ]


def test_step_that_was_due_before_the_pause_fires_after_it(cast: Cast, moment: Moment) -> None:
    """Paused a second after the time of the warning, before any sweep."""
    paused(cast, at=when("2026-03-02 13:20:01"), until=when("2026-03-02 16:00"))
    moment.set("2026-03-02 16:00:05")
    assert tasks.sweep() == 2  # the end of the pause, then the warning
    assert Firing.objects.get().planned_at == when("2026-03-02 16:00")


def test_outage_over_the_end_of_the_pause_and_the_deadline(cast: Cast, moment: Moment) -> None:
    """Everything was down: the pause ended when it should, and the breach has its own moment."""
    handoff = paused(cast)
    moment.set("2026-03-03 15:00")
    tasks.sweep()
    clock, pause = clock_of(handoff), Pause.objects.get()
    assert (pause.ended_at, clock.state, clock.breached_at) == (
        TUESDAY,
        "breached",
        when("2026-03-03 12:20"),
    )
    assert list(Firing.objects.order_by("id").values_list("kind", "outcome")) == [
        ("warn", "overtaken"),
        ("breach", "done"),
    ]


def test_early_end_moves_the_deadline_back(cast: Cast) -> None:
    """Paused from 12:00, ended at 13:30: 14:20 becomes 15:50."""
    handoff = paused(cast)
    pauses.resume(handoff, by=cast.bea, at=when("2026-03-02 13:30"))
    clock, pause = clock_of(handoff), Pause.objects.get()
    assert (clock.state, clock.due_at, clock.assigned_due_at) == (
        "running",
        *[when("2026-03-02 15:50")] * 2,
    )
    assert (clock.soon_at, clock.next_step_at) == (
        when("2026-03-02 14:50"),
        when("2026-03-02 14:50"),
    )
    assert (pause.ended_at, pause.end, pause.ended_by) == (
        when("2026-03-02 13:30"),
        "by_hand",
        cast.bea,
    )


def test_end_of_no_pause_is_refused(cast: Cast) -> None:
    with pytest.raises(IllegalMove):
        pauses.resume(stored(factories.accepted(cast)), by=cast.bea, at=NOON)


def test_contact_while_paused_ends_it_and_keeps_the_promise(cast: Cast) -> None:
    handoff = paused(cast)
    attempts.record(handoff, "phone", reached=True, by=cast.bea, at=when("2026-03-02 16:00"))
    clock, pause = clock_of(handoff), Pause.objects.get()
    assert (clock.state, clock.stopped_at, clock.used_seconds) == (
        "met",
        when("2026-03-02 16:00"),
        100 * 60,
    )
    assert (pause.ended_at, pause.end, pause.ended_by) == (
        when("2026-03-02 16:00"),
        "done",
        cast.bea,
    )


def test_contact_from_before_the_pause_leaves_it_without_length(cast: Cast) -> None:
    handoff, eleven = paused(cast), when("2026-03-02 11:00")
    attempts.record(
        handoff, "phone", reached=True, by=cast.bea, at=when("2026-03-02 16:00"), happened_at=eleven
    )
    clock, pause = clock_of(handoff), Pause.objects.get()
    assert (clock.state, clock.stopped_at, clock.used_seconds) == ("met", eleven, 40 * 60)
    assert (pause.ended_at, clock.due_at) == (NOON, when("2026-03-02 14:20"))


def test_used_time_leaves_pauses_out(cast: Cast, moment: Moment) -> None:
    handoff = paused(cast)
    moment.set("2026-03-03 10:30")
    tasks.sweep()
    attempts.record(handoff, "phone", reached=True, by=cast.bea, at=when("2026-03-03 10:30"))
    assert clock_of(handoff).used_seconds == 130 * 60


def test_requeue_while_paused_cancels_the_clock_and_ends_the_pause(cast: Cast) -> None:
    handoff = paused(cast)
    handoffs.requeue(handoff, by=cast.dora, at=when("2026-03-02 16:00"), cause="by hand")
    clock, pause = clock_of(handoff), Pause.objects.get()
    assert (clock.state, clock.paused_until, pause.end, pause.ended_by) == (
        "cancelled",
        None,
        "taken",
        cast.dora,
    )
    assert stored(handoff).clock == clock_of(handoff, "accept")


def test_reassigning_while_paused_leaves_the_leads_clock_as_it_is(cast: Cast) -> None:
    """The lead asked for time, whoever works on it.

    The new owner's own time begins when the pause is over.
    """
    handoff = paused(cast)
    handoffs.reassign(handoff, cast.cruz, by=cast.dora, at=when("2026-03-02 16:00"))
    clock = clock_of(handoff)
    assert (clock.state, clock.due_at, Pause.objects.get().ended_at) == (
        "paused",
        when("2026-03-03 12:20"),
        None,
    )
    assert (clock.accountable, clock.assigned_due_at) == (cast.cruz, when("2026-03-03 14:00"))


def test_qualifying_while_paused_ends_the_pause(cast: Cast) -> None:
    handoff = factories.contacted(cast, attributes={"budget": 9000, "decides": True})
    pauses.pause(stored(handoff), pause_reason(), until=TUESDAY, by=cast.bea, at=NOON)
    outcomes.qualify_sql(stored(handoff), by=cast.bea, at=when("2026-03-02 16:00"))
    assert (clock_of(handoff, "sql_decision").state, Pause.objects.get().end) == ("met", "done")


def test_disqualifying_while_paused_ends_the_pause(cast: Cast) -> None:
    handoff = factories.contacted(cast)
    pauses.pause(stored(handoff), pause_reason(), until=TUESDAY, by=cast.bea, at=NOON)
    outcomes.disqualify(
        stored(handoff), factories.outcome("no_budget"), by=cast.bea, at=when("2026-03-02 16:00")
    )
    assert (clock_of(handoff, "sql_decision").state, Pause.objects.get().end) == ("met", "done")


def test_undo_after_a_pause_is_too_late_and_leaves_it(cast: Cast) -> None:
    """Something happened since: the pause. It has to be ended, and the decision stands."""
    handoff = factories.accepted(cast)
    soon = factories.ACCEPTED_AT + timedelta(seconds=2)
    pauses.pause(stored(handoff), pause_reason(), until=TUESDAY, by=cast.bea, at=soon)
    with pytest.raises(undo.TooLate), transaction.atomic():
        undo.undo(stored(handoff), by=cast.bea, at=soon + timedelta(seconds=2))
    assert (clock_of(handoff).state, Pause.objects.get().ended_at) == ("paused", None)
