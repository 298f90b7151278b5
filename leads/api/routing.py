"""Where a handoff goes, over the API: back to marketing or to the queue, or to a colleague."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from crm.lib import rest
from leads import handoffs, permissions
from leads.api.handoff_steps import Step, StepView, step_view
from leads.staff.handover import colleagues_for


class Why(rest.Body):
    """The reason in words, which the history shows."""

    comment = rest.Lines(max_length=2000, help_text=_("Why; the history shows it."))


class NewOwner(Why):
    """Who gets the handoff, and why."""

    owner = serializers.IntegerField(help_text=_("The id of a colleague who is not away."))


@step_view("withdraw", _("Take a pending handoff back, with the reason"), Why)
class Withdraw(StepView):
    permission = permissions.can_withdraw

    def act(self, step: Step) -> object:
        return handoffs.withdraw(
            step.handoff,
            comment=step.comment,
            by=step.by,
            at=step.at,
        )


@step_view("requeue", _("Put a handoff back into the queue, with the reason"), Why)
class Requeue(StepView):
    permission = permissions.can_requeue

    def act(self, step: Step) -> object:
        return handoffs.requeue(
            step.handoff,
            cause=handoffs.cause_by_hand(step.at),
            why=step.comment,
            by=step.by,
            at=step.at,
        )


@step_view("reassign", _("Give a handoff to a colleague, with the reason"), NewOwner)
class Reassign(StepView):
    permission = permissions.can_reassign
    reads = ("owner",)

    def act(self, step: Step) -> object:
        # Not a queryset of the body: who may take it depends on the handoff.
        colleagues = {person.pk: person for person in colleagues_for(step.handoff, at=step.at)}
        owner = colleagues.get(step.body["owner"])
        if owner is None:
            message = _("Choose one of the colleagues.")
            raise serializers.ValidationError({"owner": [message]})
        return handoffs.reassign(
            step.handoff,
            owner,
            why=step.comment,
            by=step.by,
            at=step.at,
        )
