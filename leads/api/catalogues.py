"""What one has to know to use the API: teams, personas, reasons, kinds of actions, sources."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.accounts.models import Team
from crm.accounts.states import Side
from crm.lib import rest
from crm.lib.catalogue import in_use
from leads.models import OutcomeReason, Source, ValuableActionKind
from leads.states import OutcomeKind
from personas import personas
from personas.states import CriterionKind
from sla.models import PauseReason, RejectionReason
from sla.states import RejectionClass


class Coded(serializers.Serializer):
    """An entry of a catalogue; ``name`` in the language of the request."""

    code = serializers.CharField(read_only=True)
    name = serializers.CharField(source="__str__", read_only=True)


class ActionKindShown(Coded):
    """A kind of valuable action and what it is worth in engagement."""

    points = serializers.IntegerField(read_only=True)


class ActionKindList(serializers.Serializer):
    results = ActionKindShown(many=True, read_only=True)


class CodedList(serializers.Serializer):
    results = Coded(many=True, read_only=True)


class RejectionShown(Coded):
    """Why a handoff is not for sales."""

    reason_class = serializers.ChoiceField(
        choices=RejectionClass.choices, source="kind", read_only=True
    )
    needs_comment = serializers.BooleanField(read_only=True)


class RejectionList(serializers.Serializer):
    results = RejectionShown(many=True, read_only=True)


class OutcomeShown(Coded):
    """Why a lead was lost or disqualified."""

    outcome = serializers.ChoiceField(choices=OutcomeKind.choices, source="kind", read_only=True)


class OutcomeList(serializers.Serializer):
    results = OutcomeShown(many=True, read_only=True)


class TeamShown(rest.Named):
    """A team."""

    side = serializers.ChoiceField(choices=Side.choices, read_only=True)


class TeamList(serializers.Serializer):
    results = TeamShown(many=True, read_only=True)


class CriterionShown(serializers.Serializer):
    """One sentence of a persona that can be judged."""

    code = serializers.CharField(read_only=True)
    kind = serializers.ChoiceField(choices=CriterionKind.choices, read_only=True)
    text = serializers.CharField(source="__str__", read_only=True)


class PersonaInUse(serializers.Serializer):
    """The version of a persona that is in use; ``id`` is the version's."""

    id = serializers.IntegerField(read_only=True)
    slug = serializers.CharField(source="persona.slug", read_only=True)
    name = serializers.CharField(source="persona.__str__", read_only=True)
    number = serializers.IntegerField(read_only=True)
    criteria = CriterionShown(many=True, read_only=True, source="criteria.all")


class PersonaList(serializers.Serializer):
    results = PersonaInUse(many=True, read_only=True)


class Catalogue(APIView):
    """A short list, whole."""

    scope = ""
    tag = "catalogues"
    shown: type[serializers.Serializer] = CodedList

    def rows(self) -> Any:
        raise NotImplementedError

    def get(self, request: Request) -> Response:
        rest.check_query(request.query_params, ())
        return Response(self.shown({"results": self.rows()}).data)


def catalogue_of(name: str, summary: Any, shown: type[serializers.Serializer]) -> Any:
    """Document a catalogue and set its serializer."""
    described = extend_schema(operation_id=f"{name}_list", summary=summary, responses=shown)

    def decorate(view: type[Catalogue]) -> type[Catalogue]:
        view.shown = shown
        return extend_schema_view(get=described)(view)

    return decorate


@catalogue_of("teams", _("Teams"), TeamList)
class Teams(Catalogue):
    def rows(self) -> Any:
        return in_use(Team)


@catalogue_of("personas", _("Personas in use, with their criteria"), PersonaList)
class Personas(Catalogue):
    def rows(self) -> Any:
        return personas.published()


@catalogue_of(
    "rejection_reasons", _("Rejection reasons; an agreement may allow fewer"), RejectionList
)
class RejectionReasons(Catalogue):
    def rows(self) -> Any:
        return in_use(RejectionReason)


@catalogue_of("outcome_reasons", _("Reasons for lost and disqualified"), OutcomeList)
class OutcomeReasons(Catalogue):
    def rows(self) -> Any:
        return in_use(OutcomeReason)


@catalogue_of("pause_reasons", _("Reasons to pause a clock"), CodedList)
class PauseReasons(Catalogue):
    def rows(self) -> Any:
        return in_use(PauseReason)


@catalogue_of("action_kinds", _("Kinds of valuable actions"), ActionKindList)
class ActionKinds(Catalogue):
    def rows(self) -> Any:
        return in_use(ValuableActionKind)


@catalogue_of("sources", _("Sources"), CodedList)
class Sources(Catalogue):
    def rows(self) -> Any:
        return in_use(Source)
