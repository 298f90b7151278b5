"""A new consent of a person who asked not to be contacted, over the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.accounts.models import User
from crm.accounts.request import moment_of
from crm.lib import rest
from leads import permissions, steps
from leads.api import lead_rows
from leads.api.lead_serializers import LeadShown
from leads.api.leads import check_seen, fetch
from leads.api.request import body_of
from leads.follow_up import no_contact


class NewConsent(rest.Body):
    """Where the new consent is from."""

    consent = rest.Lines(max_length=2000, help_text=_("Its source; the history shows it."))


class Consent(APIView):
    """The consent by which the person of a lead may be contacted again."""

    scope = "leads:write"
    tag = "follow_up"

    @extend_schema(
        operation_id="leads_consent",
        summary=_("Let a person be contacted again who asked not to be, by a new consent"),
        request=NewConsent,
        responses=LeadShown,
    )
    def post(self, request: Request, pk: int) -> Response:
        lead = fetch(request.user, pk)
        steps.check(request.user, lead, *permissions.CHANGE)
        source = body_of(NewConsent, request)["consent"]
        no_contact.lift(lead, source, by=request.user, at=moment_of(request.user))
        return Response(lead_rows.shown_to(request.user, pk))

    def check_seen(self, user: User, kept: Any, pk: int, *, at: datetime) -> None:
        check_seen(user, pk)
