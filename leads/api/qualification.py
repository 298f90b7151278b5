"""How a lead is judged over the API: criteria, what would settle each, and both scores."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.accounts.request import moment_of
from crm.lib import rest
from crm.lib.bilingual import in_language
from leads import events, permissions
from leads.api.lead_serializers import PersonaShown
from leads.models import Lead
from leads.qualification import facts, judging, persona_match
from leads.qualification.rules import ASK, CORRECT, GIVE, Assessment, Judgement
from leads.qualification.scores import Score, ScoreLine
from leads.states import Verdict
from personas.states import CriterionKind

# An empty text means that nothing is to be settled; the API shows it as null.
SETTLES = [
    (GIVE, _("Give the field")),
    (ASK, _("Ask and note who said so")),
    (CORRECT, _("Correct the field")),
]


class JudgementShown(rest.Answer):
    """One criterion as it is judged now.

    ``settles``: what would settle it; null where it speaks for the lead.
    """

    criterion = serializers.CharField(source="rule.code")
    kind = serializers.ChoiceField(choices=CriterionKind.choices, source="rule.kind")
    text = serializers.SerializerMethodField()
    field = serializers.CharField(source="rule.field")
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    is_overridden = serializers.BooleanField()
    reason = serializers.CharField(source="proof.reason", default="")
    settles = serializers.SerializerMethodField()

    def get_text(self, judgement: Judgement) -> str:
        return in_language(judgement.rule.text)

    @extend_schema_field(serializers.ChoiceField(choices=SETTLES, allow_null=True))
    def get_settles(self, judgement: Judgement) -> str | None:
        return judgement.settles or None


class LineShown(rest.Answer):
    """One line of a score's log: a criterion met, an action, what time took away, what lies above
    100.
    """

    points = serializers.IntegerField()
    kind = serializers.CharField(help_text=_("criterion, action, decay or cap"))
    code = serializers.CharField()
    text = serializers.SerializerMethodField()
    on = serializers.DateField(allow_null=True)
    days = serializers.IntegerField(allow_null=True)

    def get_text(self, line: ScoreLine) -> str:
        return in_language(line.text)


class ScoreShown(rest.Answer):
    """From 0 to 100: the sum of its log. ``open``: what would still be gained."""

    total = serializers.IntegerField()
    log = LineShown(source="lines", many=True)
    open = serializers.SerializerMethodField()

    @extend_schema_field(LineShown(many=True))
    def get_open(self, score: Score) -> list[Any]:
        return list(LineShown(score.open, many=True).data)


class ScoresShown(rest.Answer):
    fit = ScoreShown()
    engagement = ScoreShown()


class MatchShown(rest.Answer):
    """A persona in use and how much of it the lead meets."""

    persona = PersonaShown(source="version")
    fits = serializers.BooleanField(source="assessment.fits")
    fit_score = serializers.IntegerField(source="fit.total")


class QualificationShown(rest.Answer):
    """The lead as it is judged at this moment; nulls where there is no persona to judge by."""

    persona = PersonaShown(allow_null=True)
    fits = serializers.BooleanField(allow_null=True)
    actions_that_count = serializers.IntegerField(allow_null=True)
    is_mql = serializers.BooleanField(allow_null=True)
    judgements = JudgementShown(many=True)
    scores = ScoresShown(allow_null=True)
    suggestions = MatchShown(many=True, help_text=_("Personas in use, the best match first."))


class Qualification(APIView):
    """How one lead is judged."""

    scope = ""
    tag = "leads"

    @extend_schema(
        operation_id="leads_qualification",
        summary=_("Read how a lead is judged: criteria, what would settle them, scores"),
        responses=QualificationShown,
    )
    def get(self, request: Request, pk: int) -> Response:
        rest.check_query(request.query_params, ())
        user = request.user
        lead = get_object_or_404(Lead.objects.visible_to(user).with_names(), pk=pk)
        handoff = judging.latest_handoff(user, lead)
        # Suggestions are for those who may choose the persona by them.
        can_qualify = permissions.can_qualify(user, lead)
        version, assessment, scores = judging.judge_now(
            lead,
            handoff,
            actions=facts.actions_of(lead),
            today=events.today(moment_of(request.user)),
            suggest=can_qualify,
        )
        matches = persona_match.matches(lead, facts.terms_in_force()) if can_qualify else []
        shown = {"persona": version, "scores": scores, "suggestions": matches}
        shown |= _assessment_shown(assessment)
        return Response(QualificationShown(shown).data)


def _assessment_shown(assessment: Assessment | None) -> dict[str, Any]:
    if assessment is None:
        return {"fits": None, "actions_that_count": None, "is_mql": None, "judgements": []}
    return {
        "fits": assessment.fits,
        "actions_that_count": assessment.action_count,
        "is_mql": assessment.is_mql,
        "judgements": assessment.judgements,
    }
