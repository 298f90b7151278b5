"""The numbers of the alignment page over the API."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.accounts import people
from crm.accounts.permissions import people_with_figures
from crm.accounts.request import deny_unless
from crm.alignment.forms import ScopeForm
from crm.alignment.numbers import report
from crm.lib import clock, rest
from crm.lib.paging import BadParameter
from leads import permissions

Count = serializers.IntegerField


class StepShown(serializers.Serializer):
    """A stage of the funnel. ``not_recorded``: came further without a date for it."""

    stage = serializers.CharField()
    count = Count()
    not_recorded = Count()
    of_leads = serializers.FloatField(allow_null=True)
    previous = serializers.CharField(allow_blank=True)
    of_previous = serializers.FloatField(allow_null=True)


class Counted(serializers.Serializer):
    leads = Count()
    mql = Count()
    sql = Count()
    won = Count()
    unrecorded_mql = Count()
    unrecorded_sql = Count()
    conversion = serializers.FloatField(allow_null=True)


class BySource(Counted):
    """The leads of one source; null: not given."""

    source = serializers.CharField(allow_null=True)


class ByMonth(Counted):
    """The leads first seen in one month."""

    month = serializers.CharField()


class DaysShown(serializers.Serializer):
    """From first seen to won, in days."""

    n = Count()
    median = Count(allow_null=True)
    p90 = Count(allow_null=True)
    before_first_seen = Count()


class TermShown(serializers.Serializer):
    """What an agreement promises."""

    target = serializers.FloatField()
    window_minutes = Count(allow_null=True)


class AcceptShown(serializers.Serializer):
    """The accept commitment; times in business seconds."""

    clocks = Count()
    judged = Count()
    decided = Count()
    in_time = Count()
    late = Count()
    running = Count()
    outage = Count()
    withdrawn = Count()
    median = Count(allow_null=True)
    p90 = Count(allow_null=True)
    attainment = serializers.FloatField(allow_null=True)
    promised = TermShown(many=True)


class ContactShown(serializers.Serializer):
    """The first contact. ``tried``: tried in time, never reached; neither kept nor missed."""

    clocks = Count()
    judged = Count()
    in_time = Count()
    late = Count()
    tried = Count()
    running = Count()
    outage = Count()
    ended = Count()
    attainment = serializers.FloatField(allow_null=True)
    promised = TermShown(many=True)


class DecisionsShown(serializers.Serializer):
    decisions = Count()
    accepted_by_sales = Count()
    rejected_by_sales = Count()
    acceptance = serializers.FloatField(allow_null=True)
    promised = TermShown(many=True)


class DeliveredShown(serializers.Serializer):
    """``due``: promised by the end of ``due_on``, by working days; null where not judged."""

    count = Count()
    due = serializers.FloatField(allow_null=True)
    due_on = serializers.DateField(allow_null=True)
    promised = TermShown(many=True)


class BandShown(serializers.Serializer):
    """Handoffs of the period whose score at the hand-off lies in the band, both ends included."""

    to = Count()
    ended = Count()
    won = Count()
    win_rate = serializers.FloatField(allow_null=True)


BandShown._declared_fields["from"] = Count()  # "from" is a keyword of Python


class BandsShown(serializers.Serializer):
    fit = BandShown(many=True)
    engagement = BandShown(many=True)


class SubmitterShown(serializers.Serializer):
    id = Count()
    name = serializers.CharField()
    handed_off = Count()
    overridden = Count()


class SubmittingTeamShown(SubmitterShown):
    id = serializers.IntegerField(allow_null=True)


class OverridesShown(serializers.Serializer):
    """How many handoffs of the period went on a person's word, by who handed off.

    The people of whom the owner of the key may read figures, and the teams of the others.
    """

    handed_off = Count()
    overridden = Count()
    people = SubmitterShown(many=True)
    teams = SubmittingTeamShown(many=True)


class FunnelShown(serializers.Serializer):
    """The numbers of a period, those of the alignment page.

    Rates run from 0 to 1; null: nothing to divide by.
    """

    to = serializers.DateField()
    time_zone = serializers.CharField()
    source = serializers.CharField(allow_null=True)
    at = serializers.DateTimeField()
    funnel = StepShown(many=True)
    sources = BySource(many=True)
    months = ByMonth(many=True)
    days_to_won = DaysShown()
    accept = AcceptShown()
    first_contact = ContactShown()
    decisions = DecisionsShown()
    mqls_delivered = DeliveredShown()
    scores = BandsShown()
    overrides = OverridesShown()


FunnelShown._declared_fields["from"] = serializers.DateField()  # no name of Python


class Funnel(APIView):
    """Funnel, attainment and conversion of a period."""

    scope = ""
    tag = "funnel"

    @extend_schema(
        operation_id="funnel_read",
        summary=_("The numbers of a period, those of the alignment page"),
        parameters=[
            OpenApiParameter(
                "from",
                str,
                description=_("First date, 2026-01-01; usually 90 days before the last."),
            ),
            OpenApiParameter(
                "to", str, description=_("Last date, included; today if it is not given.")
            ),
            OpenApiParameter("source", str, description=_("Code of a source; ~none: without one.")),
        ],
        responses=FunnelShown,
    )
    def get(self, request: Request) -> Response:
        deny_unless(permissions.can_read_alignment(request.user))
        # Narrower than the form, which would take a team as well.
        rest.check_query(request.query_params, ("from", "to", "source"))
        # The middleware sets organisation and moment only for people who are signed in.
        zone = people.organisation().time_zone
        form = ScopeForm(request.query_params, zone=zone, at=clock.now())
        if not form.is_valid():
            wrong = {}
            for name, texts in form.errors.items():
                # Django's name for errors of the whole form is "__all__".
                field = name.strip("_")
                wrong[field] = " ".join(str(text) for text in texts)
            raise BadParameter(_("A filter cannot be read."), fields=wrong)
        numbers = report.read(form.scope, people=people_with_figures(request.user))
        return Response(report.as_json(numbers))
