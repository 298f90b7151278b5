"""The periodic tasks of the product, for Celery and the watchdog, and the registry of clock
subjects.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from functools import partial

from celery import shared_task

from crm.accounts.sign_in import sessions, tries
from crm.api import answers
from crm.lib import clock
from crm.notifications import mail_queue, outbox, password_requests
from leads.bulk import acts
from leads.follow_up import next_steps
from leads.follow_up import reminders as follow_up_reminders
from leads.handoffs import escalation, notices
from leads.imports import runs, worker
from leads.returns import escalation as return_escalation
from leads.returns import recycling
from sla.agreements import agreements, reminders
from sla.clocks import heartbeats, ladder
from sla.clocks.subjects import ClockSubject
from sla.states import StepKind

# What a sweep does to each kind of subject, by Clock.subject_type. This is the one place where the
# ladder, which knows only clocks, meets the rows that they run on.
SUBJECTS = {
    "handoff": ClockSubject(
        steps={
            StepKind.WARN: escalation.warn,
            StepKind.BREACH: escalation.breach,
            StepKind.NOTIFY_TEAM_LEAD: escalation.notify_team_lead,
            StepKind.REQUEUE: escalation.requeue,
            StepKind.NOTIFY_DIRECTOR: escalation.notify_director,
        },
        hold=escalation.hold,
        resume=escalation.resume,
        done_at=escalation.done_at,
        is_single=escalation.is_single,
    ),
    "return": ClockSubject(
        steps={
            StepKind.WARN: return_escalation.warn,
            StepKind.BREACH: return_escalation.breach,
            StepKind.NOTIFY_TEAM_LEAD: return_escalation.notify_team_lead,
            # No queue waits for marketing: an old ladder with this step tells the lead instead.
            StepKind.REQUEUE: return_escalation.notify_team_lead,
            StepKind.NOTIFY_DIRECTOR: return_escalation.notify_director,
        },
        hold=return_escalation.hold,
        done_at=return_escalation.done_at,
    ),
    "dispute": ClockSubject(
        steps={
            StepKind.WARN: return_escalation.warn_arbiter,
            StepKind.BREACH: return_escalation.breach_of_arbiter,
            # No side owes the decision, and no queue waits for it: the directors hear of it.
            StepKind.NOTIFY_TEAM_LEAD: return_escalation.notify_director,
            StepKind.REQUEUE: return_escalation.notify_director,
            StepKind.NOTIFY_DIRECTOR: return_escalation.notify_director,
        },
        hold=return_escalation.hold_disputes,
        done_at=return_escalation.dispute_decided_at,
    ),
}

SWEEP_SECONDS = 4  # less than the 5 s between two sweeps; the next one goes on with the rest
DRAIN_SECONDS = 8
BULK_SECONDS = 60
IMPORT_SECONDS = 540  # a check keeps what it has read in memory, so a large file is done in one go


def sweep(seconds: float = SWEEP_SECONDS, *, process: str = "") -> int:
    """Activate due agreements and fire due steps for ``seconds``; return how many clocks moved.

    The sweeps of a named ``process`` work one at a time, and it beats after each batch.

    Raises ladder.AnotherSweeps.
    """
    run = ladder.Run(SUBJECTS, is_alone=bool(process))
    until = clock.wall() + timedelta(seconds=seconds)
    ladder.check_alone(run)
    heartbeats.note_sweep()
    _beat(process)
    now = clock.now()
    agreements.activate_due(at=now)
    total = recycling.wake_due(at=now) + follow_up_reminders.remind_due(at=now)
    while clock.wall() < until:
        moved = ladder.next_batch(run)
        _beat(process)
        if not moved:
            break
        total += moved
    return total


def mail() -> int:
    """Send due mails, in words that name only the leads that each recipient sees now.

    Requests for links to new passwords become mails first.
    """
    password_requests.answer()
    return mail_queue.send_due(notices.words, beat=partial(heartbeats.beat, heartbeats.MAILS))


def _beat(process: str) -> None:
    if process:
        heartbeats.beat(process)


def drain(seconds: float = DRAIN_SECONDS) -> int:
    """Deliver due messages for ``seconds``; return how many were tried.

    Also sends reminders of agreements, gives leads in work the next step that they lack, and
    deletes what is over: stored answers of the API, counts of guesses, sessions.
    """
    now = clock.now()
    until = clock.wall() + timedelta(seconds=seconds)
    answers.forget(at=now)
    tries.forget(at=now)
    sessions.tidy(at=now)
    reminders.remind(at=now)
    next_steps.fill(at=now)
    total = 0
    while clock.wall() < until:
        tried = outbox.deliver()
        if not tried:
            break
        total += tried
    return total


@shared_task(ignore_result=True)
def sweep_deadlines() -> None:
    """Sweep, every 5 s; the beats show the watchdog that Celery lives."""
    # Another worker sweeps. It beats: if it hangs, Celery must look silent.
    with suppress(ladder.AnotherSweeps):
        sweep(process=heartbeats.CELERY)


@shared_task(ignore_result=True)
def deliver_messages() -> None:
    """Deliver messages to inboxes, every 10 s."""
    drain()


@shared_task(ignore_result=True, soft_time_limit=30, time_limit=60)
def send_mails() -> None:
    """Send mails, every 10 s; apart from the inboxes, because a mail server may hang."""
    mail()


@shared_task(ignore_result=True, soft_time_limit=120, time_limit=180)
def work_on_bulk_acts() -> None:
    """Work on acts on many leads, every 5 s."""
    acts.work(BULK_SECONDS)
    acts.tidy(at=clock.now())


@shared_task(ignore_result=True, soft_time_limit=600, time_limit=660)
def work_on_imports() -> None:
    """Work on imports, every 5 s."""
    worker.work(IMPORT_SECONDS)
    runs.tidy(at=clock.now())
