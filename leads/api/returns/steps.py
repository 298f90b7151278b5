"""The steps of a rejected or recycled lead: answers to a return, parking and waking.

Another hand-off is an answer, too (leads.api.handoffs), and so is a dispute.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from crm.lib import rest
from crm.lib.catalogue import in_use
from leads import permissions
from leads.api.handoff_steps import EmptyBody, Step, StepView, step_view
from leads.models import OutcomeReason
from leads.returns import giving_back, recycling, returns
from leads.states import OutcomeKind


class Closing(rest.Body):
    reason = rest.Code(queryset=in_use(OutcomeReason).filter(kind=OutcomeKind.CLOSED))
    comment = rest.OptionalLines(max_length=2000)


@step_view("close", _("Close a rejected lead, with the reason"), Closing)
class Close(StepView):
    permission = permissions.can_answer_return

    def act(self, step: Step) -> object:
        return returns.close(
            step.handoff,
            step.body["reason"],
            comment=step.comment,
            by=step.by,
            at=step.at,
        )


class Unreached(rest.Body):
    wake_on = serializers.DateField(
        required=False,
        allow_null=True,
        help_text=_("A date from tomorrow on; a new valuable action wakes it, too."),
    )
    comment = rest.OptionalLines(max_length=2000)


class Parking(Unreached):
    reason = rest.Code(queryset=in_use(OutcomeReason).filter(kind=OutcomeKind.RECYCLED))


@step_view("recycle", _("Recycle: park a lead for later"), Parking)
class Recycle(StepView):
    permission = permissions.can_recycle

    def act(self, step: Step) -> object:
        return recycling.park(
            step.handoff,
            step.body["reason"],
            wake_on=step.body.get("wake_on"),
            comment=step.comment,
            by=step.by,
            at=step.at,
        )


@step_view("wake", _("Wake a recycled lead"), EmptyBody)
class Wake(StepView):
    permission = permissions.can_wake

    def act(self, step: Step) -> object:
        return recycling.wake_by_hand(step.handoff.lead, by=step.by, at=step.at)


@step_view("take_up", _("Take a closed lead up again"), EmptyBody)
class TakeUp(StepView):
    permission = permissions.can_take_up

    def act(self, step: Step) -> object:
        return returns.take_up(step.handoff, by=step.by, at=step.at)


@step_view("not_reached", _("Recycle a lead that was not reached as often as agreed"), Unreached)
class NotReached(StepView):
    permission = permissions.can_end_unreached
    reads = ("agreement_version",)

    def act(self, step: Step) -> object:
        return recycling.not_reached(
            step.handoff,
            wake_on=step.body.get("wake_on"),
            comment=step.comment,
            by=step.by,
            at=step.at,
        )


@step_view("give_back", _("Give back a lead whose contact data are wrong"), EmptyBody)
class GiveBack(StepView):
    permission = permissions.can_give_back
    reads = ("agreement_version",)

    def act(self, step: Step) -> object:
        return giving_back.give_back(step.handoff, by=step.by, at=step.at)
