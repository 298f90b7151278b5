"""Handoffs over the API: the same functions, sight and permissions as their pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.accounts.models import User
from crm.accounts.request import deny_unless
from crm.accounts.states import Side
from crm.accounts.teams import sales_teams
from crm.lib import clock, rest
from crm.lib.catalogue import in_use
from crm.lib.paging import BadParameter
from leads import handoffs, permissions
from leads.api.leads import CURSOR, LIMIT, PAGING, PersonaShown, body_of
from leads.api.leads import fetch as fetch_lead
from leads.handoffs import attempts, outcomes, pauses
from leads.models import Decision, Handoff, OutcomeReason
from leads.qualification import persona_match
from leads.states import ContactChannel, DecisionKind, HandoffState, OutcomeKind
from leads.views import lead_page
from personas.models import PersonaVersion
from personas.states import VersionState
from sla.clocks import readings
from sla.models import PauseReason
from sla.states import Metric, RejectionClass

NEWEST = (
    rest.Key("submitted_at", rest.instant, descending=True),
    rest.Key("pk", rest.whole, descending=True),
)
QUEUE = (
    rest.Key("requeued_at", rest.instant, nullable=True),
    rest.Key("clock__due_at", rest.instant, nullable=True),
    rest.Key("pk", rest.whole),
)
ORDERS = {"newest": NEWEST, "queue": QUEUE}
READINGS = ("ok", "soon", "late", "waiting", "paused", "met", "missed", "cancelled")
AHEAD = ("ok", "soon", "waiting", "paused")
STANDING = Decision.objects.filter(undone_at__isnull=True, released_at__isnull=True).select_related(
    "by", "reason"
)

# -- What is shown


class ClockShown(serializers.Serializer):
    """The clock of the next step.

    ``seconds_left`` is business time, below 0 when late, null when it stopped. ``resumes_at``: when
    its pause is over, null where it is not paused.
    """

    metric = serializers.ChoiceField(choices=Metric.choices)
    status = serializers.ChoiceField(choices=[(word, word) for word in READINGS])
    started_at = rest.Moment()
    due_at = rest.Moment()
    seconds_left = serializers.IntegerField(allow_null=True)
    limit_seconds = serializers.IntegerField()
    opens_at = rest.Moment(allow_null=True)
    resumes_at = rest.Moment(allow_null=True)
    time_zone = serializers.CharField()


class DecisionShown(serializers.Serializer):
    """Accepted or rejected, by whom and why."""

    kind = serializers.ChoiceField(choices=DecisionKind.choices, read_only=True)
    by = rest.Named(read_only=True)
    at = rest.Moment(read_only=True)
    reason = serializers.CharField(
        source="reason.code", default=None, allow_null=True, read_only=True
    )
    reason_class = serializers.ChoiceField(
        choices=RejectionClass.choices,
        source="reason.kind",
        default=None,
        allow_null=True,
        read_only=True,
    )
    comment = serializers.CharField(read_only=True)


class LeadOf(serializers.Serializer):
    """The lead in short."""

    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(source="__str__", read_only=True)
    company = serializers.CharField(source="company.name", default="", read_only=True)


class AgreementOf(serializers.Serializer):
    """The version of the agreement that judges the handoff."""

    id = serializers.IntegerField(read_only=True)
    number = serializers.IntegerField(read_only=True)


class HandoffShown(serializers.Serializer):
    """One passing of one lead from marketing to sales."""

    id = serializers.IntegerField(read_only=True)
    lead = LeadOf(read_only=True)
    cycle = serializers.IntegerField(read_only=True)
    state = serializers.ChoiceField(choices=HandoffState.choices, read_only=True)
    team = rest.Named(read_only=True)
    owner = rest.Named(allow_null=True, read_only=True)
    submitted_by = rest.Named(read_only=True)
    submitted_at = rest.Moment(read_only=True)
    requeued_at = rest.Moment(allow_null=True, read_only=True)
    accepted_at = rest.Moment(allow_null=True, read_only=True)
    contacted_at = rest.Moment(allow_null=True, read_only=True)
    sql_at = rest.Moment(allow_null=True, read_only=True)
    opportunity_at = rest.Moment(allow_null=True, read_only=True)
    closed_at = rest.Moment(allow_null=True, read_only=True)
    clock = serializers.SerializerMethodField()
    decision = serializers.SerializerMethodField()
    note = serializers.CharField(read_only=True)
    proves_sql = serializers.BooleanField(
        read_only=True, help_text=_("The package proves means and authority.")
    )
    fit_score = serializers.IntegerField(
        allow_null=True, read_only=True, help_text=_("At the hand-off, of 100.")
    )
    engagement_score = serializers.IntegerField(
        allow_null=True, read_only=True, help_text=_("At the hand-off, of 100.")
    )
    overrides = serializers.IntegerField(
        read_only=True,
        help_text=_("How many judgements of it a person overruled, the score included."),
    )
    amount = serializers.DecimalField(
        max_digits=14,
        decimal_places=2,
        allow_null=True,
        read_only=True,
        help_text=_("In the organisation's currency."),
    )
    outcome_reason = serializers.CharField(
        source="outcome_reason.code", default=None, allow_null=True, read_only=True
    )
    persona = PersonaShown(source="persona_version", read_only=True)
    agreement = AgreementOf(source="agreement_version", read_only=True)

    @extend_schema_field(ClockShown(allow_null=True))
    def get_clock(self, handoff: Handoff) -> dict[str, Any] | None:
        if handoff.clock is None:
            return None
        found = readings.reading(handoff.clock, at=self.context["at"])
        left = (
            found.seconds
            if found.status in AHEAD
            else -found.seconds
            if found.status == "late"
            else None
        )
        return dict(ClockShown({**vars(found), "seconds_left": left, "time_zone": found.zone}).data)

    @extend_schema_field(DecisionShown(allow_null=True))
    def get_decision(self, handoff: Handoff) -> dict[str, Any] | None:
        found = handoff.standing  # type: ignore[attr-defined]  # rows() reads it
        return dict(DecisionShown(found[0]).data) if found else None


class HandoffPage(serializers.Serializer):
    results = HandoffShown(many=True, read_only=True)
    next_cursor = serializers.CharField(allow_null=True, read_only=True)


# -- What is taken


class NewHandoff(rest.Body):
    """Where a lead goes. It is qualified on the way, if need be."""

    team = rest.Id(queryset=sales_teams(), help_text=_("A sales team."))
    persona_version = rest.Id(
        queryset=PersonaVersion.objects.filter(
            state=VersionState.PUBLISHED, persona__archived_at__isnull=True
        ),
        required=False,
        allow_null=True,
        help_text=_("By which persona; the lead's own if it is not given."),
    )
    note = rest.Lines(max_length=2000, allow_blank=True, required=False)
    score_reason = rest.Line(
        max_length=500,
        allow_blank=True,
        required=False,
        help_text=_(
            "Why it goes to sales below the agreement's minimum fit score; not asked for else."
        ),
    )


class Nothing(rest.Body):
    """This step needs no words."""


class Rejection(rest.Body):
    """Why the handoff is not for sales."""

    reason = rest.Line(max_length=60, help_text=_("Code of a rejection reason."))
    comment = rest.Lines(max_length=2000, allow_blank=True, required=False)


class Comment(rest.Body):
    comment = rest.Lines(max_length=2000, allow_blank=True, required=False)


class Contact(rest.Body):
    """A try to reach the lead."""

    channel = serializers.ChoiceField(choices=ContactChannel.choices)
    reached = serializers.BooleanField(help_text=_("Whether a person was reached."))
    happened_at = rest.Moment(
        required=False, allow_null=True, help_text=_("Now if it is not given.")
    )
    note = rest.Lines(max_length=2000, allow_blank=True, required=False)


class Waiting(rest.Body):
    """Why the clock pauses, and until when."""

    reason = rest.Code(
        queryset=in_use(PauseReason),
        help_text=_("Code of a reason that the handoff's agreement allows."),
    )
    until = rest.Moment()
    note = rest.Lines(max_length=2000, allow_blank=True, required=False)


class Win(rest.Body):
    amount = serializers.DecimalField(
        max_digits=14, decimal_places=2, help_text=_("In the organisation's currency, above 0.")
    )


class Loss(rest.Body):
    reason = rest.Code(queryset=in_use(OutcomeReason).filter(kind=OutcomeKind.LOST))
    comment = rest.Lines(max_length=2000, allow_blank=True, required=False)


class Disqualification(rest.Body):
    reason = rest.Code(queryset=in_use(OutcomeReason).filter(kind=OutcomeKind.DISQUALIFIED))
    comment = rest.Lines(max_length=2000, allow_blank=True, required=False)


# -- Views


def with_all(found: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """With what is shown, in two queries."""
    found = found.select_related(
        *(
            "lead__person",
            "lead__company",
            "lead__source",
            "lead__marketing_team",
            "owner",
            "team",
            "clock",
        ),
        *("persona_version__persona", "agreement_version", "submitted_by", "outcome_reason"),
    )
    return found.prefetch_related(Prefetch("decisions", STANDING, to_attr="standing"))


def fetch(user: User, pk: int) -> Handoff:
    """The handoff, if the person may see it; 404 else."""
    return get_object_or_404(with_all(Handoff.objects.visible_to(user)), pk=pk)


def fetch_to_decide(user: User, pk: int) -> Handoff:
    """The same; one that a colleague has just taken from the same queue is a lost race,
    not a 404.
    """
    try:
        return fetch(user, pk)
    except Http404:
        taken = Handoff.objects.filter(pk=pk, team__in=user.team_ids(Side.SALES)).first()
        if taken is None:
            raise
        raise handoffs.AlreadyTaken(taken) from None


def show(pk: int, *, at: Any, status: int = 200) -> Response:
    """The handoff as it is after a step."""
    shown = HandoffShown(with_all(Handoff.objects.filter(pk=pk)).get(), context={"at": at}).data
    headers = {"Location": f"/api/v1/handoffs/{pk}/"} if status == 201 else None
    return Response(shown, status=status, headers=headers)


class Handoffs(APIView):
    """The handoffs in sight."""

    scope = "handoffs:write"

    @extend_schema(
        operation_id="handoffs_list",
        summary=_("List handoffs"),
        parameters=[
            OpenApiParameter("state", str, enum=HandoffState.values),
            OpenApiParameter(
                "mine", str, enum=["true", "false"], description=_("true: those that I have.")
            ),
            OpenApiParameter(
                "order",
                str,
                enum=list(ORDERS),
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
        rest.check_query(query, ("state", "mine", "order", *PAGING))
        known = {"state": HandoffState.values, "mine": ["true", "false"], "order": list(ORDERS)}
        for name, choices in known.items():
            if name in query and query[name] not in choices:
                words = _("Choose one of: %(choices)s.") % {"choices": ", ".join(choices)}
                raise BadParameter(words, fields={name: words})
        found = with_all(Handoff.objects.visible_to(request.user))
        if "state" in query:
            found = found.filter(state=query["state"])
        if query.get("mine") == "true":
            found = found.filter(owner=request.user)
        order = ORDERS[query.get("order", "newest")]
        page = rest.page(found, order, cursor=query.get("cursor", ""), size=rest.size_of(query))
        context = {"at": clock.now()}
        return Response(
            HandoffPage(
                {"results": page.rows, "next_cursor": page.next or None}, context=context
            ).data
        )


class HandoffDetail(APIView):
    """One handoff."""

    scope = "handoffs:write"

    @extend_schema(
        operation_id="handoffs_read", summary=_("Read a handoff"), responses=HandoffShown
    )
    def get(self, request: Request, pk: int) -> Response:
        rest.check_query(request.query_params, ())
        return Response(HandoffShown(fetch(request.user, pk), context={"at": clock.now()}).data)


class HandOff(APIView):
    """A lead's way into a queue."""

    scope = "handoffs:write"

    @extend_schema(
        operation_id="handoffs_create",
        summary=_("Hand a lead off to a sales team"),
        request=NewHandoff,
        responses={201: HandoffShown},
    )
    def post(self, request: Request, pk: int) -> Response:
        lead = fetch_lead(request.user, pk)
        deny_unless(permissions.can_hand_off(request.user, lead))
        given, now = body_of(NewHandoff, request), clock.now()
        version = given.get("persona_version") or persona_match.usual_version(lead)
        if version is None:
            raise serializers.ValidationError(
                {"persona_version": [_("There is no persona in use.")]}
            )
        words = {name: given.get(name, "") for name in ("note", "score_reason")}
        handoff = handoffs.hand_off(
            lead, team=given["team"], persona_version=version, by=request.user, at=now, **words
        )
        return show(handoff.pk, at=now, status=201)


class Step(APIView):
    """A step of a handoff that its owner takes: permission, body, one call."""

    scope = "handoffs:write"
    body: type[rest.Body] = Nothing

    def act(self, handoff: Handoff, given: dict[str, Any], *, by: User, at: Any) -> object:
        raise NotImplementedError

    def fetch(self, user: User, pk: int) -> Handoff:
        handoff = fetch(user, pk)
        deny_unless(permissions.can_work(user, handoff))
        return handoff

    def post(self, request: Request, pk: int) -> Response:
        handoff, now = self.fetch(request.user, pk), clock.now()
        self.act(handoff, body_of(self.body, request), by=request.user, at=now)
        return show(pk, at=now)


def step(name: str, summary: Any, body: type[rest.Body]) -> Callable[..., Any]:
    """Documents a step."""
    described = extend_schema(
        operation_id=f"handoffs_{name}", summary=summary, request=body, responses=HandoffShown
    )

    def decorate(view: type[Step]) -> type[Step]:
        view.body = body
        return extend_schema_view(post=described)(view)

    return decorate


class Decide(Step):
    """A step of the team whose queue the handoff is in."""

    def fetch(self, user: User, pk: int) -> Handoff:
        handoff = fetch_to_decide(user, pk)
        deny_unless(
            not handoff.is_pending or permissions.can_decide(user, handoff)
        )  # else the step says who was faster
        return handoff


@step("accept", _("Accept a pending handoff"), Nothing)
class Accept(Decide):
    def act(self, handoff: Handoff, given: dict[str, Any], *, by: User, at: Any) -> object:
        return handoffs.accept(handoff, by=by, at=at)


@step("reject", _("Reject a pending handoff, with the reason"), Rejection)
class Reject(Decide):
    def act(self, handoff: Handoff, given: dict[str, Any], *, by: User, at: Any) -> object:
        reason = lead_page.reasons_of(handoff).filter(code=given["reason"]).first()
        if reason is None:
            raise serializers.ValidationError({"reason": [_("Choose one of the reasons.")]})
        return handoffs.reject(handoff, reason, by=by, at=at, comment=given.get("comment", ""))


@step("withdraw", _("Take a pending handoff back"), Comment)
class Withdraw(Step):
    def fetch(self, user: User, pk: int) -> Handoff:
        handoff = fetch(user, pk)
        deny_unless(not handoff.is_pending or permissions.can_withdraw(user, handoff))
        return handoff

    def act(self, handoff: Handoff, given: dict[str, Any], *, by: User, at: Any) -> object:
        return handoffs.withdraw(handoff, by=by, at=at, comment=given.get("comment", ""))


@step("contact", _("Note an attempt; the first that reached a person is the contact"), Contact)
class Attempt(Step):
    def act(self, handoff: Handoff, given: dict[str, Any], *, by: User, at: Any) -> object:
        return attempts.record(handoff, **{"note": "", **given}, by=by, at=at)


class Patient(Step):
    """A step of who may pause its clock."""

    def fetch(self, user: User, pk: int) -> Handoff:
        handoff = fetch(user, pk)
        deny_unless(not handoff.is_open or permissions.can_pause(user, handoff))
        return handoff


@step("pause", _("Pause the clock because the lead asked for time"), Waiting)
class Pause(Patient):
    def act(self, handoff: Handoff, given: dict[str, Any], *, by: User, at: Any) -> object:
        return pauses.pause(handoff, **{"note": "", **given}, by=by, at=at)


@step("resume", _("End a pause before its time"), Nothing)
class Resume(Patient):
    def act(self, handoff: Handoff, given: dict[str, Any], *, by: User, at: Any) -> object:
        return pauses.resume(handoff, by=by, at=at)


@step("qualify", _("Qualify as SQL"), Nothing)
class Qualify(Step):
    def act(self, handoff: Handoff, given: dict[str, Any], *, by: User, at: Any) -> object:
        return outcomes.qualify_sql(handoff, by=by, at=at)


@step("opportunity", _("Open an opportunity on an SQL"), Nothing)
class Opportunity(Step):
    def act(self, handoff: Handoff, given: dict[str, Any], *, by: User, at: Any) -> object:
        return outcomes.open_opportunity(handoff, by=by, at=at)


@step("win", _("Close as won, with the amount"), Win)
class WinIt(Step):
    def act(self, handoff: Handoff, given: dict[str, Any], *, by: User, at: Any) -> object:
        return outcomes.win(handoff, given["amount"], by=by, at=at)


@step("lose", _("Close as lost, with the reason"), Loss)
class LoseIt(Step):
    def act(self, handoff: Handoff, given: dict[str, Any], *, by: User, at: Any) -> object:
        return outcomes.lose(
            handoff, given["reason"], by=by, at=at, comment=given.get("comment", "")
        )


@step("disqualify", _("Close after contact as disqualified, with the reason"), Disqualification)
class Disqualify(Step):
    def act(self, handoff: Handoff, given: dict[str, Any], *, by: User, at: Any) -> object:
        return outcomes.disqualify(
            handoff, given["reason"], by=by, at=at, comment=given.get("comment", "")
        )
