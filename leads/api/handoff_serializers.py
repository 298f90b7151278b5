"""What is shown of a handoff over the API, and the rows that it takes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from crm.accounts.models import User
from crm.lib import rest
from leads.api import handoff_rows, values
from leads.api.lead_serializers import PersonaShown
from leads.api.returns.serializers import CaseShown, ReturnShown
from leads.api.values import ClockShown, LeadOf
from leads.models import Decision, Dispute, Handoff, Return
from leads.states import DecisionKind, HandoffState, ReturnState
from sla.states import RejectionClass


class DecisionShown(rest.Answer):
    """Accepted or rejected, by whom and why."""

    kind = serializers.ChoiceField(choices=DecisionKind.choices)
    by = rest.Named()
    at = rest.Moment()
    reason = serializers.CharField(source="reason.code", default=None, allow_null=True)
    reason_class = serializers.ChoiceField(
        choices=RejectionClass.choices,
        source="reason.kind",
        default=None,
        allow_null=True,
    )
    comment = serializers.CharField()


class AgreementOf(rest.Answer):
    """The version of the agreement that judges the handoff."""

    id = serializers.IntegerField()
    number = serializers.IntegerField()


class HandoffShown(rest.Answer):
    """One passing of one lead from marketing to sales."""

    id = serializers.IntegerField()
    lead = LeadOf()
    cycle = serializers.IntegerField()
    state = serializers.ChoiceField(choices=HandoffState.choices)
    team = rest.Named()
    owner = rest.Named(allow_null=True)
    submitted_by = rest.Named()
    submitted_at = rest.Moment()
    requeued_at = rest.Moment(allow_null=True)
    accepted_at = rest.Moment(allow_null=True)
    contacted_at = rest.Moment(allow_null=True)
    sql_at = rest.Moment(allow_null=True)
    opportunity_at = rest.Moment(allow_null=True)
    closed_at = rest.Moment(allow_null=True)
    clock = serializers.SerializerMethodField()
    decision = serializers.SerializerMethodField()
    note = serializers.CharField()
    proves_sql = serializers.BooleanField(help_text=_("The package proves means and authority."))
    fit_score = serializers.IntegerField(allow_null=True, help_text=_("At the hand-off, of 100."))
    engagement_score = serializers.IntegerField(
        allow_null=True, help_text=_("At the hand-off, of 100.")
    )
    overrides = serializers.IntegerField(
        help_text=_("How many judgements of it a person overruled, the score included."),
    )
    expected_amount = serializers.DecimalField(
        max_digits=14,
        decimal_places=2,
        allow_null=True,
        help_text=_("Of an opportunity, in the organisation's currency."),
    )
    expected_close_on = serializers.DateField(allow_null=True)
    amount = serializers.DecimalField(
        max_digits=14,
        decimal_places=2,
        allow_null=True,
        help_text=_("In the organisation's currency."),
    )
    outcome_reason = serializers.CharField(
        source="outcome_reason.code", default=None, allow_null=True
    )
    persona = PersonaShown(source="persona_version")
    agreement = AgreementOf(source="agreement_version")
    case = serializers.SerializerMethodField(
        help_text=_("What the arbiter decides or decided; null for others.")
    )

    def get_fields(self) -> dict[str, Any]:
        # "return" is a word of Python, so that no attribute of the class can have this name.
        returned = serializers.SerializerMethodField(
            help_text=_("Of what sales sent back; null for others.")
        )
        fields = super().get_fields()
        case = fields.pop("case")
        return {**fields, "return": returned, "case": case}

    @extend_schema_field(ClockShown(allow_null=True))
    def get_clock(self, handoff: Handoff) -> dict[str, Any] | None:
        # The moment of the request, the same for all rows of a page.
        return values.clock_of(handoff.clock, at=self.context["at"])

    @extend_schema_field(ReturnShown(allow_null=True))
    def get_return(self, handoff: Handoff) -> dict[str, Any] | None:
        returns = handoff.standing_returns  # type: ignore[attr-defined]  # as below
        if not returns:
            return None
        return dict(ReturnShown(returns[0], context=self.context).data)

    @extend_schema_field(CaseShown(allow_null=True))
    def get_case(self, handoff: Handoff) -> dict[str, Any] | None:
        cases = handoff.standing_cases  # type: ignore[attr-defined]  # as below
        if not cases:
            return None
        return dict(CaseShown(cases[0], context=self.context).data)

    @extend_schema_field(DecisionShown(allow_null=True))
    def get_decision(self, handoff: Handoff) -> dict[str, Any] | None:
        decisions = handoff.standing  # type: ignore[attr-defined]  # with_details() reads it
        if not decisions:
            return None
        return dict(DecisionShown(decisions[0]).data)


class HandoffPage(rest.Answer):
    results = HandoffShown(many=True)
    next_cursor = serializers.CharField(allow_null=True)


# -- Rows

# The relations that most steps read.
OF_STEPS = ("lead", "owner", "team", "clock", "submitted_by")


def with_details(rows: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """Return ``rows`` with all that HandoffShown shows, in four queries."""
    decisions = Decision.objects.standing()
    rows = rows.select_related(
        "lead__person",
        "lead__company",
        "lead__source",
        "lead__marketing_team",
        "owner",
        "team",
        "clock",
        "persona_version__persona",
        "agreement_version",
        "submitted_by",
        "outcome_reason",
    )
    # One query for a whole page; a relation by row would be one each.
    standing = Prefetch("decisions", decisions.select_related("by", "reason"), to_attr="standing")
    returns = Return.objects.exclude(state=ReturnState.CANCELLED)
    returns = returns.select_related("assigned_to", "answered_by", "reason", "clock")
    cases = Dispute.objects.standing()
    cases = cases.select_related("arbiter", "opened_by", "decided_by", "clock")
    return rows.prefetch_related(
        standing,
        Prefetch("returns", returns, to_attr="standing_returns"),
        Prefetch("disputes", cases, to_attr="standing_cases"),
    )


def fetch(user: User, pk: int, *more: str) -> Handoff:
    """Return the handoff with what steps read of it; 404 unless ``user`` may see it.

    ``more``: the relations that this step reads besides.
    """
    rows = Handoff.objects.visible_to(user).select_related(*OF_STEPS, *more)
    return get_object_or_404(rows, pk=pk)


def show(pk: int, user: User, *, at: datetime, status: int = 200) -> Response:
    """Return the handoff as it is after a step, which its actor may not see any more."""
    # Read again, because the step has changed owner, clock and decision. Not visible_to: the step
    # itself may have moved the handoff out of the sight of its actor.
    handoff = handoff_rows.shown(pk, user, at=at)
    headers = {}
    if status == 201:
        headers["Location"] = f"/api/v1/handoffs/{pk}/"
    return Response(handoff, status=status, headers=headers)
