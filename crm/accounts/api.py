"""The leaves of a person over the API, and who stands in: as on the page of preferences."""

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

from crm.accounts import leaves
from crm.accounts.models import Leave, User
from crm.accounts.request import moment_of
from crm.lib import rest


class LeaveShown(rest.Answer):
    """The days on which a person is away, both included, and who stands in."""

    id = serializers.IntegerField()
    person = rest.Named()
    first_on = serializers.DateField()
    last_on = serializers.DateField()
    delegate = rest.Named(allow_null=True)


class LeaveList(rest.Answer):
    """Own leaves, and those of others whose delegate the person is."""

    own = LeaveShown(many=True)
    covered = LeaveShown(many=True)


class NewLeave(rest.Body):
    """A leave to take."""

    first_on = serializers.DateField(help_text=_("The first day, included."))
    last_on = serializers.DateField(help_text=_("The last day, included."))
    delegate = rest.Whole(
        required=False,
        allow_null=True,
        help_text=_("Id of an active colleague of the same team, who stands in."),
    )


class NothingMore(rest.Body):
    """This step takes no fields."""


class Leaves(APIView):
    """The leaves of the person who asks that are not over."""

    scope = "leaves:write"
    tag = "leaves"

    @extend_schema(
        operation_id="leaves_list",
        summary=_("List my leaves that are not over, and those in which I stand in"),
        responses=LeaveList,
    )
    def get(self, request: Request) -> Response:
        rest.check_query(request.query_params, ())
        return _shown(request.user)

    @extend_schema(
        operation_id="leaves_create",
        summary=_("Take a leave, with a delegate or without one"),
        request=NewLeave,
        responses={201: LeaveShown},
    )
    def post(self, request: Request) -> Response:
        user = request.user
        body = NewLeave().run_validation(request.data)
        leave = leaves.take(
            user,
            body["first_on"],
            body["last_on"],
            delegate=_delegate(user, body.get("delegate")),
            by=user,
            at=moment_of(user),
        )
        return Response(LeaveShown(leave).data, status=201)

    def check_seen(self, user: User, kept: Any, *, at: datetime) -> None:
        """Own leaves stay in sight."""


def _shown(user: User) -> Response:
    """Return the leaves that are not over, in two queries."""
    today = leaves.today_of(user, at=moment_of(user))
    rows = {
        "own": user.leaves.filter(last_on__gte=today),
        "covered": user.covered_leaves.filter(last_on__gte=today),
    }
    shown = {name: each.select_related("person", "delegate") for name, each in rows.items()}
    return Response(LeaveList(shown).data)


def _delegate(user: User, pk: int | None) -> User | None:
    """Return the delegate that the body names. Raises ValidationError."""
    if pk is None:
        return None
    # A larger number is no id of ours, and PostgreSQL answers it with an error.
    found = None
    if 0 < pk < 2**63:
        found = leaves.possible_delegates(user).filter(pk=pk).first()
    if found is None:
        message = _("Choose an active colleague of the same team.")
        raise serializers.ValidationError({"delegate": [message]})
    return found


class EndLeave(APIView):
    """The end of a leave before its last day."""

    scope = "leaves:write"
    tag = "leaves"

    @extend_schema(
        operation_id="leaves_end",
        summary=_("End or cancel a leave of mine"),
        request=NothingMore,
        responses=LeaveList,
    )
    def post(self, request: Request, pk: int) -> Response:
        user = request.user
        leave = get_object_or_404(Leave.objects.select_related("person"), pk=pk, person=user)
        NothingMore().run_validation(request.data)
        leaves.end(leave, by=user, at=moment_of(user))
        return _shown(user)

    def check_seen(self, user: User, kept: Any, pk: int, *, at: datetime) -> None:
        """The leave may be gone: that was the step."""
