"""The steps of a handoff over the API. Each: sight, permission, body, one call.

The steps of its follow-up are in leads.api.follow_up, those of its return in leads.api.returns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.accounts.models import User
from crm.accounts.request import moment_of
from crm.lib import rest
from crm.lib.catalogue import in_use
from leads import departures, handoffs, permissions, steps
from leads.api.handoff_serializers import HandoffShown, fetch, show
from leads.api.request import body_of
from leads.handoffs import outcomes, pauses
from leads.handoffs.outcomes import Expected
from leads.models import Handoff, OutcomeReason
from leads.permissions import Permission
from leads.states import OutcomeKind
from sla.agreements import rejection_reasons
from sla.models import PauseReason

# -- Requests


class EmptyBody(rest.Body):
    """This step takes no fields."""


class Rejection(rest.Body):
    """Why the handoff is not for sales."""

    reason = rest.Line(max_length=60, help_text=_("Code of a rejection reason."))
    comment = rest.OptionalLines(max_length=2000)


class Waiting(rest.Body):
    """Why the clock pauses, and until when."""

    reason = rest.Code(
        queryset=in_use(PauseReason),
        help_text=_("Code of a reason that the handoff's agreement allows."),
    )
    until = rest.Moment(
        help_text=_("Date, time and offset from UTC (RFC 3339), as in 2026-12-03T15:30:00-05:00.")
    )
    note = rest.OptionalLines(max_length=2000)


class Expectation(rest.Body):
    """What is expected of an opportunity; null: not known."""

    expected_amount = rest.Amount(
        required=False,
        allow_null=True,
        help_text=_("In the organisation's currency, above 0."),
    )
    expected_close_on = serializers.DateField(
        required=False,
        allow_null=True,
        help_text=_("A date from today on, 2026-03-31."),
    )


class Win(rest.Body):
    amount = rest.Amount(help_text=_("In the organisation's currency, above 0."))


class Loss(rest.Body):
    reason = rest.Code(queryset=in_use(OutcomeReason).filter(kind=OutcomeKind.LOST))
    comment = rest.OptionalLines(max_length=2000)


class Disqualification(rest.Body):
    reason = rest.Code(queryset=in_use(OutcomeReason).filter(kind=OutcomeKind.DISQUALIFIED))
    comment = rest.OptionalLines(max_length=2000)


# -- Views


@dataclass(frozen=True)
class Step:
    """A step to take. ``body``: the cleaned body of the request."""

    handoff: Handoff
    body: dict[str, Any]
    by: User
    at: datetime

    @property
    def comment(self) -> str:
        return self.body.get("comment", "")


class StepView(APIView):
    """A step of a handoff: sight, role and state, body, one call."""

    scope = "handoffs:write"
    tag = "handoffs"
    permission: Permission
    body: type[rest.Body] = EmptyBody
    reads: tuple[str, ...] = ()  # relations that the step reads besides those of most steps

    def act(self, step: Step) -> object:
        raise NotImplementedError

    def fetch(self, user: User, pk: int, *, at: datetime) -> Handoff:
        return fetch(user, pk, *self.reads)

    def post(self, request: Request, pk: int) -> Response:
        # The order of answers: sight (404), role (403), state (409), and only then the body.
        now = moment_of(request.user)
        handoff = self.fetch(request.user, pk, at=now)
        steps.check(request.user, handoff, self.permission)
        body = body_of(self.body, request)
        self.act(Step(handoff, body, by=request.user, at=now))
        return show(pk, request.user, at=now)

    def check_seen(self, user: User, kept: Any, pk: int, *, at: datetime) -> None:
        """Raise what the step itself would raise of a handoff out of sight."""
        self.fetch(user, pk, at=at)


def step_view(name: str, summary: Any, body: type[rest.Body]) -> Callable[..., Any]:
    """Document a step and set its body."""
    described = extend_schema(
        operation_id=f"handoffs_{name}",
        summary=summary,
        request=body,
        responses=HandoffShown,
    )

    def decorate(view: type[StepView]) -> type[StepView]:
        view.body = body
        return extend_schema_view(post=described)(view)

    return decorate


class DecisionStep(StepView):
    """A step of the team whose queue the handoff is in."""

    permission = permissions.can_decide

    def fetch(self, user: User, pk: int, *, at: datetime) -> Handoff:
        try:
            return super().fetch(user, pk, at=at)
        except Http404:
            departures.check_not_just_taken(user, pk, at=at)
            raise


@step_view("accept", _("Accept a pending handoff"), EmptyBody)
class Accept(DecisionStep):
    def act(self, step: Step) -> object:
        return handoffs.accept(step.handoff, by=step.by, at=step.at)


@step_view("reject", _("Reject a pending handoff, with the reason"), Rejection)
class Reject(DecisionStep):
    reads = ("agreement_version",)

    def act(self, step: Step) -> object:
        # Not a field of the body: the allowed reasons depend on the handoff's agreement.
        reasons = rejection_reasons.allowed(step.handoff.agreement_version)
        reason = reasons.filter(code=step.body["reason"]).first()
        if reason is None:
            message = _("Choose one of the reasons.")
            raise serializers.ValidationError({"reason": [message]})
        return handoffs.reject(
            step.handoff,
            reason,
            comment=step.comment,
            by=step.by,
            at=step.at,
        )


@step_view("pause", _("Pause the clock because the lead asked for time"), Waiting)
class Pause(StepView):
    permission = permissions.can_pause

    def act(self, step: Step) -> object:
        return pauses.pause(
            step.handoff,
            **{"note": "", **step.body},
            by=step.by,
            at=step.at,
        )


@step_view("resume", _("End a pause before its time"), EmptyBody)
class Resume(StepView):
    permission = permissions.can_pause

    def act(self, step: Step) -> object:
        return pauses.resume(step.handoff, by=step.by, at=step.at)


@step_view("qualify", _("Qualify as SQL"), EmptyBody)
class Qualify(StepView):
    permission = permissions.can_qualify_sql
    reads = (
        "agreement_version",
        "persona_version",
        "lead__person",
        "lead__company",
        "lead__source",
    )

    def act(self, step: Step) -> object:
        return outcomes.qualify_sql(step.handoff, by=step.by, at=step.at)


@step_view("opportunity", _("Open an opportunity on an SQL"), Expectation)
class Opportunity(StepView):
    permission = permissions.can_open_opportunity

    def act(self, step: Step) -> object:
        expected = Expected(**step.body)
        return outcomes.open_opportunity(step.handoff, expected, by=step.by, at=step.at)


@step_view("expect", _("Change what is expected of an opportunity"), Expectation)
class Expect(StepView):
    permission = permissions.can_expect

    def act(self, step: Step) -> object:
        # A field that was not sent stays as it is.
        known = outcomes.expected_of(step.handoff)
        expected = replace(known, **step.body)
        return outcomes.expect(step.handoff, expected, by=step.by, at=step.at)


@step_view("win", _("Close as won, with the amount"), Win)
class CloseWon(StepView):
    permission = permissions.can_win

    def act(self, step: Step) -> object:
        return outcomes.win(
            step.handoff,
            step.body["amount"],
            by=step.by,
            at=step.at,
        )


@step_view("lose", _("Close as lost, with the reason"), Loss)
class CloseLost(StepView):
    permission = permissions.can_lose

    def act(self, step: Step) -> object:
        return outcomes.lose(
            step.handoff,
            step.body["reason"],
            comment=step.comment,
            by=step.by,
            at=step.at,
        )


@step_view(
    "disqualify", _("Close after contact as disqualified, with the reason"), Disqualification
)
class Disqualify(StepView):
    permission = permissions.can_disqualify

    def act(self, step: Step) -> object:
        return outcomes.disqualify(
            step.handoff,
            step.body["reason"],
            comment=step.comment,
            by=step.by,
            at=step.at,
        )
