"""Attempts worth a question, over the API: contacts by word alone, and equal notes."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.accounts.request import deny_unless, moment_of
from crm.lib import rest
from crm.lib.paging import BadParameter
from leads import permissions
from leads.api.follow_up.attempts import AttemptShown
from leads.api.request import CURSOR, LIMIT, PAGING
from leads.api.values import LeadOf
from leads.desks import team, unconfirmed
from leads.models import Attempt, Lead

NEWEST = rest.keys_of(unconfirmed.NEWEST)
CHOICES = {"list": ["word", "notes"], "of": ["me", "team"]}


class UnconfirmedShown(AttemptShown):
    """An attempt. ``times``: how often the note was written in the week, with ``notes`` only."""

    lead = LeadOf(allow_null=True, help_text=_("Null: you do not see this lead."))
    times = serializers.IntegerField(allow_null=True)


class UnconfirmedPage(rest.Answer):
    results = UnconfirmedShown(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class Unconfirmed(APIView):
    """The attempts of a person, or of the teams that the person leads."""

    scope = "handoffs:write"
    tag = "follow_up"

    @extend_schema(
        operation_id="attempts_unconfirmed",
        summary=_("List attempts worth a question, what was noted last first"),
        parameters=[
            OpenApiParameter(
                "list",
                str,
                enum=CHOICES["list"],
                description=_(
                    "word: reached by word alone, if it is not given; notes: equal ones."
                ),
            ),
            OpenApiParameter(
                "of",
                str,
                enum=CHOICES["of"],
                description=_("me, if it is not given; team: of the teams that you lead."),
            ),
            CURSOR,
            LIMIT,
        ],
        responses=UnconfirmedPage,
    )
    def get(self, request: Request) -> Response:
        query = request.query_params
        rest.check_query(query, (*CHOICES, *PAGING))
        rows = _listed(request).select_related("by", "handoff")
        page = rest.page(rows, NEWEST, cursor=query.get("cursor", ""), size=rest.size_of(query))
        leads = _leads_in_sight(request, page.rows)
        times: dict[int, int] = {}
        if query.get("list") == "notes":
            times = unconfirmed.how_often(page.rows)
        for attempt in page.rows:
            attempt.lead = leads.get(attempt.handoff.lead_id)
            attempt.times = times.get(attempt.pk)
        shown = UnconfirmedPage({"results": page.rows, "next_cursor": page.next or None})
        return Response(shown.data)


def _listed(request: Request) -> QuerySet[Attempt]:
    """Return the attempts that the query asks for. Raises BadParameter, PermissionDenied."""
    query, user = request.query_params, request.user
    for name, choices in CHOICES.items():
        if name in query and query[name] not in choices:
            message = _("Choose one of: %(choices)s.") % {"choices": ", ".join(choices)}
            raise BadParameter(message, fields={name: message})
    attempts = unconfirmed.own(user)
    if query.get("of") == "team":
        deny_unless(permissions.can_lead(user))
        attempts = unconfirmed.of_teams(team.teams_of(user))
    if query.get("list") == "notes":
        return unconfirmed.equal_notes(attempts, at=moment_of(user))
    return unconfirmed.by_word(attempts, at=moment_of(user))


def _leads_in_sight(request: Request, attempts: Any) -> dict[int, Lead]:
    ids = {attempt.handoff.lead_id for attempt in attempts}
    rows = Lead.objects.visible_to(request.user).filter(pk__in=ids)
    return {lead.pk: lead for lead in rows.select_related("person", "company")}
