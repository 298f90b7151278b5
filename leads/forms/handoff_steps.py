"""The steps of a handoff after its decision: permission, form and call of each.

An entry in STEPS gives a step its address ``handoffs/<id>/<name>/`` (leads.urls) and its form on
the lead page. Accept, reject and undo have views of their own (leads.views.handoffs).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.forms import Form
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.lib import catalogue
from crm.lib.forms import EmptyForm, PageForm
from leads import handoffs, permissions
from leads.forms import follow_up, return_steps
from leads.forms.follow_up import AttemptForm
from leads.forms.handoffs import (
    CorrectAmountForm,
    EndForm,
    ExpectedForm,
    PauseForm,
    ReassignForm,
    RejectForm,
    ReopenForm,
    RequeueForm,
    WinForm,
    WithdrawForm,
)
from leads.handoffs import corrections, outcomes, pauses
from leads.handoffs.outcomes import Expected
from leads.models import Handoff, OutcomeReason
from leads.permissions import Permission
from leads.staff.handover import colleagues_for
from leads.states import OutcomeKind
from sla.agreements import rejection_reasons
from sla.clocks import pauses as clock_pauses

Data = dict[str, Any]


@dataclass(frozen=True)
class Situation:
    """What a form may depend on besides its handoff."""

    at: datetime
    currency: str


def always(*_args: object) -> bool:
    """Return True: the step has no condition of this kind."""
    return True


def never(*_args: object) -> bool:
    """Return False: the lead page draws this step by itself, where it is possible."""
    return False


@dataclass(frozen=True)
class HandoffStep:
    """One step of a handoff.

    ``permission``: who may take it, and when; leads.steps answers by it.
    ``act``: the call, as act(handoff, data, by=, at=); ``data``: the cleaned data of the form.
    ``message``: shown after the step, with the lead in it.
    ``form``: None for a step that is a button only. ``empty``: the same without a handoff, as
    empty(auto_id), where it has nothing of one.
    ``is_offered``: whether the lead page shows the form to a person who may take the step now.
    ``label``: draws form and button in the panel "Your next step"; without it a template of
    templates/leads draws them. ``is_final``: the button is red, because the step ends the handoff.
    """

    name: str
    permission: Permission
    act: Callable[..., object]
    message: Promise
    form: Callable[..., Form] | None = None
    empty: Callable[[str], EmptyForm] | None = None
    is_offered: Callable[[Handoff, Situation], bool] = always
    label: Promise | None = None
    is_final: bool = False

    @property
    def url_name(self) -> str:
        return f"handoff_{self.name}"

    @property
    def auto_id(self) -> str:
        # The page has the forms of several steps, and ids must not repeat.
        return f"id_{self.name}_%s"

    def form_for(self, handoff: Handoff, situation: Situation, data: Any = None) -> Form:
        """Return the form of the step, bound to ``data`` if given."""
        assert self.form is not None, f"{self.name} is a button only"
        return self.form(handoff, situation, data=data, auto_id=self.auto_id)

    def empty_form(self, handoff: Handoff, situation: Situation) -> PageForm:
        """Return the form of the step as the lead page shows it at first."""
        if self.empty is not None:
            return self.empty(self.auto_id)
        return self.form_for(handoff, situation)


def forms_for(
    user: User, handoff: Handoff | None, *, currency: str, at: datetime
) -> dict[str, PageForm]:
    """Return an empty form for each step that ``user`` may take, by the name of the step."""
    if handoff is None:
        return {}
    forms: dict[str, PageForm] = {}
    if permissions.can_decide(user, handoff):
        # A decision and not in STEPS, but its form is on the same page.
        forms["reject"] = reject_form(handoff)
    situation = Situation(at, currency)
    for step in STEPS.values():
        if step.form is None:
            continue
        if step.permission(user, handoff) and step.is_offered(handoff, situation):
            forms[step.name] = step.empty_form(handoff, situation)
    return forms


def labelled(forms: dict[str, PageForm]) -> list[tuple[HandoffStep, PageForm]]:
    """Return those of ``forms`` that the panel "Your next step" draws, with their steps."""
    steps = (STEPS[name] for name in forms if name in STEPS)
    return [(step, forms[step.name]) for step in steps if step.label]


def reject_form(handoff: Handoff, data: Any = None) -> RejectForm:
    """Return the form that rejects the handoff for a reason that its agreement allows."""
    reasons = rejection_reasons.allowed(handoff.agreement_version)
    return RejectForm(data, reasons=reasons, auto_id="id_reject_%s")


def _empty_end_form(kind: OutcomeKind, auto_id: str) -> EmptyForm:
    reasons = catalogue.choices(OutcomeReason, kind=kind.value)
    return EmptyForm(EndForm, auto_id, (("kind", kind), ("reasons", reasons)))


# -- Steps of marketing


def _withdraw_form(handoff: Handoff, situation: Situation, **bound: Any) -> WithdrawForm:
    return WithdrawForm(**bound)


def _withdraw(handoff: Handoff, data: Data, *, by: User, at: datetime) -> None:
    handoffs.withdraw(handoff, comment=data["comment"], by=by, at=at)


# -- Steps of team leads


def _requeue_form(handoff: Handoff, situation: Situation, **bound: Any) -> RequeueForm:
    return RequeueForm(**bound)


def _requeue(handoff: Handoff, data: Data, *, by: User, at: datetime) -> None:
    cause = handoffs.cause_by_hand(at)
    handoffs.requeue(handoff, by=by, at=at, cause=cause, why=data["comment"])


def _reassign_form(handoff: Handoff, situation: Situation, **bound: Any) -> ReassignForm:
    """Return the form with the colleagues who are not away."""
    colleagues = colleagues_for(handoff, at=situation.at)
    return ReassignForm(colleagues=colleagues, **bound)


def _reassign(handoff: Handoff, data: Data, *, by: User, at: datetime) -> None:
    handoffs.reassign(handoff, data["owner"], why=data["comment"], by=by, at=at)


# -- The clock


def _pause_form(handoff: Handoff, situation: Situation, **bound: Any) -> PauseForm:
    """Return the form with the reasons that the agreement allows."""
    allowed = clock_pauses.allowed(handoff.policy)
    return PauseForm(allowed=allowed, **bound)


def _has_pausable_clock(handoff: Handoff, situation: Situation) -> bool:
    clock = handoff.clock
    return clock is not None and clock_pauses.can_pause(clock, at=situation.at)


def _pause(handoff: Handoff, data: Data, *, by: User, at: datetime) -> None:
    pauses.pause(
        handoff,
        data["reason"],
        until=data["until"],
        note=data["note"],
        by=by,
        at=at,
    )


def _resume(handoff: Handoff, data: Data, *, by: User, at: datetime) -> None:
    pauses.resume(handoff, by=by, at=at)


# -- Steps of the owner


def _qualify_sql(handoff: Handoff, data: Data, *, by: User, at: datetime) -> None:
    outcomes.qualify_sql(handoff, by=by, at=at)


def _expected_form(handoff: Handoff, situation: Situation, **bound: Any) -> ExpectedForm:
    """Return the form with what is expected so far."""
    initial = {name: getattr(handoff, name) for name in ExpectedForm.base_fields}
    return ExpectedForm(currency=situation.currency, initial=initial, **bound)


def _open_opportunity(handoff: Handoff, data: Data, *, by: User, at: datetime) -> None:
    outcomes.open_opportunity(handoff, Expected(**data), by=by, at=at)


def _expect(handoff: Handoff, data: Data, *, by: User, at: datetime) -> None:
    outcomes.expect(handoff, Expected(**data), by=by, at=at)


def _win_form(handoff: Handoff, situation: Situation, **bound: Any) -> WinForm:
    return WinForm(currency=situation.currency, **bound)


def _win(handoff: Handoff, data: Data, *, by: User, at: datetime) -> None:
    outcomes.win(handoff, data["amount"], by=by, at=at)


def _lose_form(handoff: Handoff, situation: Situation, **bound: Any) -> EndForm:
    return EndForm(kind=OutcomeKind.LOST, **bound)


def _lose(handoff: Handoff, data: Data, *, by: User, at: datetime) -> None:
    outcomes.lose(handoff, data["reason"], comment=data["comment"], by=by, at=at)


def _disqualify_form(handoff: Handoff, situation: Situation, **bound: Any) -> EndForm:
    return EndForm(kind=OutcomeKind.DISQUALIFIED, **bound)


def _disqualify(handoff: Handoff, data: Data, *, by: User, at: datetime) -> None:
    outcomes.disqualify(handoff, data["reason"], comment=data["comment"], by=by, at=at)


# -- Corrections of an outcome


def _amount_form(handoff: Handoff, situation: Situation, **bound: Any) -> CorrectAmountForm:
    """Return the form with the amount as it is."""
    return CorrectAmountForm(
        currency=situation.currency,
        initial={"amount": handoff.amount},
        **bound,
    )


def _correct_amount(handoff: Handoff, data: Data, *, by: User, at: datetime) -> None:
    corrections.correct_amount(handoff, data["amount"], why=data["reason"], by=by, at=at)


def _reopen_form(handoff: Handoff, situation: Situation, **bound: Any) -> ReopenForm:
    return ReopenForm(**bound)


def _reopen(handoff: Handoff, data: Data, *, by: User, at: datetime) -> None:
    corrections.reopen(handoff, why=data["reason"], by=by, at=at)


# -- The registry


PARKED = _("%(lead)s is parked, until its date or a new valuable action wakes it.")

# In the order in which the lead page offers them.
_ALL = (
    HandoffStep(
        "withdraw",
        permission=permissions.can_withdraw,
        form=_withdraw_form,
        empty=partial(EmptyForm, WithdrawForm),
        act=_withdraw,
        message=_("%(lead)s is with marketing again, to be qualified or handed off anew."),
    ),
    HandoffStep(
        "uphold",
        permission=permissions.can_arbitrate,
        form=return_steps.verdict_form,
        act=return_steps.uphold,
        message=_("The rejection is overturned: %(lead)s is with sales again."),
        label=_("Overturn the rejection"),
    ),
    HandoffStep(
        "deny",
        permission=permissions.can_arbitrate,
        form=return_steps.verdict_form,
        act=return_steps.deny,
        message=_("The rejection stands: %(lead)s is back with marketing."),
        label=_("Let the rejection stand"),
    ),
    HandoffStep(
        "once-more",
        permission=permissions.can_settle,
        form=return_steps.verdict_form,
        act=return_steps.hand_off_again,
        message=_("%(lead)s is with sales once more."),
        label=_("Hand it off once more"),
    ),
    HandoffStep(
        "park-case",
        permission=permissions.can_settle,
        form=return_steps.recycle_form,
        act=return_steps.recycle_case,
        is_offered=return_steps.may_be_contacted,
        message=PARKED,
        label=_("Recycle: park it for later"),
    ),
    HandoffStep(
        "end-case",
        permission=permissions.can_settle,
        form=return_steps.close_form,
        act=return_steps.close_case,
        message=_("%(lead)s is closed. Marketing can take it up again."),
        label=_("Close the lead"),
        is_final=True,
    ),
    HandoffStep(
        "take-up",
        permission=permissions.can_take_up,
        act=return_steps.take_up,
        message=_("%(lead)s is open again and waits for marketing's answer."),
    ),
    HandoffStep(
        "requeue",
        permission=permissions.can_requeue,
        form=_requeue_form,
        act=_requeue,
        message=_("%(lead)s is back at the head of the queue."),
    ),
    HandoffStep(
        "reassign",
        permission=permissions.can_reassign,
        form=_reassign_form,
        act=_reassign,
        message=_("%(lead)s has a new owner, who is told."),
    ),
    HandoffStep(
        "pause",
        permission=permissions.can_pause,
        is_offered=_has_pausable_clock,
        form=_pause_form,
        act=_pause,
        message=_("The clock of %(lead)s is paused."),
    ),
    HandoffStep(
        "resume",
        permission=permissions.can_pause,
        act=_resume,
        message=_("The clock of %(lead)s runs again."),
    ),
    HandoffStep(
        "attempt",
        permission=permissions.can_work,
        form=follow_up.attempt_form,
        empty=partial(EmptyForm, AttemptForm),
        act=follow_up.attempt,
        message=_("Noted for %(lead)s."),
    ),
    HandoffStep(
        "outcome",
        permission=permissions.can_work,
        is_offered=never,
        form=follow_up.begun_form,
        act=follow_up.settle,
        message=_("Noted for %(lead)s."),
    ),
    HandoffStep(
        "give-back",
        permission=permissions.can_give_back,
        act=follow_up.give_back,
        message=_("%(lead)s is back with marketing."),
    ),
    HandoffStep(
        "not-reached",
        permission=permissions.can_end_unreached,
        is_offered=never,
        form=follow_up.not_reached_form,
        act=follow_up.not_reached,
        message=PARKED,
    ),
    HandoffStep(
        # Evidence has forms of its own on the page; this step is a button only.
        "sql",
        permission=permissions.can_qualify_sql,
        act=_qualify_sql,
        message=_("%(lead)s is an SQL."),
    ),
    HandoffStep(
        "opportunity",
        permission=permissions.can_open_opportunity,
        form=_expected_form,
        act=_open_opportunity,
        message=_("%(lead)s is an opportunity."),
    ),
    HandoffStep(
        "expect",
        permission=permissions.can_expect,
        form=_expected_form,
        act=_expect,
        message=_("Noted for %(lead)s."),
        label=_("Set expected amount and close date"),
    ),
    HandoffStep(
        "win",
        permission=permissions.can_win,
        form=_win_form,
        act=_win,
        message=_("%(lead)s is won. Congratulations!"),
    ),
    HandoffStep(
        "lose",
        permission=permissions.can_lose,
        form=_lose_form,
        empty=partial(_empty_end_form, OutcomeKind.LOST),
        act=_lose,
        message=_("%(lead)s is closed as lost."),
        label=_("Close as lost"),
        is_final=True,
    ),
    HandoffStep(
        "disqualify",
        permission=permissions.can_disqualify,
        form=_disqualify_form,
        empty=partial(_empty_end_form, OutcomeKind.DISQUALIFIED),
        act=_disqualify,
        message=_("%(lead)s is disqualified."),
        label=_("Disqualify"),
        is_final=True,
    ),
    HandoffStep(
        "recycle",
        permission=permissions.can_recycle,
        form=return_steps.recycle_form,
        act=return_steps.recycle,
        is_offered=return_steps.may_be_contacted,
        message=PARKED,
        label=_("Recycle: park it for later"),
    ),
    HandoffStep(
        "close",
        permission=permissions.can_answer_return,
        form=return_steps.close_form,
        act=return_steps.close,
        message=_("%(lead)s is closed. Marketing can take it up again."),
        label=_("Close the lead"),
        is_final=True,
    ),
    HandoffStep(
        "dispute",
        permission=permissions.can_dispute,
        form=return_steps.dispute_form,
        act=return_steps.dispute,
        message=_("The arbiter decides about %(lead)s, and you are told."),
        label=_("Contest the rejection"),
    ),
    HandoffStep(
        "wake",
        permission=permissions.can_wake,
        act=return_steps.wake,
        message=_("%(lead)s is awake and with marketing, ready to qualify."),
    ),
    HandoffStep(
        "amount",
        permission=permissions.can_correct_amount,
        form=_amount_form,
        act=_correct_amount,
        message=_("The amount of %(lead)s is corrected."),
    ),
    HandoffStep(
        "reopen",
        permission=permissions.can_reopen,
        form=_reopen_form,
        empty=partial(EmptyForm, ReopenForm),
        is_offered=return_steps.may_be_contacted,
        act=_reopen,
        message=_("%(lead)s is open again."),
    ),
)
STEPS = {step.name: step for step in _ALL}
