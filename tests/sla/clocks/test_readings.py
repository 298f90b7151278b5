"""What a clock shows to a person."""

from __future__ import annotations

from typing import Any

import pytest

from personas.models import PersonaVersion
from sla.clocks import clocks, readings
from sla.models import Clock
from tests.factories import Cast, when


def stored(clock: Clock) -> Clock:
    return Clock.objects.get(pk=clock.pk)


@pytest.mark.parametrize(
    ("at", "status", "seconds", "ticks"),
    [
        ("2026-03-02 10:00", "ok", 7200, True),
        ("2026-03-02 11:29:59", "ok", 1801, True),
        ("2026-03-02 11:30", "soon", 1800, True),
        ("2026-03-02 12:00", "soon", 0, True),
        ("2026-03-02 12:00:01", "late", 1, True),
        ("2026-03-03 09:10", "late", (5 * 60 + 10) * 60, True),
        ("2026-03-02 20:00", "late", 5 * 3600, False),
    ],
)
def test_reading_of_an_open_clock(
    clock: Clock, at: str, status: str, seconds: int, ticks: bool
) -> None:
    found = readings.reading(clock, at=when(at))
    assert (found.status, found.seconds, found.is_ticking) == (status, seconds, ticks)


def test_reading_outside_office_hours_says_when_it_opens(
    cast: Cast, subject: PersonaVersion, terms: dict[str, Any]
) -> None:
    clock = clocks.start(subject, "accept", terms, team=cast.sales, at=when("2026-03-06 16:00"))
    assert clock is not None
    found = readings.reading(clock, at=when("2026-03-07 12:00"))
    assert (found.status, found.seconds, found.opens_at, found.closes_at) == (
        "waiting",
        3600,
        when("2026-03-09 09:00"),
        None,
    )


def test_reading_of_a_kept_commitment_is_what_it_took(clock: Clock, cast: Cast) -> None:
    clocks.stop(cast.persona, "accept", at=when("2026-03-02 10:18"))
    found = readings.reading(stored(clock), at=when("2026-03-05 10:00"))
    assert (found.status, found.seconds, found.is_ticking) == ("met", 18 * 60, False)


def test_reading_of_a_missed_commitment_is_how_late_it_was(clock: Clock, cast: Cast) -> None:
    clocks.stop(cast.persona, "accept", at=when("2026-03-03 09:30"))
    found = readings.reading(stored(clock), at=when("2026-03-05 10:00"))
    assert (found.status, found.seconds, found.is_ticking) == ("missed", (5 * 60 + 30) * 60, False)


def test_reading_of_a_cancelled_clock(clock: Clock, cast: Cast) -> None:
    clocks.cancel(cast.persona, "accept", at=when("2026-03-02 11:00"))
    found = readings.reading(stored(clock), at=when("2026-03-05 10:00"))
    assert (found.status, found.seconds) == ("cancelled", 0)


@pytest.mark.parametrize(
    ("at", "ratio"),
    [("2026-03-02 10:00", 1.0), ("2026-03-02 11:00", 0.5), ("2026-03-02 13:00", 0.0)],
)
def test_reading_says_how_much_is_left(clock: Clock, at: str, ratio: float) -> None:
    assert readings.reading(clock, at=when(at)).left_ratio == ratio
