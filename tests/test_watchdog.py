"""The watchdog: it sweeps and delivers by itself while Celery is silent, and only then."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import InterfaceError, OperationalError
from pytest_django import Settings

from crm import tasks
from crm.lib import clock
from crm.management.commands import watchdog
from crm.notifications.models import Notice
from sla.clocks import heartbeats
from sla.models import Firing
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when


class Looks:
    """Stands for the event that the watchdog waits on: each wait is one look and lets the test do
    something.
    """

    def __init__(self, *before: Callable[[], None]) -> None:
        self.before = list(before)
        self.stopped = False

    def wait(self, seconds: float) -> bool:
        if not self.stopped and self.before:
            self.before.pop(0)()
        else:
            self.stopped = True
        return self.stopped

    def set(self) -> None:
        self.stopped = True


@pytest.fixture
def handlers() -> dict[int, Callable[..., None]]:
    """What the watchdog does on a signal."""
    return {}


@pytest.fixture
def look(
    monkeypatch: pytest.MonkeyPatch, handlers: dict[int, Callable[..., None]]
) -> Callable[..., None]:
    """Runs the watchdog for as many looks as there are things to do before one."""

    # Imports run in a thread, with a connection that does not see this test's transaction.
    monkeypatch.setattr(watchdog.Command, "start_work", lambda _self: None)

    def run(*before: Callable[[], None]) -> None:
        looks = Looks(*before)
        monkeypatch.setattr(threading, "Event", lambda: looks)
        monkeypatch.setattr(watchdog.signal, "signal", handlers.__setitem__)
        call_command("watchdog", every=0)

    return run


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the machine's own clock on, which says how long Celery has been silent."""
    at: list[datetime] = [when("2026-03-02 12:00")]
    monkeypatch.setattr(clock, "wall", lambda: at[0])

    def later(seconds: float) -> None:
        at[0] += timedelta(seconds=seconds)

    return later


@pytest.fixture
def overdue(cast: Cast, moment: Moment) -> None:
    factories.handed_off(cast)
    moment.set("2026-03-02 11:31")


def nothing() -> None:
    pass


def done() -> tuple[int, bool]:
    """Firings, and whether anybody was told."""
    return Firing.objects.count(), Notice.objects.exists()


def test_silent_celery_is_stood_in_for(overdue: None, look: Callable[..., None]) -> None:
    look(nothing)
    assert done() == (1, True)


def test_living_celery_is_left_alone(overdue: None, look: Callable[..., None]) -> None:
    heartbeats.beat(heartbeats.CELERY)
    look(nothing, nothing)
    assert done() == (0, False)


@pytest.mark.parametrize(("seconds", "found"), [(12, (0, False)), (12.001, (1, True))])
def test_celery_is_waited_for_twelve_seconds(
    overdue: None,
    look: Callable[..., None],
    wall: Callable[[float], None],
    seconds: float,
    found: tuple[int, bool],
) -> None:
    heartbeats.beat(heartbeats.CELERY)
    look(lambda: wall(seconds))
    assert done() == found


def test_celery_that_comes_back_takes_over_again(
    overdue: None, moment: Moment, look: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    def come_back() -> None:
        tasks.sweep_deadlines()
        moment.set("2026-03-02 12:01")

    look(nothing, come_back)
    assert [record.message for record in caplog.records if record.name == "relevo.watchdog"] == [
        "Celery is silent: sweeping here",
        "Celery is back",
    ]
    assert Firing.objects.count() == 1


def test_watching_twice_acts_once(overdue: None, look: Callable[..., None]) -> None:
    look(nothing, nothing, nothing)
    assert (Firing.objects.count(), Notice.objects.filter(kind="handoff.warning").count()) == (1, 3)


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_database_that_does_not_answer_is_asked_again(
    overdue: None,
    look: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    error: type[Exception],
) -> None:
    real, failed = tasks.sweep, []

    def sweep(**_more: object) -> int:
        if not failed:
            failed.append(True)
            raise error("the server closed the connection")
        return real()

    monkeypatch.setattr(tasks, "sweep", sweep)
    monkeypatch.setattr(watchdog.connection, "close", nothing)
    look(nothing, nothing)
    assert done() == (1, True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_before_the_next_look(
    overdue: None, look: Callable[..., None], handlers: dict[int, Callable[..., None]], number: int
) -> None:
    look(lambda: handlers[number](number, None), pytest.fail)
    assert done() == (0, False)


# -- Mails


@pytest.mark.parametrize(("alive", "rounds"), [(True, 0), (False, 2)])
def test_mails_are_sent_while_celery_is_silent(
    overdue: None,
    look: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    alive: bool,
    rounds: int,
) -> None:
    found: list[bool] = []
    monkeypatch.setattr(watchdog.Command, "start_mails", lambda _self: found.append(True))
    if alive:
        heartbeats.beat(heartbeats.CELERY)
    look(nothing, nothing)
    assert len(found) == rounds


@pytest.mark.parametrize(("start", "work"), [("start_mails", "tasks.mail"), ("start_work", "work")])
def test_work_that_hangs_holds_up_one_round_of_its_kind(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, start: str, work: str
) -> None:
    settings.MAIL_ON = True
    answered, found = threading.Event(), []

    def hang() -> None:
        found.append(True)
        answered.wait(10)

    monkeypatch.setattr(f"crm.management.commands.watchdog.{work}", hang)
    command = watchdog.Command()
    getattr(command, start)()
    getattr(command, start)()
    thread = command.mail_round if start == "start_mails" else command.work_round
    assert (found, thread.is_alive()) == ([True], True)
    answered.set()
    thread.join(10)
    getattr(command, start)()
    thread = command.mail_round if start == "start_mails" else command.work_round
    thread.join(10)
    assert found == [True, True]
