"""Every periodic task, run twice and in parallel, unmocked: it acts once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.db import transaction
from pytest_django import Settings

from crm import tasks
from crm.celery import app
from crm.lib import clock
from crm.management.commands import watchdog
from crm.notifications.models import Letter, Message, Notice
from crm.tasks import (
    deliver_messages,
    send_mails,
    sweep_deadlines,
    work_on_bulk_acts,
    work_on_imports,
)
from leads.models import Event
from sla.clocks import heartbeats, ladder
from sla.models import Clock, Firing, Heartbeat
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when
from tests.races.parallel import together

TASKS = {
    "crm.tasks.deliver_messages": deliver_messages,
    "crm.tasks.send_mails": send_mails,
    "crm.tasks.sweep_deadlines": sweep_deadlines,
    # twice and in parallel: tests/leads/bulk/test_acts.py, tests/leads/imports/test_worker.py
    "crm.tasks.work_on_bulk_acts": work_on_bulk_acts,
    "crm.tasks.work_on_imports": work_on_imports,
}
HANDOFFS = 8


def test_every_task_has_its_case_here() -> None:
    assert sorted(name for name in app.tasks if not name.startswith("celery.")) == sorted(TASKS)


def test_schedule_is_made_of_utc_intervals() -> None:
    found = {
        entry["task"]: (entry["schedule"], entry["options"]["expires"])
        for entry in app.conf.beat_schedule.values()
    }
    every_ten = dict.fromkeys(("crm.tasks.deliver_messages", "crm.tasks.send_mails"), (10.0, 10))
    assert (found, app.conf.timezone) == (dict.fromkeys(TASKS, (5.0, 5)) | every_ten, "UTC")


def test_stopped_workers_delay_a_step_by_20_seconds_at_most() -> None:
    entry = app.conf.beat_schedule["sweep-deadlines"]
    batch = 1.0
    parts = [entry["schedule"], heartbeats.SILENT.total_seconds(), watchdog.LOOK_EVERY, batch]
    assert sum(parts) <= 20
    # The rows of the sweep that stopped are free before the watchdog takes over.
    assert "'8s'" in ladder.BEGIN
    assert timedelta(seconds=8 + batch) < heartbeats.SILENT
    # A run ends before the next one begins.
    assert tasks.SWEEP_SECONDS < entry["schedule"] == entry["options"]["expires"]


def test_deadlines_have_a_queue_of_their_own() -> None:
    queues = {entry["task"]: entry["options"]["queue"] for entry in app.conf.beat_schedule.values()}
    assert queues == {
        "crm.tasks.sweep_deadlines": "deadline",
        "crm.tasks.deliver_messages": "notify",
        "crm.tasks.send_mails": "notify",
        "crm.tasks.work_on_bulk_acts": "import",
        "crm.tasks.work_on_imports": "import",
    }


def test_lost_worker_gives_its_task_back() -> None:
    kept = (
        app.conf.task_acks_late,
        app.conf.task_reject_on_worker_lost,
        app.conf.worker_prefetch_multiplier,
    )
    assert kept == (True, True, 1)


@pytest.fixture
def overdue(cast: Cast, moment: Moment) -> None:
    """Handoffs whose warning is due, with the messages of handing them off."""
    for _handoff in range(HANDOFFS):
        factories.handed_off(cast)
    moment.set("2026-03-02 11:31")


def counted() -> dict[str, int]:
    return {
        "firings": Firing.objects.count(),
        "events": Event.objects.filter(kind="escalated").count(),
        "warnings": Message.objects.filter(kind="handoff.warning").count(),
        "parked": Clock.objects.filter(failures__gt=0).count(),
    }


ONCE = {"firings": HANDOFFS, "events": HANDOFFS, "warnings": 3 * HANDOFFS, "parked": 0}


def test_sweep_beats_for_celery(overdue: None) -> None:
    sweep_deadlines()
    assert sorted(Heartbeat.objects.values_list("name", flat=True)) == [
        heartbeats.CELERY,
        heartbeats.SWEEP,
    ]


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweep takes one clock at a time."""
    monkeypatch.setattr(ladder, "LANES", tuple((rows, 1) for rows, _most in ladder.LANES))


def test_sweep_beats_at_its_start_and_after_each_batch(
    overdue: None, one_by_one: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats: list[str] = []
    monkeypatch.setattr(heartbeats, "beat", beats.append)
    sweep_deadlines()
    # The last batch is empty: the end of the run.
    assert beats.count(heartbeats.CELERY) == 1 + HANDOFFS + 1


@pytest.mark.parametrize(
    ("act", "name", "expected"),
    [
        (tasks.sweep, "ladder.next_batch", [2, 2, 2]),
        (tasks.drain, "outbox.deliver", [3, 3, 1]),
    ],
)
def test_run_ends_with_its_time_and_the_next_goes_on(
    overdue: None,
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[], int],
    name: str,
    expected: list[int],
) -> None:
    wall = [when("2026-03-02 12:00")]
    left = [7]
    monkeypatch.setattr(clock, "wall", lambda: wall[0])

    def batch(*_args: object) -> int:
        wall[0] += timedelta(seconds=3)
        left[0] -= 1
        return int(left[0] >= 0)

    monkeypatch.setattr(f"crm.tasks.{name}", batch)
    assert [act(), act(), act()] == expected


@pytest.mark.django_db(transaction=True)
def test_sweeps_of_celery_run_one_at_a_time_and_the_watchdog_does_not_ask(overdue: None) -> None:
    is_held, swept = threading.Event(), threading.Event()

    def hold() -> bool:
        with transaction.atomic():
            ladder.check_alone(ladder.Run(tasks.SUBJECTS, is_alone=True))
            is_held.set()
            return swept.wait(10)

    def sweep() -> tuple[int, bool, int]:
        is_held.wait(10)
        sweep_deadlines()
        by_celery = Firing.objects.count()
        has_beaten = Heartbeat.objects.filter(name=heartbeats.CELERY).exists()
        moved = tasks.sweep()
        swept.set()
        return by_celery, has_beaten, moved

    # A sweep that may not work does not beat: if the other one hangs, Celery must look silent.
    assert together(hold, sweep) == [True, (0, False, HANDOFFS)]
    sweep_deadlines()
    assert Heartbeat.objects.filter(name=heartbeats.CELERY).exists()


def test_sweep_one_after_the_other_acts_once(overdue: None) -> None:
    for _run in range(2):
        sweep_deadlines.apply(throw=True)
    assert counted() == ONCE


def test_delivery_one_after_the_other_acts_once(overdue: None) -> None:
    for _run in range(2):
        deliver_messages.apply(throw=True)
    assert (Notice.objects.count(), Message.objects.filter(sent_at=None).count()) == (
        3 * HANDOFFS,
        0,
    )


@pytest.mark.django_db(transaction=True)
def test_sweep_in_parallel_acts_once(overdue: None) -> None:
    results = together(*[lambda: sweep_deadlines.apply(throw=True).state] * 4)
    assert (results, counted()) == (["SUCCESS"] * 4, ONCE)


@pytest.mark.django_db(transaction=True)
def test_delivery_in_parallel_acts_once(overdue: None) -> None:
    results = together(*[lambda: deliver_messages.apply(throw=True).state] * 4)
    assert (results, Notice.objects.count(), Message.objects.filter(attempts=1).count()) == (
        ["SUCCESS"] * 4,
        3 * HANDOFFS,
        3 * HANDOFFS,
    )


@pytest.mark.django_db(transaction=True)
def test_sweep_and_delivery_together_act_once(overdue: None) -> None:
    acts = [sweep_deadlines, deliver_messages] * 2
    results = together(*[lambda act=act: act.apply(throw=True).state for act in acts])
    deliver_messages.apply(throw=True)
    assert (results, counted(), Notice.objects.count()) == (["SUCCESS"] * 4, ONCE, 6 * HANDOFFS)


@pytest.mark.django_db(transaction=True)
def test_mails_in_parallel_and_again_go_once(
    cast: Cast, moment: Moment, settings: Settings
) -> None:
    settings.MAIL_ON = True
    for _handoff in range(HANDOFFS):
        factories.handed_off(cast)
    results = together(*[lambda: send_mails.apply(throw=True).state] * 4)
    send_mails.apply(throw=True)
    told = Message.objects.filter(letter__sent_at__isnull=False).count()
    ids = [letter.extra_headers["Message-ID"] for letter in mail.outbox]
    assert (results, told) == (["SUCCESS"] * 4, 3 * HANDOFFS)
    # Those of one person are in one list, or in two when two senders take them at once.
    assert len(ids) == len(set(ids)) == Letter.objects.count() < 3 * HANDOFFS
