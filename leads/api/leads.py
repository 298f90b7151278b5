"""Leads over the API: the same functions, sight and permissions as their pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.accounts.models import User
from crm.accounts.request import deny_unless, moment_of
from crm.accounts.teams import marketing_team
from crm.lib import rest
from crm.lib.paging import BadParameter
from leads import permissions, steps
from leads.api import lead_rows
from leads.api.lead_serializers import LeadChange, LeadPage, LeadShown, LoggedLead, NewLead
from leads.api.request import CURSOR, LIMIT, PAGING, body_of
from leads.lists.filters import CLOCK_CHOICES
from leads.lists.leads import NEWEST_FIRST, LeadFilter
from leads.models import Lead, Source
from leads.records import companies, leads, persons
from leads.records.identity import known_leads
from leads.states import Stage

NEWEST = rest.keys_of(NEWEST_FIRST)
PERSON = ("name", "email", "phone", "job_title", "country")
# The fields of the company, with the names of its facts.
COMPANY = {
    "company": "name",
    "company_country": "country",
    "industry": "industry",
    "employees": "employees",
    "domain": "domain",
}
EMPTY: Mapping[str, Any] = {}


class ChangedMeanwhile(leads.ChangedMeanwhile):
    """The conflict with what was sent and what is saved, by field."""

    def __init__(self, message: object, sent: dict[str, Any], saved: dict[str, Any]) -> None:
        conflicts: dict[str, dict[str, Any]] = {}
        messages: dict[str, str] = {}
        for name, value in sent.items():
            if saved[name] == value:
                continue
            conflicts[name] = {"yours": value, "saved": saved[name]}
            messages[name] = _("Saved now: %(value)s") % {"value": saved[name]}
        # The new version lets the client send its choice without reading the lead first.
        self.more = {
            "version": saved["version"],
            "conflicts": conflicts,
        }
        super().__init__(message, fields=messages)


def rows(user: User) -> QuerySet[Lead]:
    """Return the leads that ``user`` may see, with what is shown of them."""
    visible = Lead.objects.visible_to(user).with_names()
    return visible.select_related("marketing_team", "persona_version__persona")


def fetch(user: User, pk: int) -> Lead:
    """Return the lead; 404 unless ``user`` may see it."""
    return get_object_or_404(rows(user), pk=pk)


def check_seen(user: User, pk: int) -> None:
    """Raise Http404 unless ``user`` may see the lead."""
    get_object_or_404(Lead.objects.visible_to(user).only("pk"), pk=pk)


# -- The data that leads.capture and leads.change take


def data_for_new(body: dict[str, Any]) -> dict[str, Any]:
    """Return the data of a new lead."""
    data = _data(body, person=EMPTY, source=None)
    data["company"] = _company(body, country=data["person"]["country"])
    answers = data["attributes"].items()
    data["attributes"] = {code: value for code, value in answers if value not in (None, "")}
    return data


def data_for_change(body: dict[str, Any], lead: Lead) -> dict[str, Any]:
    """Return the data of a changed lead; fields that ``body`` lacks stay as ``lead`` has them."""
    person = {name: getattr(lead.person, name) for name in (*PERSON, "language")}
    person["phone"] = persons.shown_phone(lead.person)
    data = _data(body, person=person, source=lead.source)
    name = body.get("company", "")
    stays = lead.company is not None and companies.same_name(lead.company, name)
    if "company" in body and not stays:
        # Facts of the old company say nothing of the new one.
        data["company"] = _company(body, country=data["person"]["country"])
    else:
        facts = {fact: body[field] for field, fact in COMPANY.items() if field in body}
        if lead.company is None:
            companies.check_named(facts)
        data["company"] = facts
    return data


def _data(
    body: dict[str, Any], *, person: Mapping[str, Any], source: Source | None
) -> dict[str, Any]:
    new_person = {name: body.get(name, person.get(name, "")) for name in PERSON}
    new_person["language"] = person.get("language", "")
    return {
        "person": new_person,
        "attributes": body.get("attributes", {}),
        "campaign": body.get("campaign", ""),
        "source": body.get("source", source),
    }


def _company(body: dict[str, Any], *, country: str) -> dict[str, Any]:
    """Return the data of the company that ``body`` names; ``country`` if it names none."""
    data = {fact: body.get(field) for field, fact in COMPANY.items()}
    companies.check_named(data)
    data["country"] = body.get("company_country", country)
    return data


# -- Views


def _parameter(name: str, description: Any) -> OpenApiParameter:
    return OpenApiParameter(name, str, description=description)


class Leads(APIView):
    """The leads in sight."""

    scope = "leads:write"
    tag = "leads"

    @extend_schema(
        operation_id="leads_list",
        summary=_("List leads, the newest first"),
        parameters=[
            _parameter("q", _("Parts of name, company, e-mail or phone.")),
            OpenApiParameter("stage", str, enum=Stage.values),
            _parameter("source", _("Code of a source; ~none: without one.")),
            _parameter("persona", _("Slug of a persona.")),
            _parameter("owner", _("Id of the person who works on the lead.")),
            _parameter("team", _("Id of the team that brought the lead or has its handoff.")),
            _parameter("country", _("Country of the person, else of the company: MX.")),
            OpenApiParameter("clock", str, enum=[value for value, _label in CLOCK_CHOICES]),
            _parameter("since", _("First seen from this date on, 2026-03-31.")),
            _parameter("until", _("First seen up to this date.")),
            CURSOR,
            LIMIT,
        ],
        responses=LeadPage,
    )
    def get(self, request: Request) -> Response:
        query = request.query_params
        rest.check_query(query, [*LeadFilter.base_filters, *PAGING])
        # Ids first, which one index has in this order; then only the columns that are shown.
        found = _filtered(request).values_list("pk", "first_seen_on", named=True)
        size = rest.size_of(query)
        page = rest.page(found, NEWEST, cursor=query.get("cursor", ""), size=size)
        shown = lead_rows.shown_of_page([row.pk for row in page.rows], request.user)
        return Response({"results": shown, "next_cursor": page.next or None})

    @extend_schema(
        operation_id="leads_create",
        summary=_("Log a lead"),
        request=NewLead,
        responses={201: LoggedLead},
    )
    def post(self, request: Request) -> Response:
        # Before the body is read: role (403) comes before wrong input (422).
        deny_unless(permissions.can_log(request.user))
        body = body_of(NewLead, request)
        data = data_for_new(body)
        person = persons.new(data)
        identity = persons.identity_of(person)
        if body["refuse_known"]:
            match = known_leads.refuse_known(identity, user=request.user)
        else:
            match = known_leads.find_one(identity, user=request.user)
        lead = leads.capture(
            data,
            by=request.user,
            at=moment_of(request.user),
            team=marketing_team(request.user),
            source=data["source"],
            first_action=body.get("first_action"),
            person=person,
        )
        shown = lead_rows.shown_new(lead, request.user)
        if match is not None:
            shown["known"] = {
                "lead": match.lead,
                "field": match.field.value,
                "is_same_person": match.is_same,
            }
        return Response(shown, status=201, headers={"Location": f"/api/v1/leads/{lead.pk}/"})

    def check_seen(self, user: User, kept: Any, *, at: datetime) -> None:
        # A refusal tells of no lead.
        if "id" in kept:
            check_seen(user, kept["id"])


def _filtered(request: Request) -> QuerySet[Lead]:
    """Return the leads that the query asks for. Raises BadParameter by the names of its errors."""
    query = request.query_params.copy()
    # The filter refuses every parameter that is not its own.
    for name in PAGING:
        query.pop(name, None)
    listing = LeadFilter(
        query,
        lambda: Lead.objects.visible_to(request.user).filter(archived_at__isnull=True),
        user=request.user,
        at=moment_of(request.user),
    )
    # What can be chosen is read from the database: most requests choose nothing.
    if not listing.is_on or listing.is_valid():
        return listing.narrow(listing.queryset)
    errors = {name: " ".join(map(str, texts)) for name, texts in listing.form.errors.items()}
    raise BadParameter(_("A filter cannot be read."), fields=errors)


class LeadDetail(APIView):
    """One lead."""

    scope = "leads:write"
    tag = "leads"

    @extend_schema(operation_id="leads_read", summary=_("Read a lead"), responses=LeadShown)
    def get(self, request: Request, pk: int) -> Response:
        rest.check_query(request.query_params, ())
        return Response(lead_rows.shown_to(request.user, pk))

    @extend_schema(
        operation_id="leads_change",
        summary=_("Change a lead; 409 with both values where somebody else did meanwhile"),
        request=LeadChange,
        responses=LeadShown,
    )
    def patch(self, request: Request, pk: int) -> Response:
        lead = fetch(request.user, pk)
        steps.check(request.user, lead, *permissions.CHANGE)
        body = body_of(LeadChange, request, stored=lead.attributes)
        version = body.pop("version")
        data = data_for_change(body, lead)
        try:
            leads.change(lead, data, by=request.user, at=moment_of(request.user), version=version)
        except leads.ChangedMeanwhile as error:
            sent = {name: _as_sent(value) for name, value in body.items()}
            # As this person may read it: the conflict must not show masked contact data.
            saved = lead_rows.shown_to(request.user, pk)
            raise ChangedMeanwhile(error.message, sent, saved) from None
        return Response(lead_rows.shown_to(request.user, pk))


def _as_sent(value: Any) -> Any:
    if isinstance(value, Source):
        return value.code
    return value
