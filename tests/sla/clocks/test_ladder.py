"""The sweep: each due step fires once, never early, and one bad row holds up nobody."""

from __future__ import annotations

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import IntegrityError, OperationalError, connection, transaction

from sla.agreements.policies import policy_for
from sla.clocks import clocks, ladder
from sla.models import Clock, Firing
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when
from tests.terms import ACCEPT


class Acts:
    """Stands for what a step does to its subject; notes each step, fails where it is told to."""

    def __init__(self, batch: int = ladder.BATCH) -> None:
        self.batch = batch
        self.done: list[tuple[int, str]] = []
        self.errors: dict[int, Exception] = {}
        self.busy: set[int] = set()
        self.subjects = factories.clock_subjects(self, self.busy)

    def __call__(self, clock: Clock, firing: Firing) -> None:
        if error := self.errors.get(clock.pk):
            raise error
        self.done.append((clock.pk, firing.kind))

    def sweep(self) -> list[str]:
        """Sweep until nothing is left, as the periodic task does; the kinds of step that
        were done.
        """
        before = len(self.done)
        while ladder.sweep(self.subjects, batch=self.batch):
            pass
        return [kind for _pk, kind in self.done[before:]]


@pytest.fixture
def acts(request: pytest.FixtureRequest) -> Acts:
    return Acts(getattr(request, "param", ladder.BATCH))


# Batches of one and of many.
BATCHES = pytest.mark.parametrize("acts", [1, ladder.BATCH], indirect=True)


def started(cast: Cast, at: str, steps: list[tuple[str, int]] | None = None) -> Clock:
    """A clock of two business hours that started ``at``, on a subject of its own."""
    if steps is not None:
        promise = {**ACCEPT, "steps": steps}
        signed = {"marketing": cast.luis, "sales": cast.dora, "of": cast.agreement.agreement}
        agreed = factories.agreement(cast.calendar, **signed, commitments=[promise])
    subject = factories.persona(f"p-{next(factories.numbers)}", [])
    terms = policy_for(agreed if steps is not None else cast.agreement, cast.sales, facts={})
    clock = clocks.start(subject, "accept", terms, team=cast.sales, at=when(at))
    assert clock is not None
    return clock


def ledger(clock: Clock) -> list[tuple[int, str, str]]:
    return list(clock.firings.order_by("level").values_list("level", "kind", "outcome"))


# -- Never early


@pytest.mark.parametrize(
    ("at", "kinds"),
    [
        ("2026-03-02 11:29:59.999999", []),
        ("2026-03-02 11:30:00", []),
        ("2026-03-02 11:30:00.000001", ["warn"]),
    ],
)
def test_step_fires_right_after_its_time(
    cast: Cast, moment: Moment, acts: Acts, at: str, kinds: list[str]
) -> None:
    started(cast, "2026-03-02 10:00")
    moment.set(at)
    assert acts.sweep() == kinds


def test_nothing_breaches_at_the_very_deadline(cast: Cast, moment: Moment, acts: Acts) -> None:
    clock = started(cast, "2026-03-02 10:00", [("breach", 0)])
    moment.set(clock.due_at)
    assert (acts.sweep(), Clock.objects.get(pk=clock.pk).state) == ([], "running")


def test_breach_one_microsecond_after_the_deadline(cast: Cast, moment: Moment, acts: Acts) -> None:
    clock = started(cast, "2026-03-02 10:00", [("breach", 0)])
    moment.set("2026-03-02 12:00:00.000001")
    acts.sweep()
    clock.refresh_from_db()
    assert (clock.state, clock.breached_at, clock.stopped_at) == (
        "breached",
        when("2026-03-02 12:00"),
        None,
    )


def test_firing_before_its_time_is_refused_by_the_database(cast: Cast, moment: Moment) -> None:
    clock = started(cast, "2026-03-02 10:00")
    with pytest.raises(IntegrityError, match="firing_never_early"), transaction.atomic():
        Firing.objects.create(
            clock=clock,
            level=1,
            kind="warn",
            planned_at=clock.due_at,
            at=when("2026-03-02 11:59:59.999999"),
        )


# -- In order, once


@BATCHES
def test_ladder_fires_in_order_over_a_weekend(cast: Cast, moment: Moment, acts: Acts) -> None:
    clock = started(cast, "2026-03-06 16:00")
    seen = []
    while (at := Clock.objects.get(pk=clock.pk).next_step_at) is not None:
        moment.set(at)
        moment.advance(seconds=5)
        seen.append((at, *acts.sweep()))
    assert seen == [
        (when("2026-03-09 09:30"), "warn"),
        (when("2026-03-09 10:00"), "breach"),
        (when("2026-03-09 10:30"), "tell_lead"),
        (when("2026-03-09 11:00"), "requeue"),
        (when("2026-03-09 12:00"), "tell_director"),
    ]


def test_ledger_says_when_a_step_was_planned_and_when_it_fired(
    cast: Cast, moment: Moment, acts: Acts
) -> None:
    clock = started(cast, "2026-03-02 10:00")
    moment.set("2026-03-02 11:30:07")
    acts.sweep()
    firing = clock.firings.get()
    assert (firing.planned_at, firing.at) == (when("2026-03-02 11:30"), when("2026-03-02 11:30:07"))


def test_sweeping_again_fires_nothing(cast: Cast, moment: Moment, acts: Acts) -> None:
    started(cast, "2026-03-02 10:00")
    moment.set("2026-03-02 11:31")
    assert [acts.sweep(), acts.sweep()] == [["warn"], []]


def test_second_firing_of_a_level_is_refused_by_the_database(
    cast: Cast, moment: Moment, acts: Acts
) -> None:
    clock = started(cast, "2026-03-02 10:00")
    moment.set("2026-03-02 11:31")
    acts.sweep()
    with pytest.raises(IntegrityError, match="firing_once"), transaction.atomic():
        Firing.objects.create(
            clock=clock, level=1, kind="warn", planned_at=clock.due_at, at=clock.due_at
        )


def test_stopped_clock_is_never_swept(cast: Cast, moment: Moment, acts: Acts) -> None:
    handoff = factories.rejected(cast)
    moment.set("2026-03-05 10:00")
    assert (acts.sweep(), Clock.objects.get().subject_id) == ([], handoff.pk)


def test_commitment_without_ladder_still_breaches(cast: Cast, moment: Moment, acts: Acts) -> None:
    clock = started(cast, "2026-03-02 10:00", [])
    moment.set("2026-03-02 12:00:01")
    acts.sweep()
    clock.refresh_from_db()
    assert (clock.state, ledger(clock), clock.next_step_at) == (
        "breached",
        [(1, "breach", "done")],
        None,
    )


def test_ladder_that_only_warns_still_breaches(cast: Cast, moment: Moment, acts: Acts) -> None:
    clock = started(cast, "2026-03-02 10:00", [("warn", -30)])
    moment.set("2026-03-02 11:31")
    acts.sweep()
    moment.set("2026-03-02 12:00:01")
    assert (acts.sweep(), ledger(clock)) == (
        ["breach"],
        [(1, "warn", "done"), (2, "breach", "done")],
    )


def test_sweep_takes_no_more_than_its_batch(cast: Cast, moment: Moment, acts: Acts) -> None:
    for _clock in range(3):
        started(cast, "2026-03-02 10:00")
    moment.set("2026-03-02 11:31")
    assert [
        ladder.sweep(acts.subjects, batch=2),
        ladder.sweep(acts.subjects, batch=2),
        ladder.sweep(acts.subjects, batch=2),
    ] == [2, 1, 0]


@BATCHES
def test_sweep_begins_with_what_is_due_longest(cast: Cast, moment: Moment, acts: Acts) -> None:
    later, earlier = started(cast, "2026-03-02 10:10"), started(cast, "2026-03-02 10:05")
    moment.set("2026-03-02 11:45")
    acts.sweep()
    assert [pk for pk, _kind in acts.done] == [earlier.pk, later.pk]


# -- After an outage of ours


def test_outage_raises_each_clock_by_one_level(cast: Cast, moment: Moment, acts: Acts) -> None:
    clock = started(cast, "2026-03-02 10:00")
    moment.set("2026-03-04 10:15")
    assert (acts.sweep(), ledger(clock)) == (
        ["breach"],
        [(1, "warn", "overtaken"), (2, "breach", "done")],
    )


def test_breach_after_an_outage_keeps_its_original_moment(
    cast: Cast, moment: Moment, acts: Acts
) -> None:
    clock = started(cast, "2026-03-02 10:00")
    moment.set("2026-03-04 10:15")
    acts.sweep()
    clock.refresh_from_db()
    assert (clock.breached_at, clock.next_step_at) == (
        when("2026-03-02 12:00"),
        when("2026-03-04 10:45"),
    )


def test_all_levels_after_an_outage_keep_their_distance(
    cast: Cast, moment: Moment, acts: Acts
) -> None:
    started(cast, "2026-03-02 10:00")
    seen = {}
    for at in ("10:15", "10:45:01", "11:15:01", "12:15:02"):
        moment.set(f"2026-03-04 {at}")
        seen[at] = acts.sweep()
    assert seen == {
        "10:15": ["breach"],
        "10:45:01": ["tell_lead"],
        "11:15:01": ["requeue"],
        "12:15:02": ["tell_director"],
    }


def test_warning_found_in_time_after_an_outage_is_given(
    cast: Cast, moment: Moment, acts: Acts
) -> None:
    clock = started(cast, "2026-03-02 10:00")
    moment.set("2026-03-02 11:50")
    assert (acts.sweep(), ledger(clock)) == (["warn"], [(1, "warn", "done")])


@BATCHES
def test_every_warning_that_an_outage_swallowed_is_overtaken(
    cast: Cast, moment: Moment, acts: Acts
) -> None:
    clock = started(
        cast, "2026-03-02 10:00", [("warn", -60), ("warn", -15), ("breach", 0), ("tell_lead", 30)]
    )
    moment.set("2026-03-02 13:00")
    assert (acts.sweep(), ledger(clock)) == (
        ["breach"],
        [(1, "warn", "overtaken"), (2, "warn", "overtaken"), (3, "breach", "done")],
    )


# -- A row that raises


@pytest.fixture
def poisoned(cast: Cast, moment: Moment, acts: Acts) -> Clock:
    """A clock whose step raises, and one that is due after it."""
    clock = started(cast, "2026-03-02 10:00")
    started(cast, "2026-03-02 10:00")
    acts.errors[clock.pk] = RuntimeError("poison")
    moment.set("2026-03-02 11:31")
    return clock


@BATCHES
def test_row_that_raises_does_not_hold_up_the_others(poisoned: Clock, acts: Acts) -> None:
    assert acts.sweep() == ["warn"]


@BATCHES
def test_rows_that_raise_are_parked_alone_among_many(
    cast: Cast, moment: Moment, acts: Acts
) -> None:
    many = [started(cast, "2026-03-02 10:00") for _clock in range(11)]
    bad = [many[0], many[4], many[5], many[10]]
    acts.errors = {clock.pk: RuntimeError("poison") for clock in bad}
    moment.set("2026-03-02 11:31")
    acts.sweep()
    parked = Clock.objects.filter(failures=1, parked_until__isnull=False).order_by("pk")
    assert list(parked.values_list("pk", flat=True)) == [clock.pk for clock in bad]
    fired = Firing.objects.order_by("clock").values_list("clock", flat=True)
    assert list(fired) == [clock.pk for clock in many if clock not in bad]


@pytest.mark.parametrize(
    "error", [SoftTimeLimitExceeded(), OperationalError("the server closed the connection")]
)
def test_interruption_is_no_fault_of_a_row(
    cast: Cast, moment: Moment, acts: Acts, error: Exception
) -> None:
    clock = started(cast, "2026-03-02 10:00")
    acts.errors[clock.pk] = error
    moment.set("2026-03-02 11:31")
    with pytest.raises(type(error)):
        acts.sweep()
    clock.refresh_from_db()
    assert (clock.failures, clock.parked_until, ledger(clock)) == (0, None, [])


def test_row_that_another_sweep_fired_meanwhile_is_not_parked(
    cast: Cast, moment: Moment, acts: Acts
) -> None:
    clock = started(cast, "2026-03-02 10:00")
    taken = ladder.Taken(clock.pk, clock.level, clock.failures)
    moment.set("2026-03-02 11:31")
    acts.sweep()
    ladder._park(taken, RuntimeError("late"), at=when("2026-03-02 11:31"))
    clock.refresh_from_db()
    assert (clock.failures, clock.parked_until) == (0, None)


def test_a_batch_takes_one_clock_of_each_subject(cast: Cast, moment: Moment, acts: Acts) -> None:
    terms = policy_for(cast.agreement, cast.sales, facts={})
    for metric in ("accept", "first_contact"):
        clocks.start(cast.persona, metric, terms, team=cast.sales, at=when("2026-03-02 10:00"))
    moment.set("2026-03-05 10:00")
    assert [ladder.sweep(acts.subjects), ladder.sweep(acts.subjects)] == [1, 1]


def test_row_that_raises_leaves_no_firing_behind(poisoned: Clock, acts: Acts) -> None:
    acts.sweep()
    poisoned.refresh_from_db()
    assert (ledger(poisoned), poisoned.level, poisoned.next_step_at) == (
        [],
        0,
        when("2026-03-02 11:30"),
    )


@BATCHES
def test_row_that_raises_is_parked_with_its_error(poisoned: Clock, acts: Acts) -> None:
    acts.sweep()
    poisoned.refresh_from_db()
    parked = (poisoned.failures, poisoned.last_error, poisoned.parked_until)
    assert parked == (1, "RuntimeError('poison')", when("2026-03-02 11:31:20"))


@BATCHES
def test_parked_row_fires_once_it_can(poisoned: Clock, acts: Acts, moment: Moment) -> None:
    acts.sweep()
    acts.errors.clear()
    moment.set("2026-03-02 11:31:21")
    assert acts.sweep() == ["warn"]
    poisoned.refresh_from_db()
    assert (poisoned.failures, poisoned.parked_until) == (0, None)


def test_row_that_raises_for_days_never_stops_the_sweep(
    cast: Cast, poisoned: Clock, acts: Acts, moment: Moment
) -> None:
    for _try in range(50):
        acts.sweep()
        poisoned.refresh_from_db()
        assert poisoned.parked_until is not None
        moment.set(poisoned.parked_until)
        moment.advance(microseconds=1)
    assert poisoned.failures == 50


def test_row_that_raises_waits_ten_minutes_at_most(
    cast: Cast, poisoned: Clock, acts: Acts, moment: Moment
) -> None:
    Clock.objects.filter(pk=poisoned.pk).update(failures=1000)
    acts.sweep()
    poisoned.refresh_from_db()
    assert (poisoned.failures, poisoned.parked_until) == (1000, when("2026-03-02 11:41"))


@BATCHES
def test_subject_in_somebodys_hands_is_left_for_the_next_sweep(poisoned: Clock, acts: Acts) -> None:
    acts.errors.clear()
    acts.busy.add(poisoned.pk)
    first = acts.sweep()
    poisoned.refresh_from_db()
    assert (first, ledger(poisoned), poisoned.failures, poisoned.parked_until) == (
        ["warn"],
        [],
        0,
        None,
    )
    acts.busy.clear()
    assert acts.sweep() == ["warn"]


def test_subjects_in_somebodys_hands_do_not_hide_the_rows_behind_them(
    cast: Cast, moment: Moment, acts: Acts
) -> None:
    busy = [started(cast, "2026-03-02 10:00") for _clock in range(2)]
    free = started(cast, "2026-03-02 10:01")
    acts.busy.update(clock.pk for clock in busy)
    moment.set("2026-03-02 11:45")
    while ladder.sweep(acts.subjects, batch=2):
        pass
    assert acts.done == [(free.pk, "warn")]


def test_hanging_sweep_releases_its_rows_after_eight_seconds(cast: Cast, moment: Moment) -> None:
    started(cast, "2026-03-02 10:00")
    moment.set("2026-03-02 11:31")
    limits = []

    def act(_clock: Clock, _firing: Firing) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SHOW idle_in_transaction_session_timeout")
            limits.append(cursor.fetchone()[0])

    ladder.sweep(factories.clock_subjects(act))
    assert limits == ["8s"]


def test_sweep_has_an_index_over_what_can_be_due(cast: Cast) -> None:
    started(cast, "2026-03-02 10:00")
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL"
            " enable_sort = off"
        )
        cursor.execute(
            "EXPLAIN SELECT id FROM sla_clock WHERE next_step_at < relevo_now() ORDER BY"
            " next_step_at"
        )
        plan = cursor.fetchone()[0]
    assert plan.split("  (")[0] == "Index Scan using clock_to_sweep on sla_clock"
