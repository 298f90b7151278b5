"""Leads over the API: the same functions, sight and permissions as their pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.accounts.models import User
from crm.accounts.request import deny_unless
from crm.accounts.teams import marketing_team
from crm.lib import clock, rest
from crm.lib.paging import BadParameter
from crm.lib.text import company_key
from leads import permissions
from leads.api.lead_serializers import LeadChange, LeadPage, LeadShown, NewLead
from leads.api.request import CURSOR, LIMIT, PAGING, body_of
from leads.models import Company, Lead, Person, Source
from leads.records import leads
from leads.records.filters import LeadFilter
from leads.states import Stage

NEWEST = (
    rest.Key("first_seen_on", rest.day, descending=True),
    rest.Key("pk", rest.whole, descending=True),
)
PERSON = ("name", "email", "phone", "job_title", "country")
COMPANY = ("industry", "employees", "domain")


class ChangedMeanwhile(leads.ChangedMeanwhile):
    """The conflict with what was sent and what is saved, by field."""

    def __init__(
        self, error: leads.ChangedMeanwhile, sent: Mapping[str, Any], saved: Mapping[str, Any]
    ) -> None:
        conflicts: dict[str, dict[str, Any]] = {}
        messages: dict[str, str] = {}
        for name, value in sent.items():
            if saved[name] == value:
                continue
            conflicts[name] = {"yours": value, "saved": saved[name]}
            messages[name] = _("Saved now: %(value)s") % {"value": saved[name]}
        self.more = {"version": saved["version"], "conflicts": conflicts}
        super().__init__(error.message, fields=messages)


def rows(user: User) -> QuerySet[Lead]:
    """Return the leads that ``user`` may see, with what is shown of them."""
    visible = Lead.objects.visible_to(user).with_names()
    return visible.select_related("marketing_team", "persona_version__persona")


def fetch(user: User, pk: int) -> Lead:
    """Return the lead; 404 unless ``user`` may see it."""
    return get_object_or_404(rows(user), pk=pk)


def shown_to(user: User, pk: int) -> Any:
    """Return the lead as ``user`` may read it; 404 unless they may see it."""
    return LeadShown(fetch(user, pk), context={"user": user}).data


def capture_data(given: Mapping[str, Any], lead: Lead | None = None) -> dict[str, Any]:
    """Return ``given`` as leads.capture and leads.change take it.

    What is not given stays as ``lead`` has it.
    """
    source = lead.source if lead else None
    person = _person_data(given, lead.person if lead else None)
    company = _company_data(given, lead.company if lead else None, country=person["country"])
    return {
        "person": person,
        "company": company,
        "attributes": given.get("attributes", {}),
        "campaign": given.get("campaign", ""),
        "source": given.get("source", source),
    }


def _person_data(given: Mapping[str, Any], person: Person | None) -> dict[str, Any]:
    data = {name: given.get(name, getattr(person, name, "")) for name in PERSON}
    data["language"] = getattr(person, "language", "")
    return data


def _company_data(
    given: Mapping[str, Any], company: Company | None, *, country: str
) -> dict[str, Any]:
    """Return the company's fields; another name is another company, which starts empty."""
    name = given.get("company", company.name if company else "")
    is_same = company is not None and company_key(name) == company.name_key
    kept = company if is_same else None
    data = {field: given.get(field, getattr(kept, field, None)) for field in COMPANY}
    data["name"] = name
    data["country"] = given.get("country", kept.country if kept else country)
    return data


class Leads(APIView):
    """The leads in sight."""

    scope = "leads:write"
    tag = "leads"

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
        query = request.query_params
        rest.check_query(query, [*LeadFilter.base_filters, *PAGING])
        listing = _filtered(request)
        size = rest.size_of(query)
        page = rest.page(listing.qs, NEWEST, cursor=query.get("cursor", ""), size=size)
        body = {"results": page.rows, "next_cursor": page.next or None}
        return Response(LeadPage(body, context={"user": request.user}).data)

    @extend_schema(
        operation_id="leads_create",
        summary=_("Log a lead"),
        request=NewLead,
        responses={201: LeadShown},
    )
    def post(self, request: Request) -> Response:
        deny_unless(permissions.can_log(request.user))
        given = body_of(NewLead, request)
        data = capture_data(given)
        answers = data["attributes"].items()
        data["attributes"] = {code: value for code, value in answers if value not in (None, "")}
        lead = leads.capture(
            data,
            by=request.user,
            at=clock.now(),
            team=marketing_team(request.user),
            source=data["source"],
            first_action=given.get("first_action"),
        )
        shown = shown_to(request.user, lead.pk)
        return Response(shown, status=201, headers={"Location": f"/api/v1/leads/{lead.pk}/"})


def _filtered(request: Request) -> LeadFilter:
    """Return the valid filter of the query. Raises BadParameter by the names of its errors."""
    query = request.query_params.copy()
    for name in PAGING:
        query.pop(name, None)
    listing = LeadFilter(query, rows(request.user), user=request.user)
    if listing.is_valid():
        return listing
    errors = {name: " ".join(map(str, texts)) for name, texts in listing.form.errors.items()}
    raise BadParameter(_("A filter cannot be read."), fields=errors)


class LeadDetail(APIView):
    """One lead."""

    scope = "leads:write"
    tag = "leads"

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
        data = capture_data(given, lead)
        try:
            leads.change(lead, data, by=request.user, at=clock.now(), version=version)
        except leads.ChangedMeanwhile as error:
            sent = {name: _as_sent(value) for name, value in given.items()}
            raise ChangedMeanwhile(error, sent, shown_to(request.user, pk)) from None
        return Response(shown_to(request.user, pk))


def _as_sent(value: Any) -> Any:
    if isinstance(value, Source):
        return value.code
    return value
