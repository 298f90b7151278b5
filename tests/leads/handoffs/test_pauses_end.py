"""The end of a pause: by itself, by hand, by the promised act, by another transition."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from crm import tasks
from crm.lib.errors import IllegalMove
from crm.notifications.models import Message
from leads import handoffs
from leads.follow_up import attempts
from leads.handoffs import outcomes, pauses, undo
from sla.models import Firing, Pause
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, pause_reason, when
from tests.leads.handoffs.paused import NOON, TUESDAY, clock_of, paused, stored


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
    attempts.record(handoff, "phone", outcome="reached", by=cast.bea, at=when("2026-03-02 16:00"))
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
        handoff,
        "phone",
        outcome="reached",
        by=cast.bea,
        at=when("2026-03-02 16:00"),
        happened_at=eleven,
    )
    clock, pause = clock_of(handoff), Pause.objects.get()
    assert (clock.state, clock.stopped_at, clock.used_seconds) == ("met", eleven, 40 * 60)
    assert (pause.ended_at, clock.due_at) == (NOON, when("2026-03-02 14:20"))


def test_used_time_leaves_pauses_out(cast: Cast, moment: Moment) -> None:
    handoff = paused(cast)
    moment.set("2026-03-03 10:30")
    tasks.sweep()
    attempts.record(handoff, "phone", outcome="reached", by=cast.bea, at=when("2026-03-03 10:30"))
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
