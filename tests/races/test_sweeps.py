"""Several sweeps at once, and a sweep against people: each step once, and nobody waits for
anybody.
"""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime

import pytest
from django.db import transaction
from django.db.models import Q

from crm import tasks
from crm.notifications.models import Message
from leads.models import Handoff
from sla.clocks import clocks, ladder
from sla.models import Clock, Firing
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast
from tests.races.parallel import Without, together

pytestmark = pytest.mark.django_db(transaction=True)

SWEEPS, HANDOFFS = 4, 10


@pytest.fixture
def overdue(cast: Cast, moment: Moment) -> None:
    """Handoffs whose warning is due."""
    for _handoff in range(HANDOFFS):
        factories.handed_off(cast)
    moment.set("2026-03-02 11:31")


def firings() -> Counter[tuple[int, int]]:
    return Counter(Firing.objects.values_list("clock", "level"))


def stored(handoff: Handoff) -> Handoff:
    return Handoff.objects.get(pk=handoff.pk)


# -- Sweep against sweep


def unlocked(sweeps: int) -> object:
    """``_due`` as it must not be: all read what is due, then all fire it."""
    everybody_has_read = threading.Barrier(sweeps)

    def due(now: datetime, rows: Q, most: int, *, besides: set[int]) -> list[Clock]:
        found = list(
            Clock.objects.filter(rows, next_step_at__lt=now)
            .exclude(pk__in=besides)
            .order_by("next_step_at", "pk")
        )
        # Only the first time: what failed is read again alone.
        if found and not everybody_has_read.broken and len(found) == HANDOFFS:
            everybody_has_read.wait(10)
        return found

    return due


def test_without_lock_index_and_check_steps_fire_twice(
    overdue: None, without: Without, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ladder, "_lock_due", unlocked(SWEEPS))
    monkeypatch.setattr(clocks, "ADVANCE", clocks.ADVANCE.replace(clocks.UNCHANGED, ""))
    without.constraint("sla_firing", "firing_once")
    together(*[lambda: ladder.sweep(factories.clock_subjects())] * SWEEPS)
    assert set(firings().values()) == {SWEEPS}


def test_without_the_lock_the_database_still_says_no(
    overdue: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the sweep that comes second parks nothing: what it wanted to fire has fired."""
    monkeypatch.setattr(ladder, "_lock_due", unlocked(2))
    together(*[lambda: ladder.sweep(factories.clock_subjects())] * 2)
    assert set(firings().values()) == {1}
    assert Clock.objects.filter(failures__gt=0).count() == 0


def test_parallel_sweeps_fire_each_step_once(overdue: None) -> None:
    results = together(*[tasks.sweep] * SWEEPS)
    assert (sum(results), set(firings().values()), len(firings())) == (HANDOFFS, {1}, HANDOFFS)
    assert Message.objects.filter(kind="handoff.warning").count() == 3 * HANDOFFS
    assert Clock.objects.filter(failures__gt=0).count() == 0


def test_parallel_sweeps_after_an_outage_raise_each_clock_one_level(
    overdue: None, moment: Moment
) -> None:
    moment.set("2026-03-04 10:00")
    together(*[tasks.sweep] * SWEEPS)
    assert list(Clock.objects.values_list("level", flat=True)) == [2] * HANDOFFS


# -- Sweep against people


def test_sweep_does_not_wait_for_somebody_who_holds_a_handoff(cast: Cast, moment: Moment) -> None:
    held, free = factories.handed_off(cast), factories.handed_off(cast)
    moment.set("2026-03-02 11:31")
    is_held, swept = threading.Event(), threading.Event()

    def hold() -> bool:
        with transaction.atomic():
            Handoff.objects.select_for_update().get(pk=held.pk)
            is_held.set()
            return swept.wait(10)

    def sweep() -> list[int]:
        is_held.wait(10)
        tasks.sweep()
        swept.set()
        return list(Firing.objects.values_list("clock__subject_id", flat=True))

    assert together(hold, sweep) == [True, [free.pk]]
    tasks.sweep()
    assert sorted(Firing.objects.values_list("clock__subject_id", flat=True)) == sorted(
        [held.pk, free.pk]
    )
