"""Leads over the API: the same functions, sight and permissions as their pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError as BadValue
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.accounts.models import Team, User
from crm.accounts.request import deny_unless
from crm.accounts.states import Side
from crm.lib import clock, rest
from crm.lib.catalogue import in_use
from crm.lib.forms import plain
from crm.lib.paging import BadParameter
from crm.lib.text import company_key
from leads import events, permissions
from leads.forms.leads import LeadForm
from leads.models import Lead, Source, ValuableActionKind
from leads.qualification import overrides, persona_match
from leads.records import contact_privacy, leads
from leads.records.filters import LeadFilter
from leads.states import Stage, Verdict
from leads.views import lead_page

NEWEST = (
    rest.Key("first_seen_on", rest.day, descending=True),
    rest.Key("pk", rest.whole, descending=True),
)
PAGING = ("cursor", "limit")
CURSOR = OpenApiParameter(
    "cursor", str, description=_("Where the page begins: next_cursor of the page before.")
)
LIMIT = OpenApiParameter(
    "limit", int, description=_("Rows of a page, from 1 to 100; 50 if it is not given.")
)
PERSON = ("name", "email", "phone", "job_title", "country")
COMPANY = ("industry", "employees", "domain")

# -- What is shown


class PersonaShown(serializers.Serializer):
    """The version of a persona that judged."""

    id = serializers.IntegerField(read_only=True)
    slug = serializers.CharField(source="persona.slug", read_only=True)
    number = serializers.IntegerField(read_only=True)


class LeadShown(serializers.Serializer):
    """A lead. Dates say when it first reached a stage; null: not yet, or not recorded."""

    id = serializers.IntegerField(read_only=True)
    version = serializers.IntegerField(read_only=True, help_text=_("Send it back with a change."))
    stage = serializers.ChoiceField(choices=Stage.choices, read_only=True)
    name = serializers.CharField(source="person.name", read_only=True)
    email = serializers.SerializerMethodField(
        help_text=_("Masked while the agreement hides it from sales.")
    )
    phone = serializers.SerializerMethodField(
        help_text=_("Masked while the agreement hides it from sales.")
    )
    job_title = serializers.CharField(source="person.job_title", read_only=True)
    country = serializers.CharField(source="person.country", read_only=True)
    company = serializers.CharField(source="company.name", default="", read_only=True)
    industry = serializers.CharField(source="company.industry", default="", read_only=True)
    employees = serializers.IntegerField(
        source="company.employees", default=None, allow_null=True, read_only=True
    )
    domain = serializers.CharField(source="company.domain", default="", read_only=True)
    source = serializers.CharField(
        source="source.code", default=None, allow_null=True, read_only=True
    )
    attributes = serializers.DictField(child=serializers.JSONField(), read_only=True)
    marketing_team = rest.Named(allow_null=True, read_only=True)
    owner = rest.Named(allow_null=True, read_only=True)
    persona = PersonaShown(source="persona_version", allow_null=True, read_only=True)
    first_seen_on = serializers.DateField(read_only=True)
    mql_on = serializers.DateField(allow_null=True, read_only=True)
    handed_off_on = serializers.DateField(allow_null=True, read_only=True)
    accepted_on = serializers.DateField(allow_null=True, read_only=True)
    contacted_on = serializers.DateField(allow_null=True, read_only=True)
    sql_on = serializers.DateField(allow_null=True, read_only=True)
    opportunity_on = serializers.DateField(allow_null=True, read_only=True)
    won_on = serializers.DateField(allow_null=True, read_only=True)
    lost_on = serializers.DateField(allow_null=True, read_only=True)
    won_amount = serializers.DecimalField(
        max_digits=14, decimal_places=2, allow_null=True, read_only=True
    )
    external_id = serializers.CharField(read_only=True)
    created_at = rest.Moment(read_only=True)

    def get_email(self, lead: Lead) -> str:
        return contact_privacy.email(lead, self.context["user"])

    def get_phone(self, lead: Lead) -> str:
        return contact_privacy.phone(lead, self.context["user"])


class LeadPage(serializers.Serializer):
    """Leads, the newest first.

    There is no count: counting a large set costs more than reading it.
    """

    results = LeadShown(many=True, read_only=True)
    next_cursor = serializers.CharField(allow_null=True, read_only=True)


class ActionShown(serializers.Serializer):
    """Something the lead did that shows interest."""

    id = serializers.IntegerField(read_only=True)
    kind = serializers.CharField(source="kind.code", read_only=True)
    occurred_on = serializers.DateField(read_only=True)
    note = serializers.CharField(read_only=True)
    recorded_by = rest.Named(allow_null=True, read_only=True)
    recorded_at = rest.Moment(read_only=True)


class ActionList(serializers.Serializer):
    results = ActionShown(many=True, read_only=True)


class EvidenceShown(serializers.Serializer):
    """What proves or disproves a criterion."""

    id = serializers.IntegerField(read_only=True)
    criterion = serializers.CharField(source="code", read_only=True)
    verdict = serializers.ChoiceField(choices=Verdict.choices, read_only=True)
    value = serializers.CharField(source="payload.value", default="", read_only=True)
    source = serializers.CharField(source="payload.source", default="", read_only=True)
    overrides = serializers.BooleanField(
        read_only=True, help_text=_("Outweighs a fact that says otherwise.")
    )
    reason = serializers.CharField(source="payload.reason", default="", read_only=True)
    by = rest.Named(source="actor", allow_null=True, read_only=True)
    at = rest.Moment(read_only=True)


# -- What is taken


@extend_schema_field({"type": "object", "additionalProperties": {}})
class Attributes(serializers.Field):
    """Values of the organisation's own fields by code, judged by the same form fields as on the
    page.
    """

    default_error_messages = {
        "unknown": _("There is no such field."),
        "object": _("Give an object."),
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            self.fail("object")
        form, found, wrong = LeadForm(), {}, {}
        known = {custom.code for custom in form.custom}
        for code, value in list(data.items())[:200]:
            if code not in known:
                wrong[str(code)[:60]] = [self.error_messages["unknown"]]
                continue
            try:
                if isinstance(value, dict | list):
                    raise BadValue(_("Give one value."))
                found[code] = plain(form.fields[f"attributes.{code}"].clean(value))
            except BadValue as error:
                wrong[code] = [str(text) for text in error.messages]
        if wrong:
            raise serializers.ValidationError(wrong)
        return found

    def to_representation(self, value: Any) -> Any:
        return value


class LeadBody(rest.Body):
    """What may be said of a lead."""

    name = rest.Line(max_length=160, allow_blank=True, required=False)
    email = rest.Email(max_length=254, allow_blank=True, required=False)
    phone = rest.Line(max_length=40, allow_blank=True, required=False)
    job_title = rest.Line(max_length=120, allow_blank=True, required=False)
    country = rest.Country(allow_blank=True, required=False)
    company = rest.Line(max_length=200, allow_blank=True, required=False)
    industry = rest.Line(max_length=80, allow_blank=True, required=False)
    employees = serializers.IntegerField(
        min_value=1, max_value=5_000_000, allow_null=True, required=False
    )
    domain = rest.Line(max_length=120, allow_blank=True, required=False)
    source = rest.Code(queryset=in_use(Source), allow_null=True, required=False)
    attributes = Attributes(required=False)


class NewLead(LeadBody):
    """A lead to log; name, e-mail or phone is needed."""

    first_action = rest.Code(
        queryset=in_use(ValuableActionKind),
        allow_null=True,
        required=False,
        help_text=_("What the lead did."),
    )
    campaign = rest.Line(max_length=120, allow_blank=True, required=False)


class LeadChange(LeadBody):
    """What is not given stays as it is."""

    version = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, help_text=_("The version that you read.")
    )


class NewAction(rest.Body):
    """A valuable action."""

    kind = rest.Code(queryset=in_use(ValuableActionKind))
    occurred_on = serializers.DateField(required=False, help_text=_("Today if it is not given."))
    note = rest.Lines(max_length=2000, allow_blank=True, required=False)

    def validate_occurred_on(self, value: Any) -> Any:
        if value > self.context["today"]:
            raise serializers.ValidationError(_("This day has not come yet."))
        return value


class NewEvidence(rest.Body):
    """Proof of one criterion of the persona that judges the lead: verdict and value; or, with a
    reason alone, that one knows better than the fact that decided it, which then counts the other
    way round.
    """

    criterion = rest.Line(max_length=60)
    verdict = serializers.ChoiceField(
        choices=[(v, v.label) for v in (Verdict.MET, Verdict.NOT_MET)], required=False
    )
    value = rest.Line(max_length=500, required=False)
    source = rest.Line(max_length=200, allow_blank=True, required=False)
    reason = rest.Line(
        max_length=500, required=False, help_text=_("Why you know better than the fact.")
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        parts = [name for name in ("verdict", "value") if name in given]
        if "reason" in given and parts:
            raise serializers.ValidationError(
                {name: _("Leave it out where you give a reason.") for name in parts}
            )
        if "reason" not in given and len(parts) < 2:
            missing = {"verdict", "value"} - set(parts)
            raise serializers.ValidationError(
                {name: _("This field is required.") for name in sorted(missing)}
            )
        return given


# -- Views


class ChangedMeanwhile(leads.ChangedMeanwhile):
    """Also says, by field, what was sent and what is saved."""

    def __init__(
        self, error: leads.ChangedMeanwhile, sent: Mapping[str, Any], saved: Mapping[str, Any]
    ) -> None:
        both = {
            name: {"yours": value, "saved": saved[name]}
            for name, value in sent.items()
            if saved[name] != value
        }
        words = {
            name: _("Saved now: %(value)s") % {"value": pair["saved"]}
            for name, pair in both.items()
        }
        self.more = {"version": saved["version"], "conflicts": both}
        super().__init__(error.message, fields=words)


def rows(user: User) -> QuerySet[Lead]:
    """The leads in sight, with what is shown of them."""
    return (
        Lead.objects.visible_to(user)
        .with_names()
        .select_related("marketing_team", "persona_version__persona")
    )


def fetch(user: User, pk: int) -> Lead:
    """The lead, if the person may see it; 404 else."""
    return get_object_or_404(rows(user), pk=pk)


def shown_to(user: User, pk: int) -> Any:
    """The lead as ``user`` may read it; 404 out of sight."""
    return LeadShown(fetch(user, pk), context={"user": user}).data


def body_of(serializer: type[rest.Body], request: Request, **context: Any) -> dict[str, Any]:
    """The cleaned body; raises with the names of what is wrong."""
    checked = serializer(data=request.data, context=context)
    checked.is_valid(raise_exception=True)
    return checked.validated_data


def data_for(given: Mapping[str, Any], lead: Lead | None = None) -> dict[str, Any]:
    """``given`` as leads.capture and leads.change take it; what is not given stays as ``lead`` has
    it.
    """
    old_person, old_company = (lead.person, lead.company) if lead else (None, None)
    person = {name: given.get(name, getattr(old_person, name, "")) for name in PERSON}
    person["language"] = getattr(old_person, "language", "")
    name = given.get("company", old_company.name if old_company else "")
    same = old_company if old_company and company_key(name) == old_company.name_key else None
    company = {field: given.get(field, getattr(same, field, None)) for field in COMPANY}
    company |= {
        "name": name,
        "country": given.get("country", same.country if same else person["country"]),
    }
    return {
        "person": person,
        "company": company,
        "attributes": given.get("attributes", {}),
        "campaign": given.get("campaign", ""),
        "source": given.get("source", lead.source if lead else None),
    }


class Leads(APIView):
    """The leads in sight."""

    scope = "leads:write"

    @extend_schema(
        operation_id="leads_list",
        summary=_("List leads, the newest first"),
        parameters=[
            OpenApiParameter("q", str, description=_("Parts of name, company, e-mail or phone.")),
            OpenApiParameter("stage", str, enum=Stage.values),
            OpenApiParameter("source", str, description=_("Code of a source; ~none: without one.")),
            OpenApiParameter("persona", str, description=_("Slug of a persona.")),
            OpenApiParameter(
                "since", str, description=_("First seen from this date on, 2026-03-31.")
            ),
            OpenApiParameter("until", str, description=_("First seen up to this date.")),
            CURSOR,
            LIMIT,
        ],
        responses=LeadPage,
    )
    def get(self, request: Request) -> Response:
        rest.check_query(request.query_params, [*LeadFilter.base_filters, *PAGING])
        query = request.query_params.copy()
        for name in PAGING:
            query.pop(name, None)
        listing = LeadFilter(query, rows(request.user), user=request.user)
        if not listing.is_valid():
            wrong = {name: " ".join(map(str, texts)) for name, texts in listing.form.errors.items()}
            raise BadParameter(_("A filter cannot be read."), fields=wrong)
        size, cursor = rest.size_of(request.query_params), request.query_params.get("cursor", "")
        page = rest.page(listing.qs, NEWEST, cursor=cursor, size=size)
        return Response(
            LeadPage(
                {"results": page.rows, "next_cursor": page.next or None},
                context={"user": request.user},
            ).data
        )

    @extend_schema(
        operation_id="leads_create",
        summary=_("Log a lead"),
        request=NewLead,
        responses={201: LeadShown},
    )
    def post(self, request: Request) -> Response:
        deny_unless(permissions.can_log(request.user))
        given = body_of(NewLead, request)
        data = data_for(given)
        data["attributes"] = {
            code: value for code, value in data["attributes"].items() if value not in (None, "")
        }
        lead = leads.capture(
            data,
            by=request.user,
            at=clock.now(),
            team=Team.objects.filter(pk__in=request.user.team_ids(Side.MARKETING)).first(),
            source=data["source"],
            first_action=given.get("first_action"),
        )
        shown = shown_to(request.user, lead.pk)
        return Response(shown, status=201, headers={"Location": f"/api/v1/leads/{lead.pk}/"})


class LeadDetail(APIView):
    """One lead."""

    scope = "leads:write"

    @extend_schema(operation_id="leads_read", summary=_("Read a lead"), responses=LeadShown)
    def get(self, request: Request, pk: int) -> Response:
        rest.check_query(request.query_params, ())
        return Response(shown_to(request.user, pk))

    @extend_schema(
        operation_id="leads_change",
        summary=_("Change a lead; 409 with both values where somebody else did meanwhile"),
        request=LeadChange,
        responses=LeadShown,
    )
    def patch(self, request: Request, pk: int) -> Response:
        lead = fetch(request.user, pk)
        deny_unless(permissions.can_change(request.user, lead))
        given = body_of(LeadChange, request)
        version = given.pop("version")
        try:
            leads.change(
                lead, data_for(given, lead), by=request.user, at=clock.now(), version=version
            )
        except leads.ChangedMeanwhile as error:
            sent = {
                name: value.code if isinstance(value, Source) else value
                for name, value in given.items()
            }
            raise ChangedMeanwhile(error, sent, shown_to(request.user, pk)) from None
        return Response(shown_to(request.user, pk))


class Actions(APIView):
    """The valuable actions of a lead."""

    scope = "leads:write"

    @extend_schema(
        operation_id="actions_list",
        summary=_("List a lead's valuable actions"),
        responses=ActionList,
    )
    def get(self, request: Request, pk: int) -> Response:
        rest.check_query(request.query_params, ())
        lead = get_object_or_404(Lead.objects.visible_to(request.user), pk=pk)
        found = lead.valuable_actions.select_related("kind", "recorded_by")
        return Response(ActionList({"results": found}).data)

    @extend_schema(
        operation_id="actions_create",
        summary=_("Note a valuable action"),
        request=NewAction,
        responses={201: ActionShown},
    )
    def post(self, request: Request, pk: int) -> Response:
        lead = fetch(request.user, pk)
        deny_unless(permissions.can_change(request.user, lead))
        now = clock.now()
        today = events.today(now)
        given = {"occurred_on": today, **body_of(NewAction, request, today=today)}
        action = leads.add_action(lead, given.pop("kind"), **given, by=request.user, at=now)
        return Response(ActionShown(action).data, status=201)


class EvidenceList(APIView):
    """What proves the criteria of a lead."""

    scope = "leads:write"

    @extend_schema(
        operation_id="evidence_create",
        summary=_("Add evidence for a criterion"),
        request=NewEvidence,
        responses={201: EvidenceShown},
    )
    def post(self, request: Request, pk: int) -> Response:
        user, lead = request.user, fetch(request.user, pk)
        handoff = lead_page.latest_handoff(user, lead)
        works = handoff is not None and permissions.can_work(user, handoff)
        deny_unless(works or permissions.can_qualify(user, lead))
        given = body_of(NewEvidence, request)
        usual = None if works else persona_match.usual_version(lead)
        version = lead_page.version_for(lead, handoff) if works else usual
        code = given["criterion"]
        if version is None or code not in {criterion.code for criterion in version.criteria.all()}:
            raise serializers.ValidationError(
                {"criterion": [_("The persona has no such criterion.")]}
            )
        source, now = given.get("source", ""), clock.now()
        if "reason" in given:
            words = {"reason": given["reason"], "source": source}
            evidence = overrides.override(lead, version, code, **words, by=user, at=now)
        else:
            words = {"value": given["value"], "source": source}
            evidence = leads.add_evidence(lead, code, given["verdict"], **words, by=user, at=now)
        return Response(EvidenceShown(evidence).data, status=201)
