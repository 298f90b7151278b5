"""The periodic entries of the product, for Celery and for the watchdog, and the table of ladder
steps.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from celery import shared_task

from crm.api import answers
from crm.lib import clock
from crm.notifications import mailbag, outbox
from leads.handoffs import escalation
from leads.imports import runs, worker
from sla.agreements import agreements, reminders
from sla.clocks import heartbeats, ladder
from sla.models import Clock, Firing
from sla.states import StepKind

# What each step of a ladder does, by the kind of subject that the clock runs on.
LADDER: dict[str, dict[str, Callable[[Clock, Firing], None]]] = {
    "handoff": {
        StepKind.WARN: escalation.warn,
        StepKind.BREACH: escalation.breach,
        StepKind.TELL_LEAD: escalation.tell_lead,
        StepKind.REQUEUE: escalation.requeue,
        StepKind.TELL_DIRECTOR: escalation.tell_director,
    },
}

# The other two things that a sweep asks of a subject: note that a pause is over; when the promised
# act was done.
RESUME = {"handoff": escalation.resumed}
TRUTH = {"handoff": escalation.done_at}


def act(clock: Clock, what: Firing | ladder.Resumed) -> None:
    """Do to the subject of ``clock`` what the step of a firing says, or what the end of a pause
    means.
    """
    if isinstance(what, ladder.Resumed):
        RESUME[clock.subject_type](clock, what)
    else:
        LADDER[clock.subject_type][what.kind](clock, what)


def truth(clock: Clock) -> datetime | None:
    """When the act that ``clock`` waits for was done, as its subject knows."""
    return TRUTH[clock.subject_type](clock)


def sweep() -> int:
    """Fire every due step of every clock; returns how many clocks moved.

    Versions of agreements begin on their date.
    """
    heartbeats.note_sweep()
    agreements.turn(at=clock.now())
    total = 0
    while moved := ladder.sweep(act, truth=truth):
        total += moved
    return total


def drain() -> int:
    """Deliver every message that is due; returns how many were tried.

    Reminds of agreements, and forgets old answers of the API as well.
    """
    now = clock.now()
    answers.forget(at=now)
    reminders.remind(at=now)
    total = 0
    while tried := outbox.deliver():
        total += tried
    return total


@shared_task(ignore_result=True)
def sweep_deadlines() -> None:
    """Celery's call of the sweep, every 10 s; its beat tells the watchdog that Celery lives."""
    sweep()
    heartbeats.beat(heartbeats.CELERY)


@shared_task(ignore_result=True)
def deliver_messages() -> None:
    """Celery's call of the outbox, every 10 s."""
    drain()


@shared_task(ignore_result=True, soft_time_limit=30, time_limit=60)
def send_mails() -> None:
    """Celery's call of the mails, every 10 s, apart from the outbox: it waits for a server of
    somebody else's.
    """
    mailbag.send_due()


# A check keeps what it has seen in memory, so a large file is worked on in one go.
@shared_task(ignore_result=True, soft_time_limit=600, time_limit=660)
def work_on_imports() -> None:
    """Celery's call of the imports, every 5 s."""
    worker.work(540)
    runs.tidy(at=clock.now())
