"""The return of a lead to marketing: opened by a decision of sales, answered by marketing.

Locks are taken in one order everywhere: handoff, lead, return. Permission is the caller's question
(leads.permissions).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from crm.accounts import leaves, teams
from crm.accounts.models import User
from crm.lib.db.inserts import insert, take_next_ids
from crm.lib.db.returning import update_returning
from crm.lib.db.state_machine import check_move
from crm.lib.errors import DomainError
from leads import events
from leads.conflicts import MovedOn, WithArbiter
from leads.follow_up import next_steps
from leads.handoffs import notices, stages, state_changes
from leads.models import Handoff, Lead, OutcomeReason, Return
from leads.returns import cases, copied_actions
from leads.staff import stand_ins
from leads.states import (
    RETURN_MOVES,
    DisputeKind,
    EventKind,
    HandoffState,
    OutcomeKind,
    ReturnState,
    Stage,
)
from sla.calendars import work_calendars
from sla.clocks import assignments, clocks
from sla.models import Clock
from sla.states import Metric

WAITING = (ReturnState.OPEN, ReturnState.DISPUTED)
# A return is taken up again whose lead was closed by marketing, or as a duplicate.
TAKEN_UP_FROM = (ReturnState.CLOSED, ReturnState.DUPLICATE)


class WrongReason(DomainError):
    """The reason is not one for closing a return."""

    code = "wrong_reason"


def open_return(handoff: Handoff, *, at: datetime) -> Return:
    """Open the return of what sales sent back, and start the clock of marketing's answer.

    Without a clock where the handoff's agreement promises no answer, or no marketing team brought
    the lead. A rejection that is one too many goes to the arbiter instead.
    """
    if handoff.state == HandoffState.REJECTED and cases.is_once_too_often(handoff):
        return _send_to_arbiter(handoff, at=at)
    return_id, clock_id = take_next_ids(Return, Clock)
    opened = Return(
        id=return_id,
        handoff=handoff,
        marketing_team_id=handoff.lead.marketing_team_id,
        assigned_to=_answerer(handoff, at=at),
        opened_at=at,
    )
    opened.clock = _clock(opened, clock_id, at=at)
    insert(*[row for row in (opened.clock, opened) if row is not None])
    return opened


def _send_to_arbiter(handoff: Handoff, *, at: datetime) -> Return:
    """Open the return and leave the answer to the arbiter at once."""
    opened = Return.objects.create(
        handoff=handoff,
        marketing_team_id=handoff.lead.marketing_team_id,
        assigned_to=_answerer(handoff, at=at),
        opened_at=at,
        state=ReturnState.DISPUTED,
        answered_at=at,
    )
    cases.open_case(handoff, DisputeKind.REPEATED, by=None, at=at)
    return opened


def _answerer(handoff: Handoff, *, at: datetime) -> User | None:
    """Return the sender of the lead, or the delegate of one who is away.

    None, for the leads of the team, who answer in the place of both.
    """
    sender = handoff.submitted_by
    cover = leaves.cover([sender], at=at)
    if sender.pk not in cover.absent:
        return sender
    return cover.delegate(sender, team_id=handoff.lead.marketing_team_id)


def _clock(opened: Return, pk: int | None, *, at: datetime) -> Clock | None:
    """Return the clock of marketing's answer unsaved; None where none is promised."""
    policy = opened.handoff.policy
    team = opened.handoff.lead.marketing_team
    if team is None or Metric.RETURN_ANSWER not in policy["clocks"]:
        return None
    # Marketing owes the answer, so its calendar counts and not that of the sales team.
    version = opened.handoff.agreement_version
    calendar = work_calendars.plain_of_team(team, version.calendar_id)
    terms: Mapping[str, Any] = {**policy, "calendar": calendar.to_json()}
    return clocks.new(
        opened,
        Metric.RETURN_ANSWER,
        terms,
        team=team,
        at=at,
        accountable=opened.assigned_to,
        pk=pk,
    )


def open_of(lead: Lead) -> Return | None:
    """Return the open return of ``lead``, or None."""
    return Return.objects.open().filter(handoff__lead=lead).first()


def _unanswered(lead: Lead) -> Return | None:
    """Return the open return of a locked lead; open one that the previous version did not.

    That version may still run during an upgrade, and its rejections open none. Raises WithArbiter.
    """
    waiting = (ReturnState.OPEN, ReturnState.DISPUTED)
    rows = Return.objects.filter(handoff__lead=lead, state__in=waiting)
    opened = rows.select_related("handoff__submitted_by").first()
    if opened is not None and not opened.is_open:
        raise WithArbiter(lead)
    if opened is not None or lead.stage != Stage.RETURNED or lead.archived_at is not None:
        return opened
    last = lead.handoffs.order_by("-cycle").first()
    if last is None or last.closed_at is None:
        return None
    return Return.objects.create(
        handoff=last,
        marketing_team_id=lead.marketing_team_id,
        assigned_to=last.submitted_by,
        opened_at=last.closed_at,
    )


def fix(lead: Lead, *, by: User, at: datetime) -> User | None:
    """Answer the return of a locked lead that is handed off again.

    Return who owed the answer and is away, on whose behalf ``by`` answers; None else.
    """
    opened = _unanswered(lead)
    if opened is None:
        return None
    _answer(opened, ReturnState.FIXED, by=by, at=at)
    sender = opened.handoff.submitted_by
    return stand_ins.absent(sender, team_id=lead.marketing_team_id, by=by, at=at)


@transaction.atomic
def close(
    handoff: Handoff, reason: OutcomeReason, *, by: User, at: datetime, comment: str = ""
) -> Return:
    """Answer the return of ``handoff`` by closing the lead.

    Stops the clock of the answer. Raises WrongReason, MovedOn if it has another answer by now.
    """
    if reason.kind != OutcomeKind.CLOSED:
        raise WrongReason(fields={"reason": _("Choose one of the reasons.")})
    lead = lock_lead(handoff)
    opened = answer(handoff, lead, ReturnState.CLOSED, by=by, at=at, reason=reason, comment=comment)
    stages.reach(lead, Stage.CLOSED, on=events.today(at))
    next_steps.end(lead.pk, at=at)
    payload = {"reason": reason.code, "comment": comment}
    state_changes.record(handoff, EventKind.CLOSED, by=by, at=at, payload=payload)
    return opened


def answer(
    handoff: Handoff, lead: Lead, state: ReturnState, *, by: User, at: datetime, **fields: Any
) -> Return:
    """Answer the return of ``handoff`` and stop its clock; ``lead`` is its locked lead.

    ``fields`` are written to the return. Raises MovedOn if it has another answer by now.
    """
    opened = _unanswered(lead)
    if opened is None or opened.handoff_id != handoff.pk:
        raise MovedOn(handoff)
    _answer(opened, state, by=by, at=at, **fields)
    return opened


@transaction.atomic
def take_up(handoff: Handoff, *, by: User, at: datetime) -> Return:
    """Open the return again whose lead is closed: by marketing, or as a duplicate, which it is not.

    Without a clock: the promised answer was the closing. The valuable actions of a duplicate are
    taken back from the other lead. Raises MovedOn if it is not closed.
    """
    lead = lock_lead(handoff)
    for state in TAKEN_UP_FROM:
        check_move(RETURN_MOVES, state, ReturnState.OPEN)
    closed = {"handoff": handoff.pk, "state": list(TAKEN_UP_FROM)}
    unanswered = {
        "answered_at": None,
        "answered_by": None,
        "reason": None,
        "comment": "",
        "original": None,
    }
    if lead.stage != Stage.CLOSED or not update_returning(
        Return, closed, "id", state=ReturnState.OPEN, clock=None, **unanswered
    ):
        raise MovedOn(handoff)
    copied_actions.take_back(lead, by=by, at=at)
    stages.reach(lead, Stage.RETURNED, on=events.today(at))
    state_changes.record(handoff, EventKind.REOPENED, by=by, at=at)
    return Return.objects.open().get(handoff=handoff)


def reopen(handoff: Handoff, *, at: datetime) -> Return:
    """Give a return back to marketing that the arbiter had, with a new clock of the answer."""
    opened = leave_arbiter(handoff, ReturnState.OPEN)
    opened.handoff = handoff
    opened.assigned_to = _answerer(handoff, at=at)
    clock = _clock(opened, None, at=at)
    if clock is not None:
        insert(clock)
    opened.clock = clock
    opened.save(update_fields=["assigned_to", "clock"])
    return opened


def leave_arbiter(handoff: Handoff, state: ReturnState) -> Return:
    """Move the return of ``handoff`` on that was with the arbiter. Raises MovedOn."""
    check_move(RETURN_MOVES, ReturnState.DISPUTED, state)
    changes: dict[str, Any] = {"state": state}
    if state == ReturnState.OPEN:
        changes |= {"answered_at": None, "answered_by": None}
    disputed = {"handoff": handoff.pk, "state": ReturnState.DISPUTED}
    if not update_returning(Return, disputed, "id", **changes):
        raise MovedOn(handoff)
    return Return.objects.get(handoff=handoff, state=state)


# -- Given to another person


@transaction.atomic
def assign(handoff: Handoff, answerer: User, *, by: User, at: datetime, why: str = "") -> Return:
    """Give the open return of ``handoff`` to another person of the marketing team.

    The clock keeps its deadline; the person's own time starts now. Notifies both. Raises MovedOn if
    it is answered by now.
    """
    opened = _unanswered(lock_lead(handoff))
    if opened is None or opened.handoff_id != handoff.pk:
        raise MovedOn(handoff)
    previous = opened.assigned_to
    if previous == answerer:
        return opened
    opened.assigned_to = answerer
    opened.save(update_fields=["assigned_to"])
    assignments.assign(opened, answerer, by=by, at=at)
    names = {"from": previous.name if previous else "", "to": answerer.name, "comment": why}
    state_changes.record(handoff, EventKind.REASSIGNED, by=by, at=at, payload=names)
    _notify_assigned(handoff, previous, answerer, by=by, at=at)
    return opened


def _notify_assigned(
    handoff: Handoff, previous: User | None, answerer: User, *, by: User, at: datetime
) -> None:
    # The moment is part of the key: the same person may get the return again later.
    key = f"return_assigned:{answerer.pk}:{at.timestamp()}"
    params = {"by_id": by.pk, "owner_id": answerer.pk}
    if answerer != by:
        notices.notify("handoff.reassigned", handoff, [answerer], at=at, key=key, params=params)
    if previous is not None and previous != by:
        notices.notify(
            "handoff.taken_over", handoff, [previous], at=at, key=f"{key}:from", params=params
        )


def colleagues(handoff: Handoff, *, at: datetime) -> list[User]:
    """Return who may answer the open return of ``handoff`` instead, by name.

    They are of the marketing team, active and not away.
    """
    opened = open_of(handoff.lead)
    if opened is None or opened.marketing_team_id is None:
        return []
    people = teams.active_people([opened.marketing_team_id])[opened.marketing_team_id]
    away = leaves.away(people, at=at)
    free = [each for each in people if each.pk not in away and each.pk != opened.assigned_to_id]
    return sorted(free, key=lambda person: person.name)


def lock_lead(handoff: Handoff) -> Lead:
    """Lock the handoff and its lead, which every answer does; return the lead.

    An undo of the rejection locks both, too. Raises MovedOn if the handoff has moved on since.
    """
    fresh = Handoff.objects.select_for_update(no_key=True, of=("self",)).get(pk=handoff.pk)
    if fresh.state != handoff.state:
        raise MovedOn(fresh)
    rows = Lead.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("person", "company").get(pk=handoff.lead_id)


def _answer(opened: Return, state: ReturnState, *, by: User, at: datetime, **fields: Any) -> None:
    """Write the answer by one conditional UPDATE and stop the clock. Raises MovedOn."""
    check_move(RETURN_MOVES, ReturnState.OPEN, state)
    unanswered = {"id": opened.pk, "state": ReturnState.OPEN}
    changes = {"state": state, "answered_at": at, "answered_by": by, **fields}
    if not update_returning(Return, unanswered, "id", **changes):
        raise MovedOn(opened.handoff)
    for name, value in changes.items():
        setattr(opened, name, value)
    clocks.stop(opened, Metric.RETURN_ANSWER, at=at, by=by)


def cancel(lead: Lead, *, by: User, at: datetime) -> None:
    """End the return of ``lead`` that waits for marketing or the arbiter, if it has one.

    For a lead that is archived. A clock past its deadline stays breached.
    """
    rows = Return.objects.filter(handoff__lead=lead, state__in=WAITING)
    _cancel(rows.select_related("handoff").first(), by=by, at=at)


def undo(handoff: Handoff, *, by: User, at: datetime) -> None:
    """End the return that a decision on ``handoff`` has opened, which is undone.

    The valuable actions of a duplicate are taken back from the other lead.
    """
    rows = handoff.returns.filter(state__in=(*WAITING, ReturnState.DUPLICATE))
    opened = rows.select_related("handoff").first()
    if opened is not None and opened.state == ReturnState.DUPLICATE:
        copied_actions.take_back(handoff.lead, by=by, at=at)
    _cancel(opened, by=by, at=at)


def _cancel(opened: Return | None, *, by: User, at: datetime) -> None:
    if opened is None:
        return
    if opened.state == ReturnState.DISPUTED:
        cases.cancel(opened.handoff, by=by, at=at)
    check_move(RETURN_MOVES, opened.state, ReturnState.CANCELLED)
    unanswered = {"id": opened.pk, "state": opened.state}
    changes = {
        "state": ReturnState.CANCELLED,
        "answered_at": at,
        "answered_by": by,
        "original": None,
    }
    if update_returning(Return, unanswered, "id", **changes):
        clocks.cancel(opened, Metric.RETURN_ANSWER, at=at, by=by)
