"""What a preview shows: moved deadlines, and those that stay."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crm import tasks
from leads.handoffs import pauses
from leads.handoffs.reapply import reapply
from leads.models import Lead
from sla.models import Clock, Holiday
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, pause_reason, when
from tests.leads.handoffs.reapply.next_terms import ELEVEN, agreed, applied, due, planned, stored
from tests.terms import ACCEPT, COMMITMENTS


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
    assert planned(cast.dora) == [("later", ("calendar",))]
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
    assert planned(cast.dora, early) == [("earlier", ("terms",))]
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
    assert planned(cast.elsa, when("2026-03-10 10:00")) == []


# -- What stays


def test_deadline_that_would_have_passed_stays(cast: Cast, moment: Moment) -> None:
    handoff = factories.handed_off(cast)
    agreed(cast, accept=30)
    assert planned(cast.dora) == [("past", ("agreement",))]
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
    assert planned(cast.dora) == [(outcome, ("agreement",))]


@pytest.mark.parametrize("is_swept", [True, False])
def test_overdue_clock_stays_overdue(cast: Cast, moment: Moment, is_swept: bool) -> None:
    factories.handed_off(cast)
    at = moment.set("2026-03-02 12:10")
    if is_swept:
        tasks.sweep()
    agreed(cast, accept=480, at=at)
    assert planned(cast.dora, at) == [("overdue", ("agreement",))]
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
    assert planned(cast.dora) == [("paused", ("agreement",))]
    applied(cast.dora)
    assert due(handoff) == before
    at = moment.set("2026-03-03 10:00:05")
    tasks.sweep()
    assert planned(cast.dora, at) == [("later", ("clock",))]
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
    assert planned(cast.dora) == [("not_agreed", ("agreement",))]
    applied(cast.dora)
    assert due(handoff) == when("2026-03-02 12:00")
