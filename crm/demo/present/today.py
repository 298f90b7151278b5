"""Today's desks: what people of the demo meet when they sign in, made by the product's functions.

All but the leads that wait for opening lie in the queue that never closes, so that their story is
the same at any hour of any day.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from crm.accounts.models import User
from crm.demo.people import Cast
from crm.demo.present import absence, follow_up, negotiation, queue, returns
from crm.demo.present.desk import Desk
from crm.notifications import letters, outbox


def prepare(cast: Cast, *, at: datetime) -> None:
    """Make what is on the desks at ``at``. What happened before today's handoffs counts as read."""
    negotiation.note_holidays(cast, at=at)
    negotiation.write_draft(cast, at=at)
    desk = Desk(cast, at=at)
    absence.leave_lead_undecided(desk)
    returns.misunderstand_persona(desk)
    wrong_phone = returns.call_wrong_phone(desk)
    rejected = returns.reject_for_no_action(desk)
    parked = follow_up.park(desk)
    follow_up.try_three_times(desk)
    follow_up.miss_call_back(desk)
    queue.requeue_forgotten(desk)
    # Before what is news today, whose notices are to be unread.
    _read_everything(at=at)
    returns.give_back(desk, wrong_phone)
    returns.contest(desk, rejected)
    follow_up.wake(desk, parked)
    queue.fill(desk)
    queue.accept(desk)
    queue.contact_and_pause(desk)
    sql = queue.qualify_sql(desk)
    captured = queue.capture(desk)
    follow_up.plan(desk, sql, captured)
    # Mails of days ago would soon be older than the three days for which one is tried.
    letters.drop_past_of_demo(at - timedelta(days=1), at=at)


def _read_everything(*, at: datetime) -> None:
    while outbox.deliver():
        pass
    for user in User.objects.all():
        outbox.mark_read(user, at=at)
