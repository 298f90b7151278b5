"""Whether our own processes live, and the record of when they did not.

Judged by the machine's own clock.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

import pytest

from crm.lib import clock
from sla.agreements.policies import policy_for
from sla.clocks import clocks, heartbeats, ladder
from sla.models import Clock, Heartbeat, Outage
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when


class Wall:
    """A wall clock that the test moves: it stands for the machine's, not for business time."""

    def __init__(self) -> None:
        self.now = when("2026-03-02 10:00")

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **delta: float) -> None:
        self.now += timedelta(**delta)


@pytest.fixture
def wall(db: None, monkeypatch: pytest.MonkeyPatch) -> Wall:
    moved = Wall()
    monkeypatch.setattr(clock, "wall", moved)
    return moved


def test_first_beat_knows_no_earlier_one(wall: Wall) -> None:
    assert heartbeats.beat("worker") is None


def test_beat_says_how_long_ago_the_last_one_was(wall: Wall) -> None:
    heartbeats.beat("worker")
    wall.advance(seconds=7)
    assert heartbeats.beat("worker") == timedelta(seconds=7)


def test_clock_set_back_never_moves_a_beat_back(wall: Wall) -> None:
    heartbeats.beat("worker")
    wall.advance(hours=-1)
    heartbeats.beat("worker")
    assert Heartbeat.objects.get().beat_at == when("2026-03-02 10:00")


def test_part_that_never_beat_is_silent(wall: Wall) -> None:
    assert heartbeats.is_silent("worker") is True


@pytest.mark.parametrize(("seconds", "silent"), [(0, False), (12, False), (12.000001, True)])
def test_part_is_silent_after_twelve_seconds(wall: Wall, seconds: float, silent: bool) -> None:
    heartbeats.beat("worker")
    wall.advance(seconds=seconds)
    assert heartbeats.is_silent("worker") is silent


def test_one_part_does_not_speak_for_another(wall: Wall) -> None:
    heartbeats.beat("sweep")
    assert heartbeats.is_silent("celery") is True


@pytest.mark.parametrize(("seconds", "outages"), [(120, 0), (120.000001, 1)])
def test_gap_between_sweeps_is_an_outage_after_two_minutes(
    wall: Wall, seconds: float, outages: int
) -> None:
    heartbeats.note_sweep()
    wall.advance(seconds=seconds)
    heartbeats.note_sweep()
    assert Outage.objects.count() == outages


def test_sweep_beats_in_one_statement(
    wall: Wall, django_assert_num_queries: Callable[..., AbstractContextManager[object]]
) -> None:
    """One that hangs between two would hold up the watchdog for 15 s."""
    heartbeats.note_sweep()
    wall.advance(seconds=-1)
    with django_assert_num_queries(1):
        heartbeats.note_sweep()
    assert Heartbeat.objects.get().beat_at == when("2026-03-02 10:00")


def test_first_sweep_ever_is_no_outage(wall: Wall) -> None:
    heartbeats.note_sweep()
    assert Outage.objects.count() == 0


def test_outage_runs_from_the_last_sweep_to_the_next(wall: Wall) -> None:
    heartbeats.note_sweep()
    wall.advance(hours=3)
    heartbeats.note_sweep()
    heartbeats.note_sweep()
    outage = Outage.objects.get()
    assert (outage.started_at, outage.ended_at) == (
        when("2026-03-02 10:00"),
        when("2026-03-02 13:00"),
    )


def test_business_time_that_a_test_moves_is_no_outage(cast: Cast, moment: Moment) -> None:
    heartbeats.note_sweep()
    moment.set("2026-03-09 10:00")
    heartbeats.note_sweep()
    assert Outage.objects.count() == 0


def accept_clock(cast: Cast, at: str) -> Clock:
    terms = policy_for(cast.agreement, cast.sales, facts={})
    started = clocks.start(cast.persona, "accept", terms, team=cast.sales, at=when(at))
    assert started is not None
    return started


def test_breach_found_after_an_outage_does_not_count(
    cast: Cast, moment: Moment, wall: Wall
) -> None:
    accept_clock(cast, "2026-03-02 10:00")
    heartbeats.note_sweep()
    wall.advance(hours=3)
    moment.set("2026-03-02 13:00")
    heartbeats.note_sweep()
    ladder.sweep(factories.clock_subjects())
    clock = Clock.objects.get()
    assert (clock.state, clock.in_outage) == ("breached", True)


def test_breach_written_before_the_outage_was_known_does_not_count(
    cast: Cast, moment: Moment, wall: Wall
) -> None:
    """A person acts late, on a page, before the first sweep has noticed that nothing swept."""
    accept_clock(cast, "2026-03-02 10:00")
    heartbeats.note_sweep()
    wall.advance(hours=3)
    clocks.stop(cast.persona, "accept", at=when("2026-03-02 12:50"))
    heartbeats.note_sweep()
    clock = Clock.objects.get()
    assert (clock.state, clock.in_outage) == ("breached", True)


def test_breach_without_any_outage_counts(cast: Cast, moment: Moment, wall: Wall) -> None:
    accept_clock(cast, "2026-03-02 10:00")
    moment.set("2026-03-02 13:00")
    ladder.sweep(factories.clock_subjects())
    assert Clock.objects.get().in_outage is False


def test_kept_commitment_is_not_touched_by_an_outage(
    cast: Cast, moment: Moment, wall: Wall
) -> None:
    accept_clock(cast, "2026-03-02 10:00")
    heartbeats.note_sweep()
    wall.advance(hours=3)
    clocks.stop(cast.persona, "accept", at=when("2026-03-02 11:00"))
    heartbeats.note_sweep()
    assert Clock.objects.get().in_outage is False
