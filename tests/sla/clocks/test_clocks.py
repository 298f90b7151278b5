"""Clocks: deadlines are stored when they start, judged by them when they stop, and read without
changing them.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from personas.models import PersonaVersion
from sla.clocks import clocks, ladder
from sla.models import Clock, Holiday, Outage
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when


def stored(clock: Clock) -> Clock:
    return Clock.objects.get(pk=clock.pk)


# -- Starting


def test_deadline_is_stored_at_the_start(clock: Clock) -> None:
    found = (clock.due_at, clock.limit_seconds, clock.next_step_at, clock.state, clock.subject_type)
    assert found == (
        when("2026-03-02 12:00"),
        7200,
        when("2026-03-02 11:30"),
        "running",
        "personaversion",
    )


@pytest.mark.parametrize(
    ("started", "due"),
    [
        ("2026-03-06 15:00", "2026-03-06 17:00"),
        ("2026-03-06 16:00", "2026-03-09 10:00"),
        ("2026-03-07 12:00", "2026-03-09 11:00"),
        ("2026-03-02 08:00", "2026-03-02 11:00"),
    ],
)
def test_deadline_counts_business_time(
    cast: Cast, subject: PersonaVersion, terms: dict[str, Any], started: str, due: str
) -> None:
    clock = clocks.start(subject, "accept", terms, team=cast.sales, at=when(started))
    assert clock is not None
    assert clock.due_at == when(due)


def test_metric_that_is_not_agreed_starts_no_clock(
    cast: Cast, subject: PersonaVersion, terms: dict[str, Any]
) -> None:
    at = when("2026-03-02 10:00")
    assert clocks.start(subject, "return_answer", terms, team=cast.marketing, at=at) is None


def test_second_open_clock_of_a_metric_is_refused(
    cast: Cast, clock: Clock, terms: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError, match="clock_one_running"), transaction.atomic():
        clocks.start(cast.persona, "accept", terms, team=cast.sales, at=when("2026-03-02 11:00"))


def test_clock_starts_anew_after_the_last_one_stopped(
    cast: Cast, clock: Clock, terms: dict[str, Any]
) -> None:
    clocks.stop(cast.persona, "accept", at=when("2026-03-02 11:00"))
    clocks.start(cast.persona, "accept", terms, team=cast.sales, at=when("2026-03-02 11:00"))
    assert list(Clock.objects.order_by("id").values_list("state", flat=True)) == ["met", "running"]


def test_editing_the_calendar_never_moves_a_running_clock(cast: Cast, clock: Clock) -> None:
    Holiday.objects.create(calendar=cast.calendar, on="2026-03-02", name="Día libre")
    stopped = clocks.stop(cast.persona, "accept", at=when("2026-03-02 12:00"))
    assert stopped is not None
    assert (stopped.due_at, stopped.state, stopped.used_seconds) == (
        when("2026-03-02 12:00"),
        "met",
        7200,
    )


# -- Stopping


@pytest.mark.parametrize(
    ("at", "state", "breached_at"),
    [
        ("2026-03-02 10:00", "met", None),
        ("2026-03-02 12:00", "met", None),
        ("2026-03-02 12:00:00.000001", "breached", "2026-03-02 12:00"),
    ],
)
def test_stop_is_judged_by_the_deadline(
    clock: Clock, cast: Cast, at: str, state: str, breached_at: str | None
) -> None:
    clocks.stop(cast.persona, "accept", at=when(at))
    found = stored(clock)
    assert (found.state, found.stopped_at, found.breached_at) == (
        state,
        when(at),
        breached_at and when(breached_at),
    )


def test_stopped_clock_is_out_of_the_sweeps_sight(clock: Clock, cast: Cast) -> None:
    clocks.stop(cast.persona, "accept", at=when("2026-03-02 11:00"))
    assert (stored(clock).next_step_at, stored(clock).parked_until) == (None, None)


def test_stop_counts_the_business_time_used(
    cast: Cast, subject: PersonaVersion, terms: dict[str, Any]
) -> None:
    clocks.start(subject, "accept", terms, team=cast.sales, at=when("2026-03-06 16:30"))
    stopped = clocks.stop(subject, "accept", at=when("2026-03-09 09:45"))
    assert stopped is not None
    assert stopped.used_seconds == 75 * 60


def test_stop_without_an_open_clock_does_nothing(clock: Clock, cast: Cast) -> None:
    clocks.stop(cast.persona, "accept", at=when("2026-03-02 11:00"))
    assert clocks.stop(cast.persona, "accept", at=when("2026-03-02 13:00")) is None
    assert stored(clock).stopped_at == when("2026-03-02 11:00")


def test_stop_leaves_other_metrics_and_subjects_alone(
    clock: Clock, cast: Cast, terms: dict[str, Any]
) -> None:
    other = factories.persona("other", [])
    at = when("2026-03-02 10:00")
    clocks.start(other, "accept", terms, team=cast.sales, at=at)
    clocks.start(cast.persona, "first_contact", terms, team=cast.sales, at=at)
    clocks.stop(cast.persona, "accept", at=when("2026-03-02 11:00"))
    assert Clock.objects.filter(stopped_at=None).count() == 2


def test_act_in_time_that_is_learnt_of_late_mends_the_breach(
    clock: Clock, cast: Cast, moment: Moment
) -> None:
    moment.set("2026-03-02 12:30")
    ladder.sweep(factories.clock_subjects())
    assert stored(clock).state == "breached"
    clocks.stop(cast.persona, "accept", at=when("2026-03-02 11:55"))
    found = stored(clock)
    assert (found.state, found.breached_at, found.in_outage) == ("met", None, False)


def test_late_act_after_the_sweep_stays_a_breach(clock: Clock, cast: Cast, moment: Moment) -> None:
    moment.set("2026-03-02 12:30")
    ladder.sweep(factories.clock_subjects())
    clocks.stop(cast.persona, "accept", at=when("2026-03-02 12:40"))
    assert (stored(clock).state, stored(clock).breached_at) == (
        "breached",
        when("2026-03-02 12:00"),
    )


def test_met_after_the_deadline_is_refused_by_the_database(clock: Clock) -> None:
    with pytest.raises(IntegrityError, match="clock_met_in_time"), transaction.atomic():
        Clock.objects.update(state="met", stopped_at=when("2026-03-02 12:00:01"), next_step_at=None)


def test_stopped_clock_with_a_next_step_is_refused_by_the_database(clock: Clock) -> None:
    with pytest.raises(IntegrityError, match="clock_stopped_has_no_step"), transaction.atomic():
        Clock.objects.update(state="met", stopped_at=when("2026-03-02 11:00"))


# -- Cancelling


@pytest.mark.parametrize(
    ("at", "state", "breached_at"),
    [
        ("2026-03-02 12:00", "cancelled", None),
        ("2026-03-02 12:00:00.000001", "breached", "2026-03-02 12:00"),
    ],
)
def test_cancel_does_not_undo_a_delay(
    clock: Clock, cast: Cast, at: str, state: str, breached_at: str | None
) -> None:
    clocks.cancel(cast.persona, "accept", at=when(at))
    found = stored(clock)
    assert (found.state, found.breached_at, found.next_step_at) == (
        state,
        breached_at and when(breached_at),
        None,
    )


# -- Our own downtime

DOWN = ("2026-03-02 11:00", "2026-03-02 11:50")
BEFORE = ("2026-03-02 09:00", "2026-03-02 10:00")  # ends as the clock starts
AFTER = ("2026-03-02 12:00", "2026-03-02 12:30")  # begins at the deadline


@pytest.mark.parametrize(("outage", "counts_not"), [(DOWN, True), (BEFORE, False), (AFTER, False)])
@pytest.mark.parametrize("end", [clocks.stop, clocks.cancel])
def test_late_end_counts_not_where_an_outage_overlaps_its_time(
    clock: Clock, cast: Cast, outage: tuple[str, str], counts_not: bool, end: Any
) -> None:
    Outage.objects.create(started_at=when(outage[0]), ended_at=when(outage[1]))
    end(cast.persona, "accept", at=when("2026-03-02 13:00"))
    assert (stored(clock).state, stored(clock).in_outage) == ("breached", counts_not)


def test_breach_of_the_sweep_counts_not_where_an_outage_overlaps_its_time(
    clock: Clock, cast: Cast, moment: Moment
) -> None:
    Outage.objects.create(started_at=when(DOWN[0]), ended_at=when(DOWN[1]))
    moment.set("2026-03-02 12:30")
    ladder.sweep(factories.clock_subjects())
    assert (stored(clock).state, stored(clock).in_outage) == ("breached", True)


def test_commitment_kept_in_spite_of_an_outage_is_kept(clock: Clock, cast: Cast) -> None:
    Outage.objects.create(started_at=when(DOWN[0]), ended_at=when(DOWN[1]))
    clocks.stop(cast.persona, "accept", at=when("2026-03-02 12:00"))
    assert (stored(clock).state, stored(clock).in_outage) == ("met", False)
