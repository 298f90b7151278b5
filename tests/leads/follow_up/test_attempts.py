"""Trying to reach a lead; the attempt that reaches a person is the contact."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crm import tasks
from crm.lib.errors import Conflict
from leads import handoffs
from leads.follow_up import attempts
from leads.handoffs import outcomes, pauses
from leads.models import Attempt, Handoff
from sla.models import Clock
from tests import factories
from tests.conftest import Moment
from tests.factories import ACCEPTED_AT, CONTACTED_AT, Cast, pause_reason, when

ELEVEN = CONTACTED_AT


def record(
    handoff: Handoff, cast: Cast, *, reached: bool = True, at: datetime = ELEVEN, **more: Any
) -> Attempt:
    outcome = "reached" if reached else "no_answer"
    return attempts.record(handoff, "phone", outcome=outcome, by=cast.bea, at=at, **more)


def stored(handoff: Handoff) -> Handoff:
    return Handoff.objects.select_related("lead", "clock").get(pk=handoff.pk)


def clock_of(handoff: Handoff, metric: str) -> Clock:
    return Clock.objects.get(subject_type="handoff", subject_id=handoff.pk, metric=metric)


def last_event(handoff: Handoff) -> tuple[str, str, str, dict[str, Any]]:
    event = handoff.events.order_by("-id")[0]
    return event.kind, event.from_state, event.to_state, event.payload


def test_attempt_that_reached_nobody_is_noted_and_moves_nothing(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    record(handoff, cast, reached=False, note="Voicemail")
    payload = {
        "cycle": 1,
        "channel": "phone",
        "outcome": "no_answer",
        "note": "Voicemail",
        "reached": False,
    }
    assert last_event(handoff) == ("attempt", "accepted", "accepted", payload)
    assert (stored(handoff).state, clock_of(handoff, "first_contact").state) == (
        "accepted",
        "running",
    )


def test_first_contact_moves_the_handoff(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    record(handoff, cast)
    found = stored(handoff)
    assert (found.state, found.contacted_at, found.lead.stage, str(found.lead.contacted_on)) == (
        "contacted",
        ELEVEN,
        "contacted",
        "2026-03-02",
    )
    assert last_event(handoff)[:3] == ("contacted", "accepted", "contacted")


def test_first_contact_stops_one_clock_and_starts_the_next(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    record(handoff, cast)
    decision = clock_of(handoff, "sql_decision")
    assert (clock_of(handoff, "first_contact").state, decision.due_at, decision.accountable) == (
        "met",
        when("2026-03-04 11:00"),
        cast.bea,
    )
    assert stored(handoff).clock == decision


def test_contact_counts_from_when_it_was(cast: Cast) -> None:
    """Recorded after the deadline, it happened before it."""
    handoff = factories.accepted(cast)
    record(handoff, cast, at=when("2026-03-02 16:00"), happened_at=when("2026-03-02 14:20"))
    clock, attempt = clock_of(handoff, "first_contact"), handoff.attempts.get()
    assert (clock.state, clock.stopped_at) == ("met", when("2026-03-02 14:20"))
    assert (attempt.at, attempt.recorded_at) == (when("2026-03-02 14:20"), when("2026-03-02 16:00"))


def test_contact_one_microsecond_late_breaches(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    record(handoff, cast, at=when("2026-03-02 14:20:00.000001"))
    assert clock_of(handoff, "first_contact").state == "breached"


def test_later_attempts_move_nothing(cast: Cast) -> None:
    handoff = factories.contacted(cast)
    record(handoff, cast, at=when("2026-03-02 11:30"))
    assert last_event(handoff)[:3] == ("attempt", "contacted", "contacted")
    assert (stored(handoff).contacted_at, handoff.attempts.count()) == (ELEVEN, 2)


@pytest.mark.parametrize("state", ["sql", "opportunity"])
def test_attempts_go_on_after_the_sql(cast: Cast, state: str) -> None:
    handoff = getattr(factories, state)(cast)
    record(handoff, cast, at=when("2026-03-05 11:00"))
    assert last_event(handoff)[:3] == ("attempt", state, state)


@pytest.mark.parametrize("happened_at", ["2026-03-02 10:19:59", "2026-03-02 11:00:01"])
def test_attempt_before_the_acceptance_or_in_the_future_is_refused(
    cast: Cast, happened_at: str
) -> None:
    handoff = factories.accepted(cast)
    with pytest.raises(attempts.OutsideHandoff) as refused:
        record(handoff, cast, at=ELEVEN, happened_at=when(happened_at))
    assert (list(refused.value.fields), handoff.attempts.count()) == (["happened_at"], 0)


def test_attempt_at_the_very_acceptance_counts(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    assert record(handoff, cast, at=ELEVEN, happened_at=ACCEPTED_AT).reached is True


@pytest.mark.parametrize("state", ["won", "lost", "disqualified"])
def test_attempt_on_a_closed_handoff_is_refused(cast: Cast, state: str) -> None:
    handoff = getattr(factories, state)(cast)
    with pytest.raises(Conflict):
        record(handoff, cast, at=when("2026-03-10 11:00"))


@pytest.mark.parametrize("reached", [True, False])
def test_attempt_on_an_old_screen_is_refused(cast: Cast, reached: bool) -> None:
    """The ladder took the handoff back while the rep wrote."""
    handoff = factories.accepted(cast)
    stale = stored(handoff)
    handoffs.requeue(handoff, by=None, at=ELEVEN, cause="firing:7")
    with pytest.raises(handoffs.AlreadyTaken):
        record(stale, cast, reached=reached)
    assert (handoff.attempts.count(), stored(handoff).state) == (0, "pending")


# -- Contacts that we learn of out of order


def test_earlier_contact_takes_the_place_of_the_later_one(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    record(handoff, cast, at=when("2026-03-02 13:00"))
    record(handoff, cast, at=when("2026-03-02 13:30"), happened_at=ELEVEN)
    waited, decides = clock_of(handoff, "first_contact"), clock_of(handoff, "sql_decision")
    assert stored(handoff).contacted_at == ELEVEN
    assert (waited.state, waited.stopped_at, waited.used_seconds) == ("met", ELEVEN, 40 * 60)
    assert (decides.started_at, decides.due_at, decides.assigned_due_at) == (
        ELEVEN,
        *[when("2026-03-04 11:00")] * 2,
    )
    assert (decides.soon_at, decides.next_step_at) == (
        when("2026-03-03 15:00"),
        when("2026-03-03 11:00"),
    )


def test_earlier_contact_is_an_event_that_says_so(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    record(handoff, cast, at=when("2026-03-02 13:00"))
    record(handoff, cast, at=when("2026-03-02 13:30"), happened_at=ELEVEN)
    kinds = list(handoff.events.order_by("id").values_list("kind", flat=True))[-3:]
    moments = [when("2026-03-02 13:00").astimezone(UTC).isoformat(), ELEVEN.isoformat()]
    assert kinds == ["contacted", "attempt", "corrected"]
    assert last_event(handoff) == (
        "corrected",
        "contacted",
        "contacted",
        {"cycle": 1, "contacted_at": moments},
    )


def test_later_contact_never_takes_the_place_of_the_earlier_one(cast: Cast) -> None:
    handoff = factories.contacted(cast)
    before = clock_of(handoff, "sql_decision").due_at
    record(
        handoff, cast, at=when("2026-03-02 13:30"), happened_at=when("2026-03-02 11:00:00.000001")
    )
    found = stored(handoff)
    assert (found.contacted_at, clock_of(handoff, "sql_decision").due_at) == (ELEVEN, before)
    assert not handoff.events.filter(kind="corrected").exists()


def test_attempt_that_reached_nobody_corrects_nothing(cast: Cast) -> None:
    handoff = factories.contacted(cast)
    record(
        handoff,
        cast,
        reached=False,
        at=when("2026-03-02 13:30"),
        happened_at=when("2026-03-02 10:30"),
    )
    assert stored(handoff).contacted_at == ELEVEN


def test_earlier_contact_mends_the_breach_and_leaves_the_ledger(cast: Cast, moment: Moment) -> None:
    handoff = factories.accepted(cast)
    for time in ("13:20:01", "14:20:01"):
        moment.set(f"2026-03-02 {time}")
        tasks.sweep()
    record(handoff, cast, at=when("2026-03-02 14:40"))
    assert clock_of(handoff, "first_contact").state == "breached"
    record(handoff, cast, at=when("2026-03-02 14:50"), happened_at=when("2026-03-02 14:20"))
    clock = clock_of(handoff, "first_contact")
    assert (clock.state, clock.breached_at, clock.assigned_met) == ("met", None, True)
    assert list(clock.firings.order_by("level").values_list("kind", flat=True)) == [
        "warn",
        "breach",
    ]


def test_earlier_contact_on_another_day_moves_the_date_of_the_lead(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    record(handoff, cast, at=when("2026-03-04 13:00"))
    record(handoff, cast, at=when("2026-03-04 13:30"), happened_at=when("2026-03-03 13:00"))
    assert str(stored(handoff).lead.contacted_on) == "2026-03-03"


def test_decision_that_was_in_time_stays_in_time(cast: Cast) -> None:
    """The SQL decision was due on Wednesday at 13:00, decided at 12:30.

    The true contact was on Monday at 11:00.
    """
    handoff = factories.accepted(cast)
    record(handoff, cast, at=when("2026-03-02 13:00"))
    factories.prove(handoff.lead, by=cast.bea)
    outcomes.qualify_sql(handoff, by=cast.bea, at=when("2026-03-04 12:30"))
    record(handoff, cast, at=when("2026-03-04 13:30"), happened_at=ELEVEN)
    decided = clock_of(handoff, "sql_decision")
    assert (decided.state, decided.due_at) == ("met", when("2026-03-04 13:00"))
    assert (stored(handoff).contacted_at, clock_of(handoff, "first_contact").stopped_at) == (
        ELEVEN,
        ELEVEN,
    )


def test_decision_that_was_in_time_by_the_true_start_too_is_counted_from_it(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    record(handoff, cast, at=when("2026-03-02 13:00"))
    factories.prove(handoff.lead, by=cast.bea)
    outcomes.qualify_sql(handoff, by=cast.bea, at=when("2026-03-02 15:00"))
    record(handoff, cast, at=when("2026-03-02 16:00"), happened_at=ELEVEN)
    decided = clock_of(handoff, "sql_decision")
    found = (decided.state, decided.started_at, decided.due_at, decided.used_seconds)
    assert found == ("met", ELEVEN, when("2026-03-04 11:00"), 4 * 3600)


def test_earlier_start_of_a_decision_that_is_overdue_by_it_fires_now(
    cast: Cast, moment: Moment
) -> None:
    """Contact noted for Wednesday at 9:00; it was on Monday at 11:00, so the decision was due on
    Wednesday at 11:00.
    """
    handoff = factories.accepted(cast)
    at = moment.set("2026-03-04 11:30")
    record(handoff, cast, at=at, happened_at=when("2026-03-04 09:00"))
    record(handoff, cast, at=at, happened_at=ELEVEN)
    assert clock_of(handoff, "sql_decision").next_step_at == at
    moment.set("2026-03-04 11:30:05")
    tasks.sweep()
    clock = clock_of(handoff, "sql_decision")
    assert (clock.state, clock.breached_at) == ("breached", when("2026-03-04 11:00"))


def test_earlier_start_under_a_pause_moves_what_comes_after_it(cast: Cast) -> None:
    """Decision of 16 h from Monday 13:00, paused from 15:00 to Tuesday 10:00; it began at 11:00: 4
    h were used.
    """
    handoff = factories.accepted(cast)
    record(handoff, cast, at=when("2026-03-02 13:00"))
    until = when("2026-03-03 10:00")
    pauses.pause(
        stored(handoff), pause_reason(), until=until, by=cast.bea, at=when("2026-03-02 15:00")
    )
    record(handoff, cast, at=when("2026-03-02 16:00"), happened_at=ELEVEN)
    clock = clock_of(handoff, "sql_decision")
    assert (clock.state, clock.spent, clock.due_at) == (
        "paused",
        timedelta(hours=4),
        when("2026-03-04 14:00"),
    )
    assert (clock.next_step_at, clock.pauses.get().then_step_at) == (
        until,
        when("2026-03-03 14:00"),
    )


def test_earlier_start_that_leaves_no_time_before_the_pause_ends_it(cast: Cast) -> None:
    """Contact noted for Wednesday 10:00, the decision paused at 12:00; it was on Monday 11:00: due
    Wednesday 11:00.
    """
    handoff = factories.accepted(cast)
    record(handoff, cast, at=when("2026-03-04 10:00"))
    until = when("2026-03-06 10:00")
    pauses.pause(
        stored(handoff), pause_reason(), until=until, by=cast.bea, at=when("2026-03-04 12:00")
    )
    at = when("2026-03-04 13:00")
    record(handoff, cast, at=at, happened_at=ELEVEN)
    clock = clock_of(handoff, "sql_decision")
    assert (clock.state, clock.due_at, clock.next_step_at) == (
        "running",
        when("2026-03-04 11:00"),
        at,
    )
    assert (clock.pauses.get().end, clock.pauses.get().ended_at) == ("corrected", at)


def test_attempt_begun_before_a_requeue_counts_from_the_new_acceptance(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    begun = attempts.begin(handoff, "whatsapp", by=cast.bea, at=ELEVEN)
    handoffs.requeue(handoff, by=cast.dora, at=ELEVEN, cause="lead:1", why="Otra vez")
    noon = when("2026-03-02 12:00")
    handoff = handoffs.accept(stored(handoff), by=cast.bea, at=noon)
    attempts.settle(handoff, begun.pk, outcome="reached", by=cast.bea, at=noon)
    assert (stored(handoff).contacted_at, Attempt.objects.get().at) == (noon, noon)
