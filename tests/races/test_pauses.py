"""Pausing and re-applying while others act: one story wins, no clock is left between two, nobody
waits for ever.
"""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import QuerySet

from crm import invariants, tasks
from leads import handoffs
from leads.follow_up import attempts
from leads.handoffs import pauses
from leads.handoffs.reapply import reapply
from leads.models import Event, Handoff
from sla.clocks import pauses as clock_pauses
from sla.models import Clock, Firing, Pause
from tests import factories
from tests.conftest import Moment
from tests.factories import ACCEPTED_AT, Cast, pause_reason, when
from tests.races.parallel import Without, together
from tests.terms import COMMITMENTS, FIRST_CONTACT, within

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 6
NOON = when("2026-03-02 12:00")
DUE = when("2026-03-02 14:20")
TUESDAY = when("2026-03-03 10:00")


def stored(handoff: Handoff) -> Handoff:
    return Handoff.objects.get(pk=handoff.pk)


def clock_of(handoff: Handoff, metric: str = "first_contact") -> Clock:
    return Clock.objects.filter(subject_id=handoff.pk, metric=metric).order_by("-id")[0]


def kinds(results: list[Any]) -> list[str]:
    return [
        type(result).__name__ if isinstance(result, Exception) else "done" for result in results
    ]


def pause(handoff: Handoff, cast: Cast, *, at: Any = NOON, until: Any = TUESDAY) -> Pause:
    return pauses.pause(handoff, pause_reason(), until=until, by=cast.bea, at=at)


def broken(at: Any) -> list[str]:
    return list(invariants.violated(at=at, moved_time=True))


# -- Pause against pause


def pause_twice(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, *, unlocked: bool
) -> tuple[Handoff, list[Any]]:
    handoff = factories.accepted(cast)
    if unlocked:
        both_have_looked, check = threading.Barrier(2), clock_pauses._check_end

        def look(*args: Any, **more: Any) -> None:
            check(*args, **more)
            both_have_looked.wait(10)

        monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_options: self)
        monkeypatch.setattr(clock_pauses, "_check_end", look)
    first, second = stored(handoff), stored(handoff)
    return handoff, together(lambda: pause(first, cast), lambda: pause(second, cast))


def test_without_lock_and_constraints_a_clock_is_paused_twice(
    cast: Cast, without: Without, monkeypatch: pytest.MonkeyPatch
) -> None:
    without.index("pause_one_at_a_time")
    without.execute("ALTER TABLE sla_pause DROP CONSTRAINT pause_no_overlap")
    without.dropped.append(
        "ALTER TABLE sla_pause ADD CONSTRAINT pause_no_overlap EXCLUDE USING gist"
        " (clock_id WITH =, tstzrange(started_at, COALESCE(ended_at, until)) WITH &&)"
    )
    _handoff, results = pause_twice(cast, monkeypatch, unlocked=True)
    assert (kinds(results), Pause.objects.count()) == (["done", "done"], 2)


def test_without_the_lock_the_database_still_says_no(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    _handoff, results = pause_twice(cast, monkeypatch, unlocked=True)
    refused, done = sorted(kinds(results))
    # By the constraint, or, where each waits for the other's row, as a deadlock.
    assert refused in ("IntegrityError", "OperationalError")
    assert (done, Pause.objects.count()) == ("done", 1)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_clock_that_is_paused_twice_at_once_is_paused_once(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, _round: int
) -> None:
    handoff, results = pause_twice(cast, monkeypatch, unlocked=False)
    assert sorted(kinds(results)) == ["NotPausable", "done"]
    assert clock_of(handoff).due_at == when("2026-03-03 12:20")


# -- Pause against the sweep


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_pause_at_the_last_moment_against_the_breach_is_one_of_them(
    cast: Cast, moment: Moment, _round: int
) -> None:
    """Asked for a second before the deadline, and a sweep a moment after it: never both."""
    handoff = factories.accepted(cast)
    moment.set("2026-03-02 13:20:01")
    tasks.sweep()
    seen, at = stored(handoff), DUE - timedelta(seconds=1)
    after = moment.set("2026-03-02 14:20:00.5")
    results = kinds(together(lambda: pause(seen, cast, at=at), tasks.sweep))
    clock, breaches = clock_of(handoff), Firing.objects.filter(kind="breach").count()
    found = (results[0], clock.state, breaches)
    assert found in [("done", "paused", 0), ("NotPausable", "breached", 1)]
    assert broken(after) == [line for line in broken(after) if "message" in line]


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_end_by_hand_against_the_sweep_is_one_end(cast: Cast, moment: Moment, _round: int) -> None:
    handoff = factories.accepted(cast)
    pause(stored(handoff), cast)
    at, seen = moment.set(TUESDAY + timedelta(microseconds=1)), stored(handoff)
    together(lambda: pauses.resume(seen, by=cast.bea, at=at), *[tasks.sweep] * 3)
    ended, clock = Pause.objects.get(), clock_of(handoff)
    assert (ended.ended_at, ended.end, clock.state) == (TUESDAY, "elapsed", "running")
    assert Event.objects.filter(kind="resumed").count() == 1


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_several_sweeps_end_a_pause_once(cast: Cast, moment: Moment, _round: int) -> None:
    for _handoff in range(4):
        pause(stored(factories.accepted(cast)), cast)
    moment.set(TUESDAY + timedelta(seconds=1))
    assert sum(together(*[tasks.sweep] * 4)) == 4
    assert (
        Event.objects.filter(kind="resumed").count(),
        Pause.objects.filter(end="elapsed").count(),
    ) == (4, 4)


# -- Pause against people


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_pause_against_requeue_leaves_no_pause_open(cast: Cast, _round: int) -> None:
    handoff = factories.accepted(cast)
    one, other = stored(handoff), stored(handoff)
    results = kinds(
        together(
            lambda: pause(one, cast),
            lambda: handoffs.requeue(
                other, by=cast.dora, at=NOON + timedelta(seconds=1), cause="by hand"
            ),
        )
    )
    assert results in [["done", "done"], ["AlreadyTaken", "done"]]
    assert (clock_of(handoff).state, Pause.objects.filter(ended_at=None).count()) == (
        "cancelled",
        0,
    )
    assert clock_of(handoff, "accept").state == "running"


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_pause_against_contact_leaves_the_promise_kept(cast: Cast, _round: int) -> None:
    handoff = factories.accepted(cast)
    one, other = stored(handoff), stored(handoff)
    at = NOON + timedelta(seconds=1)
    results = kinds(
        together(
            lambda: pause(one, cast),
            lambda: attempts.record(other, "phone", outcome="reached", by=cast.bea, at=at),
        )
    )
    assert results in [["done", "done"], ["AlreadyTaken", "done"]]
    assert (clock_of(handoff).state, clock_of(handoff, "sql_decision").state) == ("met", "running")
    assert Pause.objects.filter(ended_at=None).count() == 0


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_pause_against_reassign_belongs_to_one_of_them(cast: Cast, _round: int) -> None:
    handoff = factories.accepted(cast)
    one, other = stored(handoff), stored(handoff)
    at = NOON + timedelta(seconds=1)
    results = kinds(
        together(
            lambda: pause(one, cast),
            lambda: handoffs.reassign(other, cast.cruz, by=cast.dora, at=at),
        )
    )
    clock = clock_of(handoff)
    assert (results[0], clock.state) in [("done", "paused"), ("AlreadyTaken", "running")]
    assert (results[1], clock.accountable) == ("done", cast.cruz)


# -- Re-applying against people


def newer(cast: Cast) -> None:
    promises = [
        within(COMMITMENTS[0], 240),
        within(FIRST_CONTACT, 480),
        *COMMITMENTS[2:],
    ]
    parent = cast.agreement.agreement
    factories.agreement(
        cast.calendar,
        marketing=cast.luis,
        sales=cast.dora,
        of=parent,
        at=ACCEPTED_AT,
        commitments=promises,
    )


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_reapply_against_accept_is_whole_before_or_after(
    cast: Cast, moment: Moment, _round: int
) -> None:
    """Whoever comes first: the accept clock is judged by one deadline, the contact clock follows
    one policy.
    """
    at = moment.set("2026-03-02 11:00")
    handoff, others = (
        factories.handed_off(cast),
        [factories.handed_off(cast) for _number in range(3)],
    )
    newer(cast)
    token, seen = reapply.preview(by=cast.dora, at=at).token, stored(handoff)
    done, accepted = together(
        lambda: reapply.apply(token, by=cast.dora, at=at),
        lambda: handoffs.accept(seen, by=cast.bea, at=at).state,
    )
    assert accepted == "accepted"
    policy, contact = stored(handoff).policy, clock_of(handoff)
    assert clock_of(handoff, "accept").state == "met"
    if isinstance(done, reapply.StalePreview):
        assert (done.changed, {clock_of(other, "accept").limit_seconds for other in others}) == (
            [handoff.pk],
            {7200},
        )
    else:
        assert {clock_of(other, "accept").limit_seconds for other in others} == {14400}
        assert (policy["version"] == cast.agreement.pk) == (handoff.pk in done.left)
    # The acceptance had read the handoff before: its clock starts by those terms, and the next
    # preview finds it.
    again = [line.handoff for line in reapply.preview(by=cast.dora, at=at).changes]
    assert (contact.limit_seconds, handoff.pk in again) == (14400, True)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_reapply_against_the_breach_is_one_of_them(cast: Cast, moment: Moment, _round: int) -> None:
    handoff = factories.handed_off(cast)
    moment.set("2026-03-02 11:30:01")
    tasks.sweep()
    newer(cast)
    before = when("2026-03-02 11:59:59")
    token = reapply.preview(by=cast.dora, at=before).token
    moment.set("2026-03-02 12:00:00.5")
    together(lambda: reapply.apply(token, by=cast.dora, at=before), tasks.sweep)
    clock, breaches = clock_of(handoff, "accept"), Firing.objects.filter(kind="breach").count()
    assert (clock.state, clock.due_at, breaches) in [
        ("running", when("2026-03-02 14:00"), 0),
        ("breached", NOON, 1),
    ]
