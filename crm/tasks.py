"""The periodic entries of the product, for Celery and for the watchdog, and the table of ladder steps."""

from __future__ import annotations

from celery import shared_task

from crm.api import answers
from crm.lib import clock
from crm.notifications import mailbag, outbox
from leads import escalation, import_work, runs
from sla import agreements, ladder, liveness, reminders
from sla.ladder import Action
from sla.models import Clock, Firing
from sla.states import StepKind

# What each step of a ladder does, by the kind of subject that the clock runs on.
LADDER: dict[str, dict[str, Action]] = {
    "handoff": {
        StepKind.WARN: escalation.warn,
        StepKind.BREACH: escalation.breach,
        StepKind.TELL_LEAD: escalation.tell_lead,
        StepKind.REQUEUE: escalation.requeue,
        StepKind.TELL_DIRECTOR: escalation.tell_director,
    },
}


def act(clock: Clock, firing: Firing) -> None:
    """Do what the step of ``firing`` says to the subject of ``clock``."""
    LADDER[clock.subject_type][firing.kind](clock, firing)


def sweep() -> int:
    """Fire every due step of every clock; returns how many clocks moved. Versions of agreements begin on their date."""
    liveness.note_sweep()
    agreements.turn(at=clock.now())
    total = 0
    while moved := ladder.sweep(act):
        total += moved
    return total


def drain() -> int:
    """Deliver every message that is due; returns how many were tried. Reminds of agreements, and forgets old answers
    of the API as well."""
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
    liveness.beat(liveness.CELERY)


@shared_task(ignore_result=True)
def deliver_messages() -> None:
    """Celery's call of the outbox, every 10 s."""
    drain()


@shared_task(ignore_result=True, soft_time_limit=30, time_limit=60)
def send_mails() -> None:
    """Celery's call of the mails, every 10 s, apart from the outbox: it waits for a server of somebody else's."""
    mailbag.send_due()


# A check keeps what it has seen in memory, so a large file is worked on in one go.
@shared_task(ignore_result=True, soft_time_limit=600, time_limit=660)
def work_on_imports() -> None:
    """Celery's call of the imports, every 5 s."""
    import_work.work(540)
    runs.tidy(at=clock.now())
