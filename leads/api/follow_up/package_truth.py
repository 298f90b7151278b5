"""The truth of a package over the API: what the rep says of its criteria after the end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

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
from leads.api.handoff_serializers import HandoffShown, fetch, show
from leads.api.request import body_of
from leads.follow_up import package_truth
from leads.states import Truth


class TruthShown(rest.Answer):
    """A criterion of the package, and whether it was true; null: not answered."""

    code = serializers.CharField()
    text = serializers.CharField()
    answer = serializers.ChoiceField(choices=Truth.choices, allow_null=True)
    by = rest.Named(allow_null=True)
    at = rest.Moment(allow_null=True)


class TruthList(rest.Answer):
    results = TruthShown(many=True)


class TruthAnswer(rest.Body):
    """Whether a criterion of the package was true."""

    code = rest.Line(max_length=60, help_text=_("Code of a criterion of the handoff's persona."))
    answer = serializers.ChoiceField(choices=Truth.choices)


class PackageTruth(APIView):
    """The criteria of a package, each to be answered once the lead has an end."""

    scope = "handoffs:write"
    tag = "follow_up"

    @extend_schema(
        operation_id="truth_list",
        summary=_("List whether the criteria of the package were true"),
        responses=TruthList,
    )
    def get(self, request: Request, pk: int) -> Response:
        rest.check_query(request.query_params, ())
        handoff = fetch(request.user, pk, "persona_version")
        answers = package_truth.answers(handoff)
        rows = []
        for criterion in handoff.persona_version.criteria.all():
            known = answers.get(criterion.code)
            row: dict[str, Any] = {"code": criterion.code, "text": str(criterion)}
            for name in ("answer", "by", "at"):
                row[name] = getattr(known, name, None)
            rows.append(row)
        return Response(TruthList({"results": rows}).data)

    @extend_schema(
        operation_id="handoffs_truth",
        summary=_("Say whether a criterion of the package was true"),
        request=TruthAnswer,
        responses=HandoffShown,
    )
    def post(self, request: Request, pk: int) -> Response:
        now = moment_of(request.user)
        handoff = fetch(request.user, pk, "persona_version")
        steps.check(request.user, handoff, permissions.can_judge_package)
        body = body_of(TruthAnswer, request)
        package_truth.answer(handoff, body["code"], body["answer"], by=request.user, at=now)
        return show(pk, request.user, at=now)

    def check_seen(self, user: User, kept: Any, pk: int, *, at: datetime) -> None:
        fetch(user, pk)
