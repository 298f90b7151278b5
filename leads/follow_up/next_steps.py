"""The next step of a lead: what is to be done, when and by whom; at most one of a lead is open.

A lead that sales works on always has one. Each function runs with the handoff's row locked, or that
of a lead without an open handoff. Permission is the caller's question (leads.permissions).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from crm.accounts.models import User
from crm.lib.db.inserts import Many, insert
from crm.lib.db.returning import Update, update
from crm.lib.errors import DomainError
from leads import events
from leads.conflicts import MovedOn
from leads.follow_up import spacing
from leads.follow_up.spacing import When
from leads.models import Attempt, Handoff, Lead, PlannedStep
from leads.staff import stand_ins
from leads.states import (
    WORKED,
    EventKind,
    FollowUp,
    FollowUpEnd,
    HandoffState,
)
from sla.agreements import default_terms
from sla.calendars import work_calendars
from sla.clocks import snapshots
from sla.models import Calendar
from sla.states import Metric
from sla.worktime import arithmetic
from sla.worktime.calendar import WorkCalendar

LONGEST = timedelta(days=60)  # what waits longer is recycled
BATCH = 100

# The step of each state of a handoff, the clock whose deadline is its time, and how many working
# days it has where no clock runs.
USUAL: Mapping[str, tuple[FollowUp, Metric | None, int]] = {
    HandoffState.ACCEPTED: (FollowUp.FIRST_CONTACT, Metric.FIRST_CONTACT, 1),
    HandoffState.CONTACTED: (FollowUp.DECISION, Metric.SQL_DECISION, 5),
    HandoffState.SQL: (FollowUp.OPPORTUNITY, None, 5),
    HandoffState.OPPORTUNITY: (FollowUp.CLOSE, None, 20),
}


class BadDay(DomainError):
    """The day of a step is not in the future, or too far away; ``fields`` names it."""

    code = "bad_day"


# -- Set by the product


def of_accept(handoff: Handoff, *, at: datetime) -> PlannedStep:
    """Return the first step of a handoff that is accepted, unsaved: the first contact."""
    return _usual(handoff, at=at)


def follow(handoff: Handoff, *, at: datetime) -> None:
    """Give ``handoff`` the step of its new state; a person's own step in the future stays."""
    insert(following(handoff, at=at))


def following(handoff: Handoff, *, at: datetime) -> Many:
    """End the step before and return that of :func:`follow`, to be inserted with the change."""
    steps = PlannedStep.objects.open().filter(lead=handoff.lead_id)
    own = steps.filter(set_by__isnull=False, due_at__gt=at)
    steps.exclude(pk__in=own).update(ended_at=at, end=FollowUpEnd.DONE, remind_at=None)
    return _unless_open(_usual(handoff, at=at))


def after_attempt(handoff: Handoff, attempt: Attempt, *, at: datetime) -> None:
    """Set the step after an attempt whose outcome is known."""
    if attempt.reached:
        _replace(_usual(handoff, at=at), at=at)
        return
    calendar = _calendar(handoff)
    terms = default_terms.attempts_of(handoff.policy, handoff.agreement_version)
    accepted_at = handoff.accepted_at or at
    left = terms.count - made_since(handoff)
    day = _day(calendar)
    if handoff.state == HandoffState.ACCEPTED and left <= 0:
        moment = arithmetic.add(calendar, at, day)
        step = _step(handoff, FollowUp.NOT_REACHED, spacing.at_moment(calendar, moment), at=at)
    else:
        when = spacing.next_attempt(
            calendar,
            accepted_at=accepted_at,
            at=max(attempt.at, accepted_at),
            left=max(left, 1),
            window=timedelta(minutes=terms.window_minutes),
            day=day,
        )
        # An attempt that is recorded late must not make a step that is overdue at once.
        if when.due_at <= at:
            when = spacing.at_moment(calendar, arithmetic.add(calendar, at, day))
        step = _step(handoff, FollowUp.ATTEMPT, when, at=at)
    _replace(step, at=at)


def call_back(handoff: Handoff, day: date, *, by: User, at: datetime) -> None:
    """Set the call on the day that the lead named; check_day has judged it."""
    calendar = _calendar(handoff)
    step = _step(handoff, FollowUp.CALL_BACK, _on_day(calendar, day, at=at), at=at, by=by)
    _replace(step, at=at)


def _on_day(calendar: WorkCalendar, day: date, *, at: datetime) -> When:
    when = spacing.on_day(calendar, day)
    # The day may be today, and its work has begun.
    return When(when.due_at, max(when.remind_at or at, at))


def made_since(handoff: Handoff) -> int:
    """Return how many attempts were made since the handoff was accepted; 0 if it is not."""
    if handoff.accepted_at is None:
        return 0
    return Attempt.objects.made().filter(handoff=handoff, at__gte=handoff.accepted_at).count()


def _usual(handoff: Handoff, *, at: datetime) -> PlannedStep:
    kind, metric, days = USUAL[handoff.state]
    calendar = _calendar(handoff)
    clock = handoff.clock
    # A clock of another metric is over.
    if clock is not None and clock.metric == metric and clock.stopped_at is None:
        # The ladder warns before the deadline, so no reminder is needed.
        return _step(handoff, kind, When(clock.due_at, None), at=at)
    close_on = handoff.expected_close_on
    if kind == FollowUp.CLOSE and close_on is not None and close_on > events.today(at):
        return _step(handoff, kind, spacing.on_day(calendar, close_on), at=at)
    moment = arithmetic.add(calendar, at, days * _day(calendar))
    return _step(handoff, kind, spacing.at_moment(calendar, moment), at=at)


def _step(
    handoff: Handoff, kind: FollowUp, when: When, *, at: datetime, by: User | None = None
) -> PlannedStep:
    return PlannedStep(
        lead_id=handoff.lead_id,
        handoff_id=handoff.pk,
        owner=handoff.owner,
        kind=kind,
        due_at=when.due_at,
        remind_at=when.remind_at,
        set_at=at,
        set_by=by,
    )


def _calendar(handoff: Handoff) -> WorkCalendar:
    return snapshots.calendar(handoff.policy["calendar"])


def _day(calendar: WorkCalendar) -> timedelta:
    return timedelta(minutes=default_terms.day_minutes(calendar))


# -- Set by a person


def kind_of(text: str) -> FollowUp:
    """Return the kind of a step that a person sets: in their words, or a call on that day."""
    if text:
        return FollowUp.OTHER
    return FollowUp.CALL_BACK


@transaction.atomic
def change(
    lead: Lead,
    handoff: Handoff | None,
    kind: FollowUp,
    day: date,
    *,
    by: User,
    at: datetime,
    text: str = "",
) -> PlannedStep:
    """Set the next step of ``lead`` to ``day``.

    ``handoff``: the one in work, whose owner has the step; None for a lead that is with marketing,
    where ``by`` has it. ``text``: the step in the person's words.

    Raises BadDay, MovedOn if the lead is somewhere else by now.
    """
    check_day(day, at=at)
    owner = _lock(lead, handoff, by=by)
    calendar = _calendar_of_lead(lead, handoff)
    when = _on_day(calendar, day, at=at)
    step = PlannedStep(
        lead_id=lead.pk,
        handoff=handoff,
        owner=owner,
        kind=kind,
        text=text,
        due_at=when.due_at,
        remind_at=when.remind_at,
        set_at=at,
        set_by=by,
    )
    _replace(step, at=at, why=FollowUpEnd.CHANGED)
    payload: dict[str, Any] = {"step": str(kind), "text": text, "on": day.isoformat()}
    _record(lead, handoff, payload, by=by, at=at)
    return step


def _record(
    lead: Lead, handoff: Handoff | None, payload: dict[str, Any], *, by: User, at: datetime
) -> None:
    state = ""
    represented = None
    if handoff is not None:
        state = handoff.state
        represented = stand_ins.represented(handoff, EventKind.NEXT_STEP, by=by, at=at)
    events.record(
        events.new(
            lead,
            EventKind.NEXT_STEP,
            by=by,
            at=at,
            handoff=handoff,
            from_state=state,
            to_state=state,
            payload=payload,
            on_behalf_of=represented,
        )
    )


def check_day(day: date, *, at: datetime, field: str = "on") -> None:
    """Raise BadDay, which names ``field``, unless ``day`` is from today on and at most 60 days."""
    today = events.today(at)
    text = ""
    if day < today:
        text = _("Choose today or a later day.")
    elif day - today > LONGEST:
        text = _("60 days at most. For longer, recycle the lead.")
    if text:
        raise BadDay(text, fields={field: text})


def _lock(lead: Lead, handoff: Handoff | None, *, by: User) -> User:
    """Lock what has the lead; return the owner of the step. Raises MovedOn."""
    if handoff is None:
        locked = Lead.objects.select_for_update(no_key=True, of=("self",)).get(pk=lead.pk)
        if locked.stage != lead.stage or locked.archived_at is not None:
            raise MovedOn(locked)
        return by
    row = Handoff.objects.select_for_update(no_key=True, of=("self",)).get(pk=handoff.pk)
    if row.state not in WORKED or row.owner is None:
        raise MovedOn(row)
    return row.owner


def _calendar_of_lead(lead: Lead, handoff: Handoff | None) -> WorkCalendar:
    """Return the calendar of whoever has the lead."""
    if handoff is not None:
        return _calendar(handoff)
    usual = Calendar.objects.order_by("id").values_list("pk", flat=True)[0]
    assert lead.marketing_team is not None
    return work_calendars.plain_of_team(lead.marketing_team, usual)


# -- Ended and passed on


def end(lead_id: int, *, at: datetime, why: FollowUpEnd = FollowUpEnd.GONE) -> None:
    """End the open step of a lead, if it has one."""
    end_many([lead_id], at=at, why=why)


def end_many(lead_ids: Sequence[int], *, at: datetime, why: FollowUpEnd = FollowUpEnd.GONE) -> None:
    """End the open steps of many leads, in one statement."""
    ending(lead_ids, at=at, why=why).run()


def ending(lead_ids: Sequence[int], *, at: datetime, why: FollowUpEnd = FollowUpEnd.GONE) -> Update:
    """Return what :func:`end_many` writes, to be run with the change that ends the steps."""
    steps = {"lead": list(lead_ids), "ended_at": None}
    return update(PlannedStep, steps, "id", ended_at=at, end=str(why), remind_at=None)


def pass_on(handoff: Handoff, owner: User) -> None:
    """Give the open step of ``handoff`` to its new owner."""
    PlannedStep.objects.open().filter(lead=handoff.lead_id).update(owner=owner)


def _replace(step: PlannedStep, *, at: datetime, why: FollowUpEnd = FollowUpEnd.DONE) -> None:
    end(step.lead_id, at=at, why=why)
    insert(step)


def _unless_open(step: PlannedStep) -> Many:
    """Return the row of ``step``, which is left out where the lead has an open one."""
    columns = {
        field.attname: getattr(step, field.attname)
        for field in PlannedStep._meta.concrete_fields
        if not field.primary_key
    }
    for name in ("due_at", "remind_at", "set_at"):
        if columns[name] is not None:
            columns[name] = columns[name].isoformat()
    return Many(PlannedStep, [columns], ignore_conflicts=True)


@transaction.atomic
def fill(*, at: datetime) -> int:
    """Give handoffs in work that lack a step theirs; return how many of this batch.

    The version before next steps may still run during an upgrade, and its accepts set none.
    """
    has_step = PlannedStep.objects.open().filter(lead=OuterRef("lead"))
    lacking = Handoff.objects.filter(~Exists(has_step), state__in=WORKED)
    # In no order, so that an index of the open handoffs finds them: this is asked every 10 s.
    ids = list(lacking.order_by().values_list("pk", flat=True)[:BATCH])
    if not ids:
        return 0
    rows = Handoff.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
    related = rows.select_related("clock", "owner").filter(pk__in=ids, state__in=WORKED)
    handoffs = list(related.order_by("pk"))
    for handoff in handoffs:
        insert(_unless_open(_usual(handoff, at=at)))
    return len(handoffs)


def open_of(lead: Lead) -> PlannedStep | None:
    """Return the open step of ``lead``, or None."""
    return PlannedStep.objects.open().filter(lead=lead).select_related("owner").first()
