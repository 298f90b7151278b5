"""The message templates of a team over the API, filled in for one lead."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.accounts.models import LANGUAGES
from crm.lib import rest
from leads import permissions, steps
from leads.api.handoff_serializers import fetch
from leads.follow_up import templates
from leads.states import WRITTEN


class MessageShown(rest.Answer):
    """A template with the data of the lead; ``url`` opens WhatsApp or mail with the text."""

    template = serializers.IntegerField(source="template.pk")
    channel = serializers.ChoiceField(
        choices=[(channel.value, channel.label) for channel in WRITTEN],
        source="template.channel",
    )
    language = serializers.ChoiceField(choices=LANGUAGES, source="template.language")
    name = serializers.CharField(source="template.name")
    url = serializers.CharField()


class MessageList(rest.Answer):
    results = MessageShown(many=True)


class Messages(APIView):
    """What can be written to the lead of a handoff."""

    scope = "handoffs:write"
    tag = "follow_up"

    @extend_schema(
        operation_id="messages_list",
        summary=_("List the message templates of the team, filled in for the lead"),
        responses=MessageList,
    )
    def get(self, request: Request, pk: int) -> Response:
        rest.check_query(request.query_params, ())
        handoff = fetch(request.user, pk, "lead__person", "lead__company")
        # Only those who work on a lead write to it.
        steps.check(request.user, handoff, permissions.can_work)
        filled = templates.filled_for(handoff, handoff.lead, request.user)
        return Response(MessageList({"results": filled}).data)
