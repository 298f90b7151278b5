"""What a draft would have meant: the sentence, for the draft's own page, and the list behind it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm.accounts.request import Request, deny_unless
from crm.lib.paging import BadParameter
from leads import permissions
from leads.models import Lead
from leads.qualification import impact
from leads.qualification.impact import Impact
from personas.models import PersonaVersion
from sla.models import AgreementVersion

PAGE = 50


@require_safe
def of_persona(request: Request, pk: int) -> HttpResponse:
    """What a version of a persona would have meant for the MQLs of the last 90 days."""
    _check(request)
    version = get_object_or_404(PersonaVersion.objects.select_related("persona"), pk=pk)
    found = impact.of_rules(version, since=_since(request.now), at=request.now)
    return _show(request, found, title=str(version.persona), number=version.number, of_persona=True)


@require_safe
def of_agreement(request: Request, pk: int) -> HttpResponse:
    """What a version of an agreement would have meant for the MQLs of the last 90 days."""
    _check(request)
    version = get_object_or_404(AgreementVersion.objects.select_related("agreement"), pk=pk)
    found = impact.of_agreement(version, since=_since(request.now), at=request.now)
    return _show(request, found, title=str(version.agreement), number=version.number)


def _check(request: Request) -> None:
    deny_unless(permissions.can_read_alignment(request.user))
    if set(request.GET) - {"from"}:
        raise BadParameter(_("This address is not known. Start again from the draft."))


def _since(at: datetime) -> datetime:
    return at - impact.USUAL


def _show(
    request: Request, found: Impact, *, title: str, number: int, of_persona: bool = False
) -> HttpResponse:
    """The sentence alone for a page that fetches it (htmx), else a page of the list; rows out of
    sight are masked.
    """
    context: dict[str, Any] = {
        "impact": found,
        "title": title,
        "number": number,
        "days": impact.USUAL.days,
    }
    context["of_persona"] = of_persona
    if request.htmx:
        return render(request, "leads/_impact.html", context)
    raw = request.GET.get("from", "0")
    if not raw.isdecimal() or len(raw) > 9:
        raise BadParameter(_("This address is not known. Start again from the draft."))
    start = int(raw)
    page = found.leads[start : start + PAGE]
    seen = Lead.objects.visible_to(request.user).filter(pk__in=[each.lead.pk for each in page])
    in_sight = set(seen.values_list("pk", flat=True))
    context |= {
        "rows": [(each, each.lead.pk in in_sight) for each in page],
        "hidden": len(page) - len(in_sight),
        "next": f"?{urlencode({'from': start + PAGE})}" if found.out > start + PAGE else "",
    }
    return render(request, "leads/impact.html", context)
