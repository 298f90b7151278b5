"""Bringing open handoffs to the agreement and the calendars of now: looked at first, then exactly
that, never a breach after the fact.

Handed off on Monday at 10:00, to be accepted by 12:00; accepted at 10:20, contact due at 14:20.
Office 9 to 17.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm import invariants, tasks
from crm.accounts.models import User
from crm.audit.models import Entry
from crm.notifications.models import Message
from leads import handoffs
from leads.handoffs import pauses
from leads.handoffs.reapply import reapply
from leads.handoffs.reapply.reapply import StalePreview
from leads.models import Handoff, Lead
from sla.models import AgreementVersion, Clock, Holiday
from tests import factories
from tests.conftest import Moment
from tests.factories import ACCEPT, COMMITMENTS, FIRST_CONTACT, Cast, pause_reason, when

ELEVEN = when("2026-03-02 11:00")


def stored(handoff: Handoff) -> Handoff:
    return Handoff.objects.select_related("lead", "clock").get(pk=handoff.pk)


def due(handoff: Handoff) -> datetime:
    clock = stored(handoff).clock
    assert clock is not None
    return clock.due_at


def agreed(
    cast: Cast, *, accept: int = 120, contact: int = 240, at: datetime = ELEVEN, **steps: Any
) -> AgreementVersion:
    """The next version of the agreement, in force: minutes to accept and to the first contact."""
    ladder = [step for step in FIRST_CONTACT["steps"] if -step[1] <= contact]
    promises = [
        {**ACCEPT, "window_minutes": accept, **steps},
        {**FIRST_CONTACT, "window_minutes": contact, "steps": ladder},
        *COMMITMENTS[2:],
    ]
    parent = cast.agreement.agreement
    return factories.agreement(
        cast.calendar, marketing=cast.luis, sales=cast.dora, of=parent, at=at, commitments=promises
    )


def looked(by: User, at: datetime = ELEVEN) -> list[tuple[str, tuple[str, ...]]]:
    return [(line.outcome.value, line.why) for line in reapply.preview(by=by, at=at).changes]


def applied(by: User, at: datetime = ELEVEN) -> reapply.Applied:
    return reapply.apply(reapply.preview(by=by, at=at).token, by=by, at=at)


# -- Looking


def test_nothing_moves_by_itself(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    agreed(cast, accept=60)
    assert due(handoff) == when("2026-03-02 12:00")


def test_up_to_date_handoffs_are_not_listed(cast: Cast) -> None:
    factories.handed_off(cast)
    found = reapply.preview(by=cast.dora, at=ELEVEN)
    assert (found.changes, found.unchanged) == ([], 1)


def test_preview_says_old_and_new_deadline_and_why(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    agreed(cast, accept=240)
    line = reapply.preview(by=cast.dora, at=ELEVEN).changes[0]
    assert (line.handoff, line.due_before, line.due_after) == (
        handoff.pk,
        when("2026-03-02 12:00"),
        when("2026-03-02 14:00"),
    )
    assert (line.outcome, line.why, line.versions) == ("later", ("agreement",), (1, 2))


def test_preview_writes_nothing(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    agreed(cast, accept=240)
    before = Clock.objects.values().get()
    reapply.preview(by=cast.dora, at=ELEVEN)
    assert (Clock.objects.values().get(), stored(handoff).policy) == (before, handoff.policy)


def test_holiday_of_now_is_found(cast: Cast) -> None:
    handoff = factories.accepted(cast, at=when("2026-03-02 10:00"))
    Holiday.objects.create(calendar=cast.calendar, on="2026-03-02", name="Día libre")
    assert looked(cast.dora) == [("later", ("calendar",))]
    applied(cast.dora)
    assert due(handoff) == when("2026-03-03 13:00")


def test_source_that_was_corrected_brings_another_commitment(cast: Cast) -> None:
    quick = {**ACCEPT, "window_minutes": 60, "conditions": {"sources": ["event"]}}
    parent = cast.agreement.agreement
    promises = [*COMMITMENTS, quick]
    factories.agreement(
        cast.calendar, marketing=cast.luis, sales=cast.dora, of=parent, commitments=promises
    )
    handoff = factories.handed_off(cast)
    Lead.objects.update(source=factories.source("event"))
    early = when("2026-03-02 10:30")
    assert looked(cast.dora, early) == [("earlier", ("terms",))]
    applied(cast.dora, early)
    assert due(handoff) == ELEVEN


def test_leads_see_their_team_and_the_director_all(cast: Cast) -> None:
    factories.handed_off(cast)
    factories.handed_off(cast, to=cast.other_sales)
    agreed(cast, accept=240)
    counts = [
        len(reapply.preview(by=who, at=ELEVEN).changes)
        for who in (cast.dora, cast.elsa, cast.luis, cast.bea)
    ]
    assert counts == [1, 2, 0, 0]


@pytest.mark.parametrize("state", ["sql", "opportunity", "won", "rejected", "withdrawn"])
def test_what_waits_for_nothing_is_left_alone(cast: Cast, state: str) -> None:
    getattr(factories, state)(cast)
    agreed(cast, accept=60)
    assert looked(cast.elsa, when("2026-03-10 10:00")) == []


# -- What stays


def test_deadline_that_would_have_passed_stays(cast: Cast, moment: Moment) -> None:
    handoff = factories.handed_off(cast)
    agreed(cast, accept=30)
    assert looked(cast.dora) == [("past", ("agreement",))]
    applied(cast.dora)
    moment.set("2026-03-02 11:00:30")
    tasks.sweep()
    clock = Clock.objects.get()
    assert (clock.due_at, clock.state, clock.firings.count()) == (
        when("2026-03-02 12:00"),
        "running",
        0,
    )
    assert (
        stored(handoff).policy["clocks"]["accept"]["limit_seconds"] == 1800
    )  # for clocks that start later


@pytest.mark.parametrize(("accept", "outcome"), [(60, "past"), (61, "earlier")])
def test_deadline_of_this_very_moment_has_passed(cast: Cast, accept: int, outcome: str) -> None:
    factories.handed_off(cast)
    agreed(cast, accept=accept)
    assert looked(cast.dora) == [(outcome, ("agreement",))]


@pytest.mark.parametrize("is_swept", [True, False])
def test_overdue_clock_stays_overdue(cast: Cast, moment: Moment, is_swept: bool) -> None:
    factories.handed_off(cast)
    at = moment.set("2026-03-02 12:10")
    if is_swept:
        tasks.sweep()
    agreed(cast, accept=480, at=at)
    assert looked(cast.dora, at) == [("overdue", ("agreement",))]
    applied(cast.dora, at)
    assert Clock.objects.get().due_at == when("2026-03-02 12:00")


def test_paused_clock_stays_and_is_brought_along_after_its_pause(
    cast: Cast, moment: Moment
) -> None:
    """4 h became 8 h while it was paused from 10:30 to Tuesday 10:00, with 10 min used: due on
    Wednesday at 9:50.
    """
    handoff, until = factories.accepted(cast), when("2026-03-03 10:00")
    pauses.pause(
        stored(handoff), pause_reason(), until=until, by=cast.bea, at=when("2026-03-02 10:30")
    )
    agreed(cast, contact=480)
    before = due(handoff)
    assert looked(cast.dora) == [("paused", ("agreement",))]
    applied(cast.dora)
    assert due(handoff) == before
    at = moment.set("2026-03-03 10:00:05")
    tasks.sweep()
    assert looked(cast.dora, at) == [("later", ("clock",))]
    applied(cast.dora, at)
    clock = Clock.objects.get(metric="first_contact")
    assert (clock.due_at, clock.spent) == (when("2026-03-04 09:50"), timedelta(minutes=10))


def test_clock_without_an_agreed_time_stays(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    parent = cast.agreement.agreement
    rest = [promise for promise in COMMITMENTS if promise["metric"] != "accept"]
    factories.agreement(
        cast.calendar, marketing=cast.luis, sales=cast.dora, of=parent, at=ELEVEN, commitments=rest
    )
    assert looked(cast.dora) == [("not_agreed", ("agreement",))]
    applied(cast.dora)
    assert due(handoff) == when("2026-03-02 12:00")


# -- Doing


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
    assert looked(cast.dora) == []


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


# -- What was looked at is what is done


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
    assert len(captured) == 14


# -- The page


def test_page_shows_and_applies(cast: Cast, client: Any, moment: Moment) -> None:
    handoff = factories.accepted(cast)
    agreed(cast, contact=480)
    moment.set(ELEVEN)
    client.force_login(cast.dora)
    page = client.get("/reapply/")
    assert "Agreement: version 1 → 2" in page.content.decode()
    answer = client.post("/reapply/", {"token": page.context["preview"].token}, follow=True)
    assert "1 deadline was moved." in answer.content.decode()
    assert due(handoff) == when("2026-03-03 10:20")


def test_page_refuses_a_stale_preview_and_names_what_changed(
    cast: Cast, client: Any, moment: Moment
) -> None:
    handoff = factories.handed_off(cast)
    agreed(cast, accept=240)
    moment.set(ELEVEN)
    client.force_login(cast.dora)
    token = client.get("/reapply/").context["preview"].token
    handoffs.accept(stored(handoff), by=cast.bea, at=ELEVEN)
    answer = client.post("/reapply/", {"token": token})
    assert (answer.status_code, answer.context["changed"]) == (409, [handoff])


@pytest.mark.parametrize(
    ("who", "status"), [("dora", 200), ("elsa", 200), ("bea", 403), ("luis", 403), ("root", 403)]
)
def test_page_is_for_leads_of_sales_teams_and_the_director(
    cast: Cast, client: Any, who: str, status: int
) -> None:
    client.force_login(getattr(cast, who))
    assert client.get("/reapply/").status_code == status
