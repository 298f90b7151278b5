"""Handoffs over the API: the same functions, sight and permissions as their pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.accounts.models import User
from crm.accounts.request import moment_of
from crm.accounts.teams import sales_teams
from crm.lib import rest
from crm.lib.input.numbers import whole
from crm.lib.paging import BadParameter, Order
from leads import handoffs, permissions, steps
from leads.api import handoff_rows
from leads.api.handoff_serializers import HandoffPage, HandoffShown, fetch, show
from leads.api.leads import check_seen as check_lead_seen
from leads.api.leads import fetch as fetch_lead
from leads.api.request import CURSOR, LIMIT, PAGING, body_of
from leads.handoffs.queue.tabs import BY_PLACE, place
from leads.models import Dispute, Handoff, Return
from leads.returns import cases
from leads.states import HandoffState, ReturnState
from personas.models import PersonaVersion
from personas.states import VersionState

NEWEST = Order("submitted_at", descending=True)
ORDERS = {"newest": rest.keys_of(NEWEST), "queue": rest.keys_of(BY_PLACE)}
CHOICES = {
    "state": HandoffState.values,
    "mine": ["true", "false"],
    "return": [state for state in ReturnState.values if state != ReturnState.CANCELLED],
    "case": ["open", "mine"],
    "order": list(ORDERS),
}
PARAMETERS = (*CHOICES, "marketing_team")


class NewHandoff(rest.Body):
    """Where a lead goes. It is qualified on the way, if need be."""

    team = rest.Id(queryset=sales_teams(), help_text=_("A sales team."))
    persona_version = rest.Id(
        # Only versions in use: a draft or a superseded one judges no new handoff.
        queryset=PersonaVersion.objects.filter(
            state=VersionState.PUBLISHED, persona__archived_at__isnull=True
        ),
        required=False,
        allow_null=True,
        help_text=_("By which persona; the lead's own if it is not given."),
    )
    note = rest.OptionalLines(max_length=2000)
    score_reason = rest.OptionalLine(
        max_length=500,
        help_text=_(
            "Why it goes to sales below the agreement's minimum fit score; not asked for else."
        ),
    )
    unchanged_reason = rest.OptionalLine(
        max_length=500,
        help_text=_(
            "Why it goes to sales as it was when sales sent it back; not asked for if it changed."
        ),
    )


class Handoffs(APIView):
    """The handoffs in sight."""

    scope = "handoffs:write"
    tag = "handoffs"

    @extend_schema(
        operation_id="handoffs_list",
        summary=_("List handoffs"),
        parameters=[
            OpenApiParameter("state", str, enum=CHOICES["state"]),
            OpenApiParameter(
                "mine", str, enum=CHOICES["mine"], description=_("true: those that I have.")
            ),
            OpenApiParameter(
                "return",
                str,
                enum=CHOICES["return"],
                description=_("What became of those that sales sent back."),
            ),
            OpenApiParameter(
                "case",
                str,
                enum=CHOICES["case"],
                description=_("open: those that wait for the arbiter; mine: that I decide."),
            ),
            OpenApiParameter(
                "marketing_team", int, description=_("Id of the team that brought the leads.")
            ),
            OpenApiParameter(
                "order",
                str,
                enum=CHOICES["order"],
                description=_(
                    "By when they were handed off, the newest first, or as in the queue."
                ),
            ),
            CURSOR,
            LIMIT,
        ],
        responses=HandoffPage,
    )
    def get(self, request: Request) -> Response:
        query = request.query_params
        rest.check_query(query, (*PARAMETERS, *PAGING))
        now = moment_of(request.user)
        rows = _chosen(request, at=now)
        order = ORDERS[query.get("order", "newest")]
        if order[0].field == "place":
            rows = rows.annotate(place=place(now))
        # Ids first, by one index; then only the columns that are shown.
        found = rows.values_list("pk", order[0].field, named=True)
        page = rest.page(found, order, cursor=query.get("cursor", ""), size=rest.size_of(query))
        shown = handoff_rows.shown_of_page([row.pk for row in page.rows], request.user, at=now)
        return Response({"results": shown, "next_cursor": page.next or None})


def _chosen(request: Request, *, at: datetime) -> QuerySet[Handoff]:
    """Return the visible handoffs that the query asks for. Raises BadParameter."""
    query = request.query_params
    # A value that is unknown must not answer with all rows.
    for name, choices in CHOICES.items():
        if name in query and query[name] not in choices:
            message = _("Choose one of: %(choices)s.") % {"choices": ", ".join(choices)}
            raise BadParameter(message, fields={name: message})
    rows: QuerySet[Handoff] = Handoff.objects.visible_to(request.user)
    if "state" in query:
        rows = rows.filter(state=query["state"])
    if query.get("mine") == "true":
        rows = rows.filter(owner=request.user)
    if "return" in query:
        returns = Return.objects.filter(state=query["return"])
        rows = rows.filter(pk__in=returns.values("handoff"))
    if "case" in query:
        rows = rows.filter(pk__in=_cases(query["case"], request.user, at=at).values("handoff"))
    if "marketing_team" in query:
        rows = rows.filter(marketing_team=_team_of(query["marketing_team"]))
    return rows


def _cases(which: str, user: User, *, at: datetime) -> QuerySet[Dispute]:
    if which == "mine":
        return cases.waiting_for(user, at=at)
    return Dispute.objects.open()


def _team_of(text: str) -> int:
    """Return the id in the query. Raises BadParameter."""
    pk = whole(text)
    if pk is None:
        message = _("Give the id of a team.")
        raise BadParameter(message, fields={"marketing_team": message})
    return pk


class HandoffDetail(APIView):
    """One handoff."""

    scope = "handoffs:write"
    tag = "handoffs"

    @extend_schema(
        operation_id="handoffs_read", summary=_("Read a handoff"), responses=HandoffShown
    )
    def get(self, request: Request, pk: int) -> Response:
        rest.check_query(request.query_params, ())
        return Response(handoff_rows.shown_to(request.user, pk, at=moment_of(request.user)))


class HandOff(APIView):
    """A lead's way into a queue."""

    scope = "handoffs:write"
    tag = "handoffs"

    @extend_schema(
        operation_id="handoffs_create",
        summary=_("Hand a lead off to a sales team"),
        request=NewHandoff,
        responses={201: HandoffShown},
    )
    def post(self, request: Request, pk: int) -> Response:
        lead = fetch_lead(request.user, pk)
        # Before the body is read: role (403) and state (409) come before wrong input (422).
        steps.check(request.user, lead, permissions.can_hand_off)
        body = body_of(NewHandoff, request)
        now = moment_of(request.user)
        handoff = handoffs.hand_off(
            lead,
            team=body["team"],
            persona_version=body.get("persona_version"),
            note=body.get("note", ""),
            score_reason=body.get("score_reason", ""),
            unchanged_reason=body.get("unchanged_reason", ""),
            by=request.user,
            at=now,
        )
        return show(handoff.pk, request.user, at=now, status=201)

    def check_seen(self, user: User, kept: Any, pk: int, *, at: datetime) -> None:
        check_lead_seen(user, pk)
        # Else it was refused.
        if "id" in kept:
            fetch(user, kept["id"])
