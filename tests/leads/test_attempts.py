"""Trying to reach a lead; the attempt that reaches a person is the contact."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from crm.lib.errors import Conflict
from leads import attempts, handoffs
from leads.models import Attempt, Handoff
from sla.models import Clock
from tests import factories
from tests.factories import ACCEPTED_AT, CONTACTED_AT, Cast, when

ELEVEN = CONTACTED_AT


def record(handoff: Handoff, cast: Cast, *, reached: bool = True, at: datetime = ELEVEN, **more: Any) -> Attempt:
    return attempts.record(handoff, "phone", reached=reached, by=cast.bea, at=at, **more)


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
    payload = {"cycle": 1, "channel": "phone", "note": "Voicemail", "reached": False}
    assert last_event(handoff) == ("attempt", "accepted", "accepted", payload)
    assert (stored(handoff).state, clock_of(handoff, "first_contact").state) == ("accepted", "running")


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
def test_attempt_before_the_acceptance_or_in_the_future_is_refused(cast: Cast, happened_at: str) -> None:
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
