"""The forms of the steps that a person may take with a handoff now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.forms import Form

from crm.accounts.models import User
from leads import permissions
from leads.forms.handoffs import (
    AttemptForm,
    EndForm,
    NoteForm,
    PauseForm,
    ReassignForm,
    RejectForm,
    WinForm,
)
from leads.models import Handoff
from leads.staff.handover import colleagues_for
from leads.states import HandoffState, OutcomeKind
from sla.agreements import rejection_reasons
from sla.clocks import pauses

MAY_CLOSE = (HandoffState.SQL, HandoffState.OPPORTUNITY)
MAY_DISQUALIFY = (HandoffState.CONTACTED, HandoffState.SQL)


def forms_for(
    user: User, handoff: Handoff | None, *, currency: str, at: datetime
) -> dict[str, Form]:
    """Return an empty form for each step that ``user`` may take, by the name of the step."""
    if handoff is None:
        return {}
    forms: dict[str, Form] = {}
    if permissions.can_decide(user, handoff):
        forms["reject"] = reject_form(handoff)
    if permissions.can_withdraw(user, handoff):
        forms["withdraw"] = withdraw_form()
    if permissions.can_reassign(user, handoff):
        forms["reassign"] = reassign_form(handoff, at=at)
    if permissions.can_work(user, handoff):
        forms |= _work_forms(user, handoff, currency=currency, at=at)
    return forms


def _work_forms(user: User, handoff: Handoff, *, currency: str, at: datetime) -> dict[str, Form]:
    forms: dict[str, Form] = {"attempt": attempt_form()}
    clock = handoff.clock
    if permissions.can_pause(user, handoff) and clock and pauses.can_pause(clock, at=at):
        forms["pause"] = pause_form(handoff)
    if handoff.state in MAY_CLOSE:
        forms["win"] = win_form(currency)
        forms["lose"] = end_form(OutcomeKind.LOST)
    if handoff.state in MAY_DISQUALIFY:
        forms["disqualify"] = end_form(OutcomeKind.DISQUALIFIED)
    return forms


def reject_form(handoff: Handoff, data: Any = None) -> RejectForm:
    """Return the form that rejects the handoff for a reason that its agreement allows."""
    reasons = rejection_reasons.allowed(handoff.agreement_version)
    return RejectForm(data, reasons=reasons, auto_id="id_reject_%s")


def withdraw_form(data: Any = None) -> NoteForm:
    return NoteForm(data, auto_id="id_withdraw_%s")


def reassign_form(handoff: Handoff, data: Any = None, *, at: datetime) -> ReassignForm:
    """Return the form that gives the handoff to a colleague who is not away."""
    colleagues = colleagues_for(handoff, at=at)
    return ReassignForm(data, colleagues=colleagues, auto_id="id_reassign_%s")


def pause_form(handoff: Handoff, data: Any = None) -> PauseForm:
    """Return the form that pauses the clock for a reason that the agreement allows."""
    allowed = pauses.allowed(handoff.policy)
    return PauseForm(data, allowed=allowed, auto_id="id_pause_%s")


def attempt_form(data: Any = None) -> AttemptForm:
    return AttemptForm(data, auto_id="id_attempt_%s")


def win_form(currency: str, data: Any = None) -> WinForm:
    return WinForm(data, currency=currency, auto_id="id_win_%s")


def end_form(kind: OutcomeKind, data: Any = None) -> EndForm:
    """Return the form that ends a lead without a sale: as lost or as disqualified."""
    name = "disqualify"
    if kind == OutcomeKind.LOST:
        name = "lose"
    return EndForm(data, kind=kind, auto_id=f"id_{name}_%s")
