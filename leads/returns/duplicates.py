"""Duplicate of: a rep says that a pending handoff is about another lead. This is no rejection.

The handoff is closed, and its accept clock is judged as by any decision. The valuable actions are
copied to the other lead. A lead out of the rep's sight is described in words, and marketing links
them. Locks: handoff, the two leads by id, return. Permission and sight are the caller's questions.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from crm.accounts.models import User
from crm.lib.errors import DomainError
from leads import events
from leads.follow_up import next_steps
from leads.handoffs import notices, stages, state_changes
from leads.models import Decision, Handoff, Lead, Return
from leads.records import contact_privacy
from leads.returns import copied_actions, new_actions, returns, second_decisions
from leads.states import DecisionKind, EventKind, HandoffState, ReturnState, Stage
from sla.clocks import clocks
from sla.states import Metric

OFFERED = 10


class WrongOriginal(DomainError):
    """A lead is no duplicate of this one; ``fields`` names ``original``."""

    code = "wrong_original"

    def __init__(self, text: str) -> None:
        super().__init__(text, fields={"original": text})


class NeedsOriginal(DomainError):
    """No other lead was picked or described; ``fields`` names ``original`` and ``comment``."""

    code = "needs_original"


def pick(user: User, pk: int) -> Lead | None:
    """Return a lead in the sight of ``user``, None if there is none with this id."""
    # A larger number is no id of ours, and PostgreSQL answers it with an error.
    if not 0 < pk < 2**63:
        return None
    return Lead.objects.visible_to(user).filter(pk=pk).first()


def alike(lead: Lead, user: User) -> list[Lead]:
    """Return the leads in the sight of ``user`` that may be the same, the newest first. One query.

    They have its company or its name; and its e-mail or phone, where ``user`` may read them.
    """
    person = lead.person
    same = Q(person__name__iexact=person.name) if person.name else Q(pk__in=[])
    if lead.company_id is not None:
        same |= Q(company=lead.company_id)
    if not contact_privacy.is_hidden(lead, user):
        for field in ("email", "phone"):
            value = getattr(person, field)
            if value:
                same |= Q(**{f"person__{field}": value}) & contact_privacy.readable(user)
    rows = Lead.objects.visible_to(user).filter(same, archived_at__isnull=True)
    return list(rows.exclude(pk=lead.pk).with_names().order_by("-pk")[:OFFERED])


@transaction.atomic
def mark(
    handoff: Handoff, original: Lead | None, *, by: User, at: datetime, comment: str = ""
) -> Handoff:
    """Close a pending handoff as a duplicate of ``original``, or as ``comment`` says in words.

    With ``original`` the lead is closed; marketing may take it up again. Without it a return opens,
    and marketing links the two.

    Raises NeedsOriginal, WrongOriginal, RejectedBefore, AlreadyTaken.
    """
    if original is None and not comment.strip():
        text = _("Choose the other lead, or describe it so that marketing finds it.")
        raise NeedsOriginal(text, fields={"original": text, "comment": text})
    second_decisions.check(handoff, by=by)
    accept_clock = handoff.clock
    decision = Decision(handoff=handoff, kind=DecisionKind.DUPLICATE, by=by, at=at, comment=comment)
    from_state = state_changes.claim(
        handoff, HandoffState.DUPLICATE, of=(HandoffState.PENDING,), closed_at=at, decision=decision
    )
    if original is not None:
        original = _lock_both(handoff, original)
    clocks.stop(handoff, Metric.ACCEPT, at=at, known=accept_clock)
    state_changes.update_lead(
        handoff,
        EventKind.DUPLICATE,
        decision,
        notices.of_decision("handoff.duplicate", decision),
        from_state=from_state,
        by=by,
        at=at,
        payload=_payload(original, comment),
        owner=None,
    )
    if original is None:
        returns.open_return(handoff, at=at)
        return handoff
    Return.objects.create(
        handoff=handoff,
        marketing_team_id=handoff.lead.marketing_team_id,
        state=ReturnState.DUPLICATE,
        opened_at=at,
        answered_at=at,
        answered_by=by,
        original=original,
    )
    _close(handoff, original, decision, by=by, at=at)
    return handoff


@transaction.atomic
def link(handoff: Handoff, original: Lead, *, by: User, at: datetime) -> Return:
    """Answer the return of ``handoff``: its lead is a duplicate of ``original``.

    Raises WrongOriginal, MovedOn if it has another answer by now.
    """
    original = _lock_both(handoff, original)
    answered = returns.answer(
        handoff, handoff.lead, ReturnState.DUPLICATE, by=by, at=at, original=original
    )
    payload = _payload(original, "")
    state_changes.record(handoff, EventKind.DUPLICATE, by=by, at=at, payload=payload)
    _close(handoff, original, None, by=by, at=at)
    return answered


def _payload(original: Lead | None, comment: str) -> dict[str, Any]:
    payload: dict[str, Any] = {"comment": comment}
    if original is not None:
        # By its id: not every reader of this lead's history sees the other lead.
        payload["original"] = original.pk
    return payload


def _lock_both(handoff: Handoff, original: Lead) -> Lead:
    """Lock both leads; return ``original`` as it is now. Raises WrongOriginal."""
    if original.pk == handoff.lead_id:
        raise WrongOriginal(_("This is the lead itself."))
    rows = Lead.objects.select_for_update(no_key=True, of=("self",)).select_related("person")
    # By id: two leads may be called duplicates of each other at once.
    locked = {
        lead.pk: lead for lead in rows.filter(pk__in=[handoff.lead_id, original.pk]).order_by("pk")
    }
    handoff.lead = locked[handoff.lead_id]
    found = locked[original.pk]
    if found.archived_at is not None:
        raise WrongOriginal(_("This lead is archived."))
    if original_of(found) is not None:
        raise WrongOriginal(_("This lead is a duplicate itself."))
    if handoff.lead.duplicates.filter(state=ReturnState.DUPLICATE).exists():
        raise WrongOriginal(_("Other leads are duplicates of this one."))
    return found


def original_of(lead: Lead) -> Lead | None:
    """Return the lead that ``lead`` is a duplicate of, or None."""
    row = _link_of(lead)
    return row.original if row is not None else None


def _link_of(lead: Lead) -> Return | None:
    rows = Return.objects.filter(state=ReturnState.DUPLICATE, handoff__lead=lead)
    return rows.select_related("original__person").first()


def _close(
    handoff: Handoff, original: Lead, decision: Decision | None, *, by: User, at: datetime
) -> None:
    """Close the lead, and copy its valuable actions; the owner of ``original`` is told."""
    lead = handoff.lead
    stages.reach(lead, Stage.CLOSED, on=events.today(at))
    # What marketing meant to do with it.
    next_steps.end(lead.pk, at=at)
    for action in copied_actions.copy(lead, original, by=by, at=at):
        new_actions.follow(action, by=by, at=at, decision=decision)
