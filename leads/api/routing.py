"""Where a handoff goes, over the API: to another team, back to marketing, to a colleague."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from crm.accounts.teams import sales_teams
from crm.lib import rest
from leads import handoffs, permissions
from leads.api.handoff_steps import DecisionStep, Step, StepView, step_view
from leads.models import Lead
from leads.returns import duplicates, misrouting
from leads.staff.handover import colleagues_for


class Why(rest.Body):
    """The reason in words, which the history shows."""

    comment = rest.Lines(max_length=2000, help_text=_("Why; the history shows it."))


class OtherTeam(rest.Body):
    """For which team the handoff is."""

    team = rest.Id(
        queryset=sales_teams(),
        required=False,
        allow_null=True,
        help_text=_("Another sales team; without it the lead goes to marketing."),
    )
    comment = rest.OptionalLines(max_length=2000)


class Original(rest.Body):
    """Of which lead it is a duplicate: one of those in sight."""

    original = rest.Whole(
        required=False,
        allow_null=True,
        help_text=_("The id of a lead in sight; without it the comment describes the other lead."),
    )
    comment = rest.OptionalLines(max_length=2000)


class Link(rest.Body):
    """Of which lead it is a duplicate: one of those in sight."""

    original = rest.Whole(help_text=_("The id of a lead in sight."))


class NewOwner(Why):
    """Who gets the handoff, and why."""

    owner = rest.Whole(help_text=_("The id of a colleague who is not away."))


@step_view("misroute", _("Say that a pending handoff is for another team"), OtherTeam)
class Misroute(DecisionStep):
    reads = ("agreement_version", "persona_version", "lead__marketing_team")

    def act(self, step: Step) -> object:
        return misrouting.misroute(
            step.handoff,
            step.body.get("team"),
            comment=step.comment,
            by=step.by,
            at=step.at,
        )


@step_view("duplicate", _("Say that a pending handoff is a duplicate of another lead"), Original)
class Duplicate(DecisionStep):
    reads = ("agreement_version", "lead__marketing_team")

    def act(self, step: Step) -> object:
        return duplicates.mark(
            step.handoff,
            _original(step),
            comment=step.comment,
            by=step.by,
            at=step.at,
        )


@step_view("link", _("Link a lead that sales sent back with its original"), Link)
class LinkDuplicate(StepView):
    permission = permissions.can_answer_return

    def act(self, step: Step) -> object:
        original = _original(step)
        assert original is not None, "the body asks for it"
        return duplicates.link(step.handoff, original, by=step.by, at=step.at)


def _original(step: Step) -> Lead | None:
    """Return the lead that the body names. Raises ValidationError for one out of sight."""
    pk = step.body.get("original")
    if pk is None:
        return None
    original = duplicates.pick(step.by, pk)
    if original is None:
        message = _("You see no such lead. Describe it in words.")
        raise serializers.ValidationError({"original": [message]})
    return original


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
