"""The catalogues that requests refer to: teams, personas, reasons, kinds of actions, sources."""

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


class Coded(rest.Answer):
    """An entry of a catalogue; ``name`` in the language of the request."""

    code = serializers.CharField()
    # __str__ of a catalogue's row returns its name in the active language.
    name = serializers.CharField(source="__str__")


class ActionKindShown(Coded):
    """A kind of valuable action and what it is worth in engagement."""

    points = serializers.IntegerField()


class ActionKindList(rest.Answer):
    results = ActionKindShown(many=True)


class CodedList(rest.Answer):
    results = Coded(many=True)


class RejectionShown(Coded):
    """Why a handoff is not for sales."""

    reason_class = serializers.ChoiceField(choices=RejectionClass.choices, source="kind")
    needs_comment = serializers.BooleanField()


class RejectionList(rest.Answer):
    results = RejectionShown(many=True)


class OutcomeShown(Coded):
    """Why a lead was lost or disqualified."""

    outcome = serializers.ChoiceField(choices=OutcomeKind.choices, source="kind")


class OutcomeList(rest.Answer):
    results = OutcomeShown(many=True)


class TeamShown(rest.Named):
    """A team."""

    side = serializers.ChoiceField(choices=Side.choices)


class TeamList(rest.Answer):
    results = TeamShown(many=True)


class CriterionShown(rest.Answer):
    """One sentence of a persona that can be judged."""

    code = serializers.CharField()
    kind = serializers.ChoiceField(choices=CriterionKind.choices)
    text = serializers.CharField(source="__str__")


class PersonaInUse(rest.Answer):
    """The version of a persona that is in use; ``id`` is the version's."""

    id = serializers.IntegerField()
    slug = serializers.CharField(source="persona.slug")
    name = serializers.CharField(source="persona.__str__")
    number = serializers.IntegerField()
    # personas.published() has prefetched them.
    criteria = CriterionShown(many=True, source="criteria.all")


class PersonaList(rest.Answer):
    results = PersonaInUse(many=True)


class Catalogue(APIView):
    """A short list, whole."""

    # No scope for changes: a catalogue is only read, for which every key needs "read".
    scope = ""
    tag = "catalogues"
    shown: type[rest.Answer] = CodedList

    def rows(self) -> Any:
        raise NotImplementedError

    def get(self, request: Request) -> Response:
        # A catalogue takes no parameters, and unknown ones are refused everywhere.
        rest.check_query(request.query_params, ())
        return Response(self.shown({"results": self.rows()}).data)


def catalogue_of(name: str, summary: Any, shown: type[rest.Answer]) -> Any:
    """Document a catalogue and set its serializer."""
    # Serializer and documentation are set at one place, so that they cannot differ.
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
