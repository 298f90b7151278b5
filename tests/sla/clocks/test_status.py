"""What a clock shows: one rule.

Random clocks with pauses and ends, read at random moments: each row, the filter, the counts, the
queue's tabs, the alignment report, its list and its CSV say the same.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.alignment.numbers import report, slices
from crm.alignment.numbers.scope import Period, Scope
from crm.alignment.panels.sheets import accept
from leads.handoffs.queue import counters, tabs
from leads.models import Handoff
from sla.clocks import clocks, ladder, pauses, readings, tries
from sla.clocks import status as conditions
from sla.clocks.pauses import AllowedReason
from sla.models import Clock
from sla.states import ClockStatus
from tests import factories
from tests.conftest import Moment
from tests.factories import ZONE, Cast, pause_reason, when

BEGINS = when("2026-03-02 00:00")
MINUTES = st.integers(0, 14 * 24 * 60).map(lambda count: BEGINS + timedelta(minutes=count))
ACTS = st.sampled_from(["pause", "resume", "stop", "cancel", "sweep", "try"])
LIVES = st.tuples(
    MINUTES, st.lists(st.tuples(ACTS, st.integers(1, 3000), st.integers(1, 5000)), max_size=5)
)
FEW = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def live(
    handoff: Handoff, metric: str, started: datetime, acts: list[tuple[str, int, int]], cast: Cast
) -> None:
    """Start a clock and do ``acts`` to it, each some minutes after the one before."""
    clock = clocks.start(
        handoff, metric, handoff.policy, team=cast.sales, at=started, accountable=None
    )
    assert clock is not None
    Handoff.objects.filter(pk=handoff.pk).update(clock=clock)
    at = started
    for act, wait, length in acts:
        at += timedelta(minutes=wait)
        clock.refresh_from_db()
        if act == "pause" and pauses.can_pause(clock, at=at):
            choice = AllowedReason(pause_reason(), timedelta(days=30))
            until = min(at + timedelta(minutes=length), pauses.latest(clock, choice, at=at))
            pauses.begin(clock, choice, until=until, by=cast.bea, at=at)
        elif act == "resume":
            pauses.end(clock, pauses.PauseEnd.BY_HAND, at=at, by=cast.bea)
        elif act == "stop":
            clocks.stop(handoff, metric, at=at)
        elif act == "cancel":
            clocks.cancel(handoff, metric, at=at)
        elif act == "try" and metric == "first_contact":
            tries.note(handoff, metric, at=at)


@pytest.fixture
def subjects(cast: Cast) -> list[Handoff]:
    """Six pending handoffs without a clock."""
    found = [factories.handed_off(cast) for _number in range(6)]
    Handoff.objects.update(clock=None)
    Clock.objects.all().delete()
    return found


def statuses(at: datetime) -> dict[int, str]:
    """What each row says of itself."""
    return {clock.pk: readings.reading(clock, at=at).standing for clock in Clock.objects.all()}


def check_queries(at: datetime) -> Counter[str]:
    rows = statuses(at)
    for status in ClockStatus:
        found = set(
            Clock.objects.filter(conditions.condition(status, at=at)).values_list("pk", flat=True)
        )
        assert found == {pk for pk, said in rows.items() if said == status}
    return Counter(rows.values())


def check_desk(cast: Cast, at: datetime) -> None:
    # A pending handoff has a running accept clock, and the queue relies on that.
    waiting = Handoff.objects.filter(clock__metric="accept", clock__stopped_at=None)
    Handoff.objects.exclude(pk__in=waiting.values("pk")).update(state="withdrawn", closed_at=at)
    counts = counters.tab_counts(cast.bea, at=at, since=at)
    for tab, status in (("soon", ClockStatus.SOON), ("overdue", ClockStatus.LATE)):
        shown = set(tabs.queue(cast.bea, tab, at=at, since=at).values_list("clock", flat=True))
        wanted = {
            h.clock_id
            for h in Handoff.objects.pending()
            if readings.reading(h.clock, at=at).standing == status
        }
        assert (shown, counts[tab]) == (wanted, len(wanted))


def check_report(counts: Counter[str], at: datetime) -> None:
    scope = Scope(Period(BEGINS.date(), BEGINS.date() + timedelta(days=30)), ZONE, at)
    wanted = {
        "in_time": counts["met"],
        "late": counts["late"] + counts["missed"],
        "running": counts["ok"] + counts["soon"] + counts["paused"],
        "withdrawn": counts["cancelled"],
        "outage": 0,
    }
    kept = report.read(scope)
    assert {name: getattr(kept.attainment, name) for name in wanted} == wanted
    assert {name: slices.rows(scope, name).count() for name in wanted} == wanted
    assert [row[1].value for row in accept(kept).rows] == list(wanted.values())


@given(lives=st.lists(LIVES, min_size=6, max_size=6), at=MINUTES)
@FEW
def test_rows_and_queries_say_the_same_of_clocks_that_pause(
    subjects: list[Handoff], cast: Cast, lives: list[Any], at: datetime
) -> None:
    with transaction.atomic():
        for handoff, (started, acts) in zip(subjects, lives, strict=True):
            live(handoff, "first_contact", started, acts, cast)
        check_queries(at)
        check_desk(cast, at)
        transaction.set_rollback(True)


@given(lives=st.lists(LIVES, min_size=6, max_size=6), at=MINUTES, swept=st.booleans())
@FEW
def test_list_filter_count_report_and_file_say_the_same(
    subjects: list[Handoff], cast: Cast, moment: Moment, lives: list[Any], at: datetime, swept: bool
) -> None:
    with transaction.atomic():
        for handoff, (started, acts) in zip(subjects, lives, strict=True):
            live(handoff, "accept", started, acts, cast)
        if swept:
            moment.set(at)
            while ladder.sweep(factories.clock_subjects()):
                pass
        counts = check_queries(at)
        check_desk(cast, at)
        check_report(counts, at)
        transaction.set_rollback(True)


@given(life=LIVES)
@FEW
def test_risk_begins_where_a_quarter_or_15_minutes_are_left(
    subjects: list[Handoff], cast: Cast, life: tuple[datetime, list[Any]]
) -> None:
    """By the minute, around the stored moment: what is stored is what counting business
    time says.
    """
    started, acts = life
    with transaction.atomic():
        live(
            subjects[0],
            "first_contact",
            started,
            [act for act in acts if act[0] in ("pause", "resume")],
            cast,
        )
        clock = Clock.objects.get()
        soon_at = clock.soon_at
        assert soon_at is not None
        for minutes in (-600, -61, -1, 0, 1, 61, 600):
            at = soon_at + timedelta(minutes=minutes)
            found = readings.reading(clock, at=at)
            if found.standing in ("ok", "soon") and at >= (clock.counted_from or clock.started_at):
                assert (found.standing == "soon") == (found.seconds <= 3600)
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("at", "status", "shown"), [("08:00", "ok", "waiting"), ("10:00", "ok", "ok")]
)
def test_waiting_for_opening_is_a_nuance_and_no_status(
    cast: Cast, at: str, status: str, shown: str
) -> None:
    clock = factories.handed_off(cast, at=when("2026-03-01 20:00")).clock
    assert clock is not None
    found = readings.reading(clock, at=when(f"2026-03-02 {at}"))
    assert (found.standing, found.status, found.is_waiting) == (status, shown, shown == "waiting")
