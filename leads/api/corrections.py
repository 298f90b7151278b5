"""Corrections of outcomes over the API. Each: permission, body, one call."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crm.lib import rest
from leads import permissions
from leads.api.handoff_steps import Step, StepView, step_view
from leads.handoffs import corrections


class Correction(rest.Body):
    """Another amount for a won handoff, and why."""

    amount = rest.Amount(help_text=_("In the organisation's currency, above 0."))
    reason = rest.Line(max_length=500, help_text=_("Why it is corrected."))


class Reopening(rest.Body):
    """Why an outcome is taken back."""

    reason = rest.Line(max_length=500, help_text=_("Why it is open again."))


@step_view("correct_amount", _("Correct the amount of a won handoff, with the reason"), Correction)
class CorrectAmount(StepView):
    permission = permissions.can_correct_amount

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
    permission = permissions.can_reopen

    def act(self, step: Step) -> object:
        return corrections.reopen(
            step.handoff,
            why=step.body["reason"],
            by=step.by,
            at=step.at,
        )
