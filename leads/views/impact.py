"""What a draft would have meant for past MQLs: the sentence on the draft's page, and the list."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from crm.accounts.request import Request, require_permission
from crm.lib.input.numbers import INTEGER, whole
from crm.lib.paging import BadParameter
from leads import permissions
from leads.models import Lead
from leads.qualification import impact
from leads.qualification.impact import Impact
from personas.models import PersonaVersion
from sla.models import AgreementVersion

PAGE = 50
UNKNOWN_ADDRESS = _("This address is not known. Start again from the draft.")


@require_safe
@require_permission(permissions.can_read_alignment)
def of_persona(request: Request, pk: int) -> HttpResponse:
    """What a version of a persona would have meant for the MQLs of the last 90 days."""
    _check_query(request)
    version = get_object_or_404(PersonaVersion.objects.select_related("persona"), pk=pk)
    result = impact.of_rules(version, since=_since(request.now), at=request.now)
    context = {
        "title": str(version.persona),
        "number": version.number,
        "of_persona": True,
    }
    return _show(request, result, context)


@require_safe
@require_permission(permissions.can_read_alignment)
def of_agreement(request: Request, pk: int) -> HttpResponse:
    """What a version of an agreement would have meant for the MQLs of the last 90 days."""
    _check_query(request)
    version = get_object_or_404(AgreementVersion.objects.select_related("agreement"), pk=pk)
    result = impact.of_agreement(version, since=_since(request.now), at=request.now)
    context = {
        "title": str(version.agreement),
        "number": version.number,
        "of_persona": False,
    }
    return _show(request, result, context)


def _check_query(request: Request) -> None:
    if set(request.GET) - {"from"}:
        raise BadParameter(UNKNOWN_ADDRESS)


def _start(request: Request) -> int:
    """Return the position of the first row. Raises BadParameter."""
    start = whole(request.GET.get("from", "0"), digits=INTEGER)
    if start is None:
        raise BadParameter(UNKNOWN_ADDRESS)
    return start


def _since(at: datetime) -> datetime:
    return at - impact.USUAL


def _show(request: Request, result: Impact, context: dict[str, Any]) -> HttpResponse:
    """Return the sentence alone for htmx, else the page of the list.

    Rows that the viewer may not see are masked.
    """
    context["impact"] = result
    context["days"] = impact.USUAL.days
    if request.htmx:
        return render(request, "leads/_impact.html", context)
    start = _start(request)
    end = start + PAGE
    page = result.leads[start:end]
    # Numbers of the organisation are the same for both sides, so rows out of sight are counted and
    # listed, but masked.
    visible = Lead.objects.visible_to(request.user).filter(pk__in=[row.lead.pk for row in page])
    pks = set(visible.values_list("pk", flat=True))
    context["rows"] = [(row, row.lead.pk in pks) for row in page]
    context["hidden"] = len(page) - len(pks)
    context["next"] = ""
    if result.out > end:
        context["next"] = f"?{urlencode({'from': end})}"
    return render(request, "leads/impact.html", context)
