"""Which contacts something else has to confirm, and until when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crm import tasks
from leads.follow_up import attempts, confirmation
from leads.models import Attempt
from sla.models import Holiday
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when

DUE = when("2026-03-02 14:20")  # of the first contact
WARNED = when("2026-03-02 13:20")


@pytest.mark.parametrize(
    ("seconds", "expected"), [(-121, False), (-120, True), (0, True), (120, True), (121, False)]
)
@pytest.mark.parametrize("place", [0, 1])
def test_close_is_two_minutes_either_way(seconds: int, expected: bool, place: int) -> None:
    told = [DUE - timedelta(hours=3)] * 2
    told[place] = DUE + timedelta(seconds=seconds)
    assert confirmation.is_close(told, [DUE - timedelta(days=2), DUE]) == expected


def said(cast: Cast, at: str, outcome: str = "reached", happened_at: str = "") -> Attempt:
    handoff = factories.accepted(cast)
    more = {"happened_at": when(happened_at)} if happened_at else {}
    return attempts.record(handoff, "phone", outcome=outcome, by=cast.bea, at=when(at), **more)


@pytest.mark.parametrize(
    ("at", "outcome", "happened_at", "confirm_by"),
    [
        ("2026-03-02 14:19", "reached", "", "2026-03-09 14:19"),
        ("2026-03-02 14:21", "reached", "", "2026-03-09 14:21"),
        ("2026-03-02 14:19", "reached", "2026-03-02 11:00", "2026-03-09 14:19"),
        ("2026-03-02 16:00", "reached", "2026-03-02 14:19", "2026-03-09 16:00"),
        ("2026-03-02 13:21", "reached", "", "2026-03-09 13:21"),
        ("2026-03-02 12:00", "reached", "", None),
        ("2026-03-02 14:19", "no_answer", "", None),
    ],
    ids=[
        "before the deadline",
        "after it",
        "noted before it",
        "said to be before it",
        "after the warning",
        "far from both",
        "reached nobody",
    ],
)
def test_contact_by_word_close_to_a_deadline_is_to_be_confirmed(
    cast: Cast, moment: Moment, at: str, outcome: str, happened_at: str, confirm_by: str | None
) -> None:
    handoff = factories.accepted(cast)
    moment.set("2026-03-02 13:20:05")
    if when(at) > WARNED:
        tasks.sweep()
    more = {"happened_at": when(happened_at)} if happened_at else {}
    made = attempts.record(handoff, "phone", outcome=outcome, by=cast.bea, at=when(at), **more)
    assert made.confirm_by == (when(confirm_by) if confirm_by else None)


def test_working_days_pass_over_a_holiday(cast: Cast) -> None:
    Holiday.objects.create(calendar=cast.calendar, on="2026-03-04", name="Día libre")
    assert said(cast, "2026-03-02 14:19").confirm_by == when("2026-03-10 14:19")


def test_contact_that_began_by_our_link_is_not_by_word_alone(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    begun = attempts.begin(handoff, "phone", by=cast.bea, at=DUE)
    made = attempts.settle(handoff, begun.pk, outcome="reached", by=cast.bea, at=DUE)
    assert made.confirm_by is None
