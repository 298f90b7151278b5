"""What the arbiter decides over the API: disputes, and leads that were rejected too often."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crm.lib import rest
from leads import permissions
from leads.api.handoff_steps import Step, StepView, step_view
from leads.api.returns.steps import Closing, Parking
from leads.returns import disputes

RELATIONS = ("agreement_version", "lead__source", "persona_version__persona")


class Argument(rest.Body):
    comment = rest.Lines(max_length=2000, help_text=_("Why the rejection is wrong."))


class Verdict(rest.Body):
    comment = rest.Lines(max_length=2000, help_text=_("The reasons of the decision."))


@step_view("dispute", _("Contest a rejection; the arbiter decides"), Argument)
class Dispute(StepView):
    permission = permissions.can_dispute
    reads = RELATIONS

    def act(self, step: Step) -> object:
        return disputes.contest(step.handoff, step.comment, by=step.by, at=step.at)


@step_view("uphold", _("As the arbiter, overturn a contested rejection"), Verdict)
class Uphold(StepView):
    permission = permissions.can_arbitrate
    reads = RELATIONS

    def act(self, step: Step) -> object:
        return disputes.uphold(step.handoff, comment=step.comment, by=step.by, at=step.at)


@step_view("deny", _("As the arbiter, let a contested rejection stand"), Verdict)
class Deny(StepView):
    permission = permissions.can_arbitrate
    reads = RELATIONS

    def act(self, step: Step) -> object:
        return disputes.deny(step.handoff, comment=step.comment, by=step.by, at=step.at)


@step_view("once_more", _("As the arbiter, hand a lead off that was rejected too often"), Verdict)
class OnceMore(StepView):
    permission = permissions.can_settle
    reads = RELATIONS

    def act(self, step: Step) -> object:
        return disputes.hand_off_again(step.handoff, comment=step.comment, by=step.by, at=step.at)


@step_view("end_case", _("As the arbiter, close a lead that was rejected too often"), Closing)
class EndCase(StepView):
    permission = permissions.can_settle
    reads = RELATIONS

    def act(self, step: Step) -> object:
        return disputes.close(
            step.handoff,
            step.body["reason"],
            comment=step.comment,
            by=step.by,
            at=step.at,
        )


@step_view("park_case", _("As the arbiter, park a lead that was rejected too often"), Parking)
class ParkCase(StepView):
    permission = permissions.can_settle
    reads = RELATIONS

    def act(self, step: Step) -> object:
        return disputes.recycle(
            step.handoff,
            step.body["reason"],
            wake_on=step.body.get("wake_on"),
            comment=step.comment,
            by=step.by,
            at=step.at,
        )
