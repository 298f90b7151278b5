"""The next step of a lead over the API: the open ones of a person, and setting another one."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.accounts import leaves, people
from crm.accounts.models import User
from crm.accounts.permissions import people_with_figures
from crm.accounts.request import moment_of
from crm.lib import rest
from crm.lib.input.numbers import whole
from crm.lib.paging import BadParameter, Order
from leads import steps
from leads.api.leads import check_seen, fetch
from leads.api.request import CURSOR, LIMIT, PAGING, body_of
from leads.api.values import LeadOf
from leads.follow_up import next_steps
from leads.models import Handoff, Lead, PlannedStep
from leads.states import FollowUp

BY_DEADLINE = rest.keys_of(Order("due_at"))
DUE = ("today", "overdue")


class PlannedShown(rest.Answer):
    """What is to be done next with a lead, when and by whom.

    ``text``: in a person's words, else empty. ``set_by``: null where Relevo set it.
    """

    lead = LeadOf()
    handoff = serializers.IntegerField(
        source="handoff_id", allow_null=True, help_text=_("Null while the lead is with marketing.")
    )
    kind = serializers.ChoiceField(choices=FollowUp.choices)
    text = serializers.CharField()
    due_at = rest.Moment()
    owner = rest.Named()
    set_by = rest.Named(allow_null=True)


class PlannedPage(rest.Answer):
    results = PlannedShown(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class Planning(rest.Body):
    """The next step: when, and what in a person's words."""

    on = serializers.DateField(help_text=_("A day within 60 days; for longer, recycle the lead."))
    text = rest.OptionalLine(max_length=200, help_text=_("Without words it is a call on that day."))


class NextSteps(APIView):
    """The open steps of a person."""

    scope = "leads:write"
    tag = "follow_up"

    @extend_schema(
        operation_id="next_steps_list",
        summary=_("List next steps, the first due first"),
        parameters=[
            OpenApiParameter(
                "due", str, enum=DUE, description=_("Today has what is overdue, too.")
            ),
            OpenApiParameter(
                "owner", int, description=_("Id of a person of a team that you lead; else yours.")
            ),
            CURSOR,
            LIMIT,
        ],
        responses=PlannedPage,
    )
    def get(self, request: Request) -> Response:
        query = request.query_params
        rest.check_query(query, ("due", "owner", *PAGING))
        rows = PlannedStep.objects.open().filter(owner=_owner(request))
        rows = rows.filter(lead__in=Lead.objects.visible_to(request.user))
        if "due" in query:
            rows = rows.filter(due_at__lt=_until(query["due"], request.user))
        rows = rows.select_related("lead__person", "lead__company", "owner", "set_by")
        page = rest.page(
            rows, BY_DEADLINE, cursor=query.get("cursor", ""), size=rest.size_of(query)
        )
        shown = PlannedPage({"results": page.rows, "next_cursor": page.next or None})
        return Response(shown.data)


def _owner(request: Request) -> int:
    """Return the id of the person whose steps are asked for. Raises BadParameter."""
    user = request.user
    text = request.query_params.get("owner")
    if text is None:
        return user.pk
    pk = whole(text)
    readable = people_with_figures(user)
    if pk is None or (readable is not None and pk not in readable):
        message = _("Give the id of a person of a team that you lead.")
        raise BadParameter(message, fields={"owner": message})
    return pk


def _until(due: str, user: User) -> datetime:
    """Return the moment before which the steps are due. Raises BadParameter."""
    now = moment_of(user)
    if due == "overdue":
        return now
    if due != "today":
        message = _("Choose one of: %(choices)s.") % {"choices": ", ".join(DUE)}
        raise BadParameter(message, fields={"due": message})
    zone = ZoneInfo(user.time_zone or people.organisation().time_zone)
    tomorrow = leaves.today_of(user, at=now) + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone)


class LeadNextStep(APIView):
    """The next step of one lead."""

    scope = "leads:write"
    tag = "follow_up"

    @extend_schema(
        operation_id="next_steps_set",
        summary=_("Set the next step of a lead; it replaces the open one"),
        request=Planning,
        responses={201: PlannedShown},
    )
    def post(self, request: Request, pk: int) -> Response:
        lead = fetch(request.user, pk)
        handoff = _open_handoff(request.user, lead)
        steps.check_plan(request.user, lead, handoff)
        body = body_of(Planning, request)
        text = body.get("text", "")
        step = next_steps.change(
            lead,
            handoff,
            next_steps.kind_of(text),
            body["on"],
            text=text,
            by=request.user,
            at=moment_of(request.user),
        )
        step.lead = lead
        return Response(PlannedShown(step).data, status=201)

    def check_seen(self, user: User, kept: Any, pk: int, *, at: datetime) -> None:
        check_seen(user, pk)


def _open_handoff(user: User, lead: Lead) -> Handoff | None:
    rows: QuerySet[Handoff] = Handoff.objects.open_to(user)
    return rows.filter(lead=lead).select_related("owner").first()
