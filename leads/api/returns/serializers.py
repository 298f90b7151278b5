"""What is shown of returns and of the cases of the arbiter over the API."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from crm.lib import rest
from leads.api import values
from leads.api.values import ClockShown
from leads.models import Dispute, Lead, Return
from leads.states import DisputeKind, DisputeState, ReturnState


class ReturnShown(rest.Answer):
    """What sales sent back, on the desk of marketing."""

    state = serializers.ChoiceField(choices=ReturnState.choices)
    opened_at = rest.Moment()
    assigned_to = rest.Named(
        allow_null=True, help_text=_("Who answers; null for the team leads of marketing.")
    )
    answered_at = rest.Moment(allow_null=True)
    answered_by = rest.Named(allow_null=True)
    reason = serializers.CharField(source="reason.code", default=None, allow_null=True)
    comment = serializers.CharField()
    original = serializers.SerializerMethodField(
        help_text=_("The lead of which it is a duplicate; null if you do not see it."),
    )
    clock = serializers.SerializerMethodField(
        help_text=_("Of marketing's answer; null where the agreement promises none."),
    )

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_original(self, row: Return) -> int | None:
        if row.original_id is None:
            return None
        seen = Lead.objects.visible_to(self.context["user"])
        return seen.filter(pk=row.original_id).values_list("pk", flat=True).first()

    @extend_schema_field(ClockShown(allow_null=True))
    def get_clock(self, row: Return) -> dict[str, Any] | None:
        return values.clock_of(row.clock, at=self.context["at"])


class CaseShown(rest.Answer):
    """A dispute, or a lead that was rejected too often, before the arbiter."""

    kind = serializers.ChoiceField(choices=DisputeKind.choices)
    state = serializers.ChoiceField(choices=DisputeState.choices)
    opened_at = rest.Moment()
    opened_by = rest.Named(
        allow_null=True,
        help_text=_("Who contests; null where the number of rejections opened it."),
    )
    why = serializers.CharField()
    arbiter = rest.Named(allow_null=True, help_text=_("Null: the directors decide."))
    decided_at = rest.Moment(allow_null=True)
    decided_by = rest.Named(allow_null=True)
    comment = serializers.CharField(help_text=_("The reasons of the decision."))
    clock = serializers.SerializerMethodField()

    @extend_schema_field(ClockShown(allow_null=True))
    def get_clock(self, case: Dispute) -> dict[str, Any] | None:
        return values.clock_of(case.clock, at=self.context["at"])
