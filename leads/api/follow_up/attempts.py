"""Attempts to reach a lead over the API: listed, begun by a link, and what came of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.accounts.models import User
from crm.accounts.request import moment_of
from crm.lib import rest
from leads import permissions, steps
from leads.api.handoff_serializers import fetch
from leads.api.handoff_steps import Step, StepView, step_view
from leads.api.request import body_of
from leads.follow_up import attempts
from leads.states import (
    KNOWN_OUTCOMES,
    LINKED,
    AttemptOutcome,
    ContactChannel,
    EvidenceTier,
)

# -- Answers


class AttemptShown(rest.Answer):
    """A try to reach the lead, what came of it, and how we know of it."""

    id = serializers.IntegerField()
    channel = serializers.ChoiceField(choices=ContactChannel.choices)
    outcome = serializers.ChoiceField(choices=AttemptOutcome.choices)
    tier = serializers.ChoiceField(choices=EvidenceTier.choices)
    at = rest.Moment()
    recorded_at = rest.Moment()
    by = rest.Named()
    note = serializers.CharField()


class AttemptList(rest.Answer):
    results = AttemptShown(many=True)


# -- Requests


class Contact(rest.Body):
    """A try to reach the lead."""

    channel = serializers.ChoiceField(choices=ContactChannel.choices)
    outcome = serializers.ChoiceField(
        choices=KNOWN_OUTCOMES,
        required=False,
        help_text=_("What came of it. Needed unless “reached” is given."),
    )
    reached = serializers.BooleanField(
        required=False,
        help_text=_("In place of an outcome: true for “reached”, false for “no_answer”."),
    )
    call_back_on = serializers.DateField(
        required=False,
        allow_null=True,
        help_text=_("The day that the person named, within 60 days; with “call_back” only."),
    )
    happened_at = rest.Moment(
        required=False,
        allow_null=True,
        help_text=_(
            "Date, time and offset from UTC (RFC 3339), as in 2026-12-03T15:30:00-05:00. Now if it"
            " is not given."
        ),
    )
    note = rest.OptionalLines(max_length=2000)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Give a body of the version before outcomes the one that it means."""
        was_reached = attrs.pop("reached", None)
        if "outcome" in attrs:
            return attrs
        if was_reached is None:
            raise serializers.ValidationError({"outcome": [_("Say what came of it.")]})
        outcome = AttemptOutcome.REACHED if was_reached else AttemptOutcome.NO_ANSWER
        return {**attrs, "outcome": outcome}


class Begun(rest.Body):
    """By which link of the lead an attempt begins."""

    channel = serializers.ChoiceField(choices=[(each.value, each.label) for each in LINKED])


class Outcome(rest.Body):
    """What came of an attempt that was begun."""

    attempt = rest.Whole(help_text=_("The id of an attempt that you have begun."))
    outcome = serializers.ChoiceField(choices=KNOWN_OUTCOMES)
    call_back_on = serializers.DateField(
        required=False,
        allow_null=True,
        help_text=_("The day that the person named, within 60 days; with “call_back” only."),
    )
    note = rest.OptionalLines(max_length=2000)


# -- Views


class Attempts(APIView):
    """The attempts of one handoff."""

    scope = "handoffs:write"
    tag = "follow_up"

    @extend_schema(
        operation_id="attempts_list",
        summary=_("List the attempts to reach the lead of a handoff, the newest first"),
        responses=AttemptList,
    )
    def get(self, request: Request, pk: int) -> Response:
        rest.check_query(request.query_params, ())
        handoff = fetch(request.user, pk)
        # What others have begun is no attempt yet, and their business.
        shown = ~Q(outcome=AttemptOutcome.BEGUN) | Q(by=request.user)
        rows = handoff.attempts.filter(shown).select_related("by").order_by("-at", "-id")
        return Response(AttemptList({"results": rows}).data)


class Begin(APIView):
    """A link of the lead that was clicked."""

    scope = "handoffs:write"
    tag = "follow_up"

    @extend_schema(
        operation_id="attempts_begin",
        summary=_("Begin an attempt by a link of the lead; it is no contact yet"),
        request=Begun,
        responses={201: AttemptShown},
    )
    def post(self, request: Request, pk: int) -> Response:
        now = moment_of(request.user)
        handoff = fetch(request.user, pk)
        steps.check(request.user, handoff, permissions.can_work)
        channel = body_of(Begun, request)["channel"]
        attempt = attempts.begin(handoff, ContactChannel(channel), by=request.user, at=now)
        return Response(AttemptShown(attempt).data, status=201)

    def check_seen(self, user: User, kept: Any, pk: int, *, at: datetime) -> None:
        fetch(user, pk)


@step_view("outcome", _("Say what came of an attempt that you have begun"), Outcome)
class Settle(StepView):
    tag = "follow_up"
    permission = permissions.can_work

    def act(self, step: Step) -> object:
        body = {"note": "", **step.body}
        return attempts.settle(step.handoff, body.pop("attempt"), **body, by=step.by, at=step.at)


@step_view("contact", _("Note an attempt; the first that reached a person is the contact"), Contact)
class Record(StepView):
    tag = "follow_up"
    permission = permissions.can_work

    def act(self, step: Step) -> object:
        return attempts.record(
            step.handoff,
            # A field that was not sent is missing from the cleaned body.
            **{"note": "", **step.body},
            by=step.by,
            at=step.at,
        )
