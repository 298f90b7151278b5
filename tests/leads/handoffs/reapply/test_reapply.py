"""Exactly what the preview showed is applied, and no breach is made after the fact."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm import invariants, tasks
from crm.accounts.models import User
from crm.audit.models import Entry
from crm.notifications.models import Message
from leads import handoffs
from leads.handoffs.reapply import reapply
from leads.handoffs.reapply.reapply import StalePreview
from sla.models import Clock
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when
from tests.leads.handoffs.reapply.next_terms import ELEVEN, agreed, applied, due, planned, stored
from tests.lib.db.guards import lift


def test_apply_moves_the_clock_and_what_hangs_on_it(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    agreed(cast, contact=480)
    assert applied(cast.dora) == reapply.Applied(moved=1, brought=1, left=[])
    clock = Clock.objects.get(metric="first_contact")
    assert (clock.due_at, clock.limit_seconds) == (when("2026-03-03 10:20"), 28800)
    assert (clock.soon_at, clock.next_step_at) == (
        when("2026-03-02 16:20"),
        when("2026-03-03 09:20"),
    )
    assert clock.assigned_due_at == clock.due_at
    assert clock.commitment.version.number == 2
    assert clock.started_at == factories.ACCEPTED_AT
    assert stored(handoff).clock == clock


def test_version_that_judged_stays_and_the_policy_says_whose_times_count(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    newer = agreed(cast, contact=480)
    applied(cast.dora)
    assert (stored(handoff).agreement_version, stored(handoff).policy["version"]) == (
        cast.agreement,
        newer.pk,
    )


def test_next_clock_follows_the_new_terms(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    agreed(cast, accept=240, contact=60)
    applied(cast.dora)
    handoffs.accept(stored(handoff), by=cast.bea, at=when("2026-03-02 13:00"))
    assert due(handoff) == when("2026-03-02 14:00")


def test_second_preview_finds_nothing(cast: Cast) -> None:
    factories.accepted(cast)
    factories.handed_off(cast)
    agreed(cast, accept=240, contact=480)
    applied(cast.dora)
    assert planned(cast.dora) == []


def test_steps_that_fired_stay_and_new_ones_follow(cast: Cast, moment: Moment) -> None:
    """The warning fired at 11:30; with the deadline at 14:00 another one is due at 13:30, the
    breach at 14:00.
    """
    factories.handed_off(cast)
    at = moment.set("2026-03-02 11:30:05")
    tasks.sweep()
    agreed(cast, accept=240, at=at)
    applied(cast.dora, at)
    for time in ("13:30:01", "14:00:01"):
        moment.set(f"2026-03-02 {time}")
        tasks.sweep()
    clock = Clock.objects.get()
    assert list(clock.firings.order_by("level").values_list("level", "kind")) == [
        (1, "warn"),
        (2, "warn"),
        (3, "breach"),
    ]
    assert clock.breached_at == when("2026-03-02 14:00")


def test_warning_whose_time_has_passed_is_left_out(cast: Cast) -> None:
    """Due at 11:10 now: the warning would have been at 10:40.

    The next step is the deadline, ahead.
    """
    factories.handed_off(cast)
    agreed(cast, accept=70)
    applied(cast.dora)
    clock = Clock.objects.get()
    assert (clock.due_at, clock.next_step_at, clock.ladder[0]["kind"]) == (
        *[when("2026-03-02 11:10")] * 2,
        "breach",
    )


def test_own_time_of_who_took_over_is_counted_anew_from_there(cast: Cast) -> None:
    handoff = handoffs.reassign(
        factories.accepted(cast), cast.cruz, by=cast.dora, at=when("2026-03-02 10:50")
    )
    agreed(cast, contact=480)
    applied(cast.dora)
    clock = stored(handoff).clock
    assert clock is not None
    assert (clock.due_at, clock.assigned_due_at) == (
        when("2026-03-03 10:20"),
        when("2026-03-03 10:50"),
    )


def test_own_deadline_that_would_have_passed_stays(cast: Cast) -> None:
    """Cruz took it over at 10:50 and has until 14:50; 5 minutes would have been over at 10:55."""
    handoff = handoffs.reassign(
        factories.accepted(cast), cast.cruz, by=cast.dora, at=when("2026-03-02 10:50")
    )
    lift("sla_clock", "sla_clock_keeps_promise")
    Clock.objects.filter(metric="first_contact").update(started_at=when("2026-03-02 10:58"))
    agreed(cast, contact=5)
    applied(cast.dora)
    clock = stored(handoff).clock
    assert clock is not None
    assert (clock.due_at, clock.assigned_due_at) == (
        when("2026-03-02 11:03"),
        when("2026-03-02 14:50"),
    )


def test_each_handoff_has_an_event_and_each_owner_one_notice(cast: Cast) -> None:
    first, second = factories.accepted(cast), factories.accepted(cast)
    factories.handed_off(cast)
    agreed(cast, accept=240, contact=480)
    applied(cast.dora)
    event = first.events.order_by("-id")[0]
    assert (event.kind, event.actor, event.from_state, event.to_state) == (
        "reapplied",
        cast.dora,
        "accepted",
        "accepted",
    )
    assert (event.payload["versions"], event.payload["due_at"]) == ([1, 2], due(first).isoformat())
    assert second.events.filter(kind="reapplied").count() == 1
    assert list(
        Message.objects.filter(kind="handoff.reapplied").values_list("recipient", flat=True)
    ) == [cast.bea.pk]
    entry = Entry.objects.get(verb="agreement_reapplied")
    assert (entry.actor, entry.payload) == (cast.dora, {"handoffs": 3, "moved": 3})


def test_owner_whose_deadlines_stay_is_not_told(cast: Cast) -> None:
    factories.accepted(cast)
    agreed(cast, accept=240)
    applied(cast.dora)
    assert not Message.objects.filter(kind="handoff.reapplied").exists()


def test_promises_hold_afterwards(cast: Cast, moment: Moment) -> None:
    for _number in range(3):
        factories.handed_off(cast)
        factories.accepted(cast)
    at = moment.set(ELEVEN)
    agreed(cast, accept=90, contact=480)
    applied(cast.elsa)
    tasks.sweep()
    tasks.drain()
    assert list(invariants.violated(at=at, moved_time=True)) == []


# -- What was planned at is what is done


def stale(cast: Cast, change: Any) -> StalePreview:
    token = reapply.preview(by=cast.dora, at=ELEVEN).token
    change()
    with pytest.raises(StalePreview) as refused:
        reapply.apply(token, by=cast.dora, at=ELEVEN)
    return refused.value


def test_preview_of_before_another_agreement_is_refused(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    agreed(cast, accept=240)
    error = stale(cast, lambda: agreed(cast, accept=300))
    assert (error.changed, due(handoff)) == ([handoff.pk], when("2026-03-02 12:00"))
    assert error.preview.changes[0].due_after == when("2026-03-02 15:00")


def test_preview_of_before_an_acceptance_is_refused_with_what_changed(cast: Cast) -> None:
    taken, other = factories.handed_off(cast), factories.handed_off(cast)
    agreed(cast, accept=240)
    error = stale(cast, lambda: handoffs.accept(stored(taken), by=cast.bea, at=ELEVEN))
    assert (error.changed, due(other)) == ([taken.pk], when("2026-03-02 12:00"))


def test_preview_whose_time_has_run_out_is_refused(cast: Cast) -> None:
    """At 11:00 the new deadline 11:30 lay ahead; at 11:30 it would be a breach after the fact."""
    handoff = factories.handed_off(cast)
    agreed(cast, accept=90)
    token = reapply.preview(by=cast.dora, at=ELEVEN).token
    with pytest.raises(StalePreview):
        reapply.apply(token, by=cast.dora, at=when("2026-03-02 11:30"))
    assert due(handoff) == when("2026-03-02 12:00")


@pytest.mark.parametrize("token", ["", "nonsense", "a:b:c"])
def test_token_that_nobody_made_is_refused(cast: Cast, token: str) -> None:
    factories.handed_off(cast)
    agreed(cast, accept=240)
    with pytest.raises(StalePreview):
        reapply.apply(token, by=cast.dora, at=ELEVEN)


def test_row_that_changes_at_that_very_moment_is_left(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the check of the whole and the lock on the row somebody accepts it."""
    taken, other = factories.handed_off(cast), factories.handed_off(cast)
    agreed(cast, accept=240)
    bring = reapply._apply_batch

    def accept_first(*args: Any, **more: Any) -> Any:
        handoffs.accept(stored(taken), by=cast.bea, at=ELEVEN)
        return bring(*args, **more)

    monkeypatch.setattr(reapply, "_apply_batch", accept_first)
    assert applied(cast.dora) == reapply.Applied(moved=1, brought=1, left=[taken.pk])
    assert (due(other), stored(taken).clock.limit_seconds) == (when("2026-03-02 14:00"), 14400)  # type: ignore[union-attr]


def test_batches_are_all_brought_along(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reapply, "BATCH", 2)
    for _number in range(5):
        factories.accepted(cast)
    agreed(cast, contact=480)
    assert applied(cast.dora).moved == 5
    assert Message.objects.filter(kind="handoff.reapplied").count() == 1


@pytest.mark.parametrize("rows", [1, 3])
def test_preview_needs_a_constant_number_of_queries(cast: Cast, rows: int) -> None:
    for _number in range(rows):
        factories.accepted(cast)
    agreed(cast, contact=480)
    dora = User.objects.get(pk=cast.dora.pk)
    dora.team_ids("sales", led=True)
    with CaptureQueriesContext(connection) as captured:
        reapply.preview(by=dora, at=ELEVEN)
    assert len(captured) == 10
