"""Valuable actions and evidence of a lead over the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.accounts.models import User
from crm.accounts.request import moment_of
from crm.lib import rest
from crm.lib.catalogue import in_use
from leads import events, permissions, steps
from leads.api.leads import check_seen, fetch
from leads.api.request import body_of
from leads.models import Evidence, Lead, ValuableActionKind
from leads.qualification import judging, overrides, persona_match
from leads.records import leads
from leads.states import Verdict
from personas.models import PersonaVersion

# -- Answers


class ActionShown(rest.Answer):
    """Something the lead did that shows interest."""

    id = serializers.IntegerField()
    kind = serializers.CharField(source="kind.code")
    occurred_on = serializers.DateField()
    note = serializers.CharField()
    recorded_by = rest.Named(allow_null=True)
    recorded_at = rest.Moment()


class ActionList(rest.Answer):
    results = ActionShown(many=True)


class EvidenceShown(rest.Answer):
    """What proves or disproves a criterion."""

    id = serializers.IntegerField()
    criterion = serializers.CharField(source="code")
    # Read back as it is stored; a request may only set two of the three (NewEvidence).
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    value = serializers.CharField(source="payload.value", default="")
    source = serializers.CharField(source="payload.source", default="")
    overrides = serializers.BooleanField(help_text=_("Outweighs a fact that says otherwise."))
    reason = serializers.CharField(source="payload.reason", default="")
    by = rest.Named(source="actor", allow_null=True)
    at = rest.Moment()


# -- Requests


class NewAction(rest.Body):
    """A valuable action."""

    # The queryset is lazy: every request reads the catalogue as it is then.
    kind = rest.Code(queryset=in_use(ValuableActionKind))
    occurred_on = serializers.DateField(required=False, help_text=_("Today if it is not given."))
    note = rest.OptionalLines(max_length=2000)

    def validate_occurred_on(self, value: Any) -> Any:
        # Only with its context: the body itself reads no clock (one moment per operation).
        if value > self.context["today"]:
            raise serializers.ValidationError(_("This day has not come yet."))
        return value


class NewEvidence(rest.Body):
    """Proof of one criterion of the persona that judges the lead: verdict and value; or, with a
    reason alone, that one knows better than the fact that decided it, which then counts the other
    way round.
    """

    criterion = rest.Line(max_length=60)
    # Unknown is the result without evidence, so no one can add it.
    verdict = serializers.ChoiceField(
        choices=[(v, v.label) for v in (Verdict.MET, Verdict.NOT_MET)], required=False
    )
    value = rest.Line(max_length=500, required=False)
    source = rest.OptionalLine(max_length=200)
    reason = rest.Line(
        max_length=500, required=False, help_text=_("Why you know better than the fact.")
    )

    def validate(self, body: dict[str, Any]) -> dict[str, Any]:
        has_reason = "reason" in body
        message = _("This field is required.")
        if has_reason:
            message = _("Leave it out where you give a reason.")
        # An override carries a reason alone; plain evidence carries both others.
        wrong = [name for name in ("value", "verdict") if (name in body) == has_reason]
        if wrong:
            raise serializers.ValidationError(dict.fromkeys(wrong, message))
        return body


# -- Views


class LeadActions(APIView):
    """The valuable actions of a lead."""

    scope = "leads:write"
    tag = "leads"

    @extend_schema(
        operation_id="actions_list",
        summary=_("List a lead's valuable actions"),
        responses=ActionList,
    )
    def get(self, request: Request, pk: int) -> Response:
        rest.check_query(request.query_params, ())
        lead = get_object_or_404(Lead.objects.visible_to(request.user), pk=pk)
        actions = lead.valuable_actions.select_related("kind", "recorded_by")
        return Response(ActionList({"results": actions}).data)

    @extend_schema(
        operation_id="actions_create",
        summary=_("Note a valuable action"),
        request=NewAction,
        responses={201: ActionShown},
    )
    def post(self, request: Request, pk: int) -> Response:
        lead = fetch(request.user, pk)
        steps.check(request.user, lead, *permissions.CHANGE)
        now = moment_of(request.user)
        # The organisation's day, as on the page; the client may be in another zone.
        today = events.today(now)
        body = {"occurred_on": today, **body_of(NewAction, request, today=today)}
        action = leads.add_action(lead, body.pop("kind"), **body, by=request.user, at=now)
        return Response(ActionShown(action).data, status=201)

    def check_seen(self, user: User, kept: Any, pk: int, *, at: datetime) -> None:
        check_seen(user, pk)


class LeadEvidence(APIView):
    """What proves the criteria of a lead."""

    scope = "leads:write"
    tag = "leads"

    @extend_schema(
        operation_id="evidence_create",
        summary=_("Add evidence for a criterion"),
        request=NewEvidence,
        responses={201: EvidenceShown},
    )
    def post(self, request: Request, pk: int) -> Response:
        lead = fetch(request.user, pk)
        version = _judging_version(request.user, lead)
        body = body_of(NewEvidence, request)
        code = body["criterion"]
        if version is None or not judging.has_criterion(version, code):
            message = _("The persona has no such criterion.")
            raise serializers.ValidationError({"criterion": [message]})
        evidence = _add(lead, version, body, by=request.user)
        return Response(EvidenceShown(evidence).data, status=201)

    def check_seen(self, user: User, kept: Any, pk: int, *, at: datetime) -> None:
        check_seen(user, pk)


def _judging_version(user: User, lead: Lead) -> PersonaVersion | None:
    """Return the persona version whose criteria ``user`` may prove; 403 or 409 for others."""
    handoff = judging.latest_handoff(user, lead)
    # As on the page: while sales works on the lead, the version of the hand-off judges it.
    if steps.check_evidence(user, lead, handoff) == permissions.can_work:
        return judging.version_for(lead, handoff)
    return persona_match.usual_version(lead)


def _add(lead: Lead, version: PersonaVersion, body: dict[str, Any], *, by: User) -> Evidence:
    """Add the evidence; a reason alone overrides the fact that decided the criterion."""
    code = body["criterion"]
    source = body.get("source", "")
    now = moment_of(by)
    if "reason" in body:
        reason = body["reason"]
        return overrides.override(lead, version, code, reason=reason, source=source, by=by, at=now)
    return leads.add_evidence(
        lead, code, body["verdict"], value=body["value"], source=source, by=by, at=now
    )
