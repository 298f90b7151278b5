"""Corrections of outcomes over the API. Each: permission, body, one call."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.accounts.request import deny_unless
from crm.lib import rest
from leads import permissions
from leads.api.handoff_serializers import fetch
from leads.api.handoff_steps import Step, StepView, step_view
from leads.handoffs import corrections
from leads.models import Handoff
from leads.states import REOPENED_FROM, HandoffState


class Correction(rest.Body):
    """Another amount for a won handoff, and why."""

    amount = rest.Amount(help_text=_("In the organisation's currency, above 0."))
    reason = rest.Line(max_length=500, help_text=_("Why it is corrected."))


class Reopening(rest.Body):
    """Why an outcome is taken back."""

    reason = rest.Line(max_length=500, help_text=_("Why it is open again."))


@step_view("correct_amount", _("Correct the amount of a won handoff, with the reason"), Correction)
class CorrectAmount(StepView):
    def fetch(self, user: User, pk: int) -> Handoff:
        handoff = fetch(user, pk)
        # A handoff that is not won any more answers 409, not 403.
        is_won = handoff.state == HandoffState.WON
        deny_unless(not is_won or permissions.can_correct_amount(user, handoff))
        return handoff

    def act(self, step: Step) -> object:
        return corrections.correct_amount(
            step.handoff,
            step.body["amount"],
            why=step.body["reason"],
            by=step.by,
            at=step.at,
        )


@step_view("reopen", _("Take an outcome back to the state before it, with the reason"), Reopening)
class Reopen(StepView):
    def fetch(self, user: User, pk: int) -> Handoff:
        handoff = fetch(user, pk)
        has_outcome = handoff.state in REOPENED_FROM
        deny_unless(not has_outcome or permissions.can_reopen(user, handoff))
        return handoff

    def act(self, step: Step) -> object:
        return corrections.reopen(
            step.handoff,
            why=step.body["reason"],
            by=step.by,
            at=step.at,
        )
