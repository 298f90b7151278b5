"""Pages that show agreements: one version, all of them, what changed, and the paper to sign."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from crm.accounts.request import Request
from sla.agreements import permissions
from sla.forms.agreements import CommentForm
from sla.models import AgreementVersion
from sla.text import changes
from sla.views import agreement_page


def fetch(pk: int) -> AgreementVersion:
    """The version, else 404."""
    found: AgreementVersion = get_object_or_404(agreement_page.versions(), pk=pk)
    return found


@require_safe
def agreement(request: Request) -> HttpResponse:
    """What is in force for the viewer's team; a list where that is none or several."""
    version = agreement_page.for_viewer(request.user)
    return show(request, version) if version else agreement_list(request)


@require_safe
def agreement_list(request: Request) -> HttpResponse:
    """Every agreement with its versions."""
    context = {
        "rows": agreement_page.everything(),
        "may_found": permissions.can_found(request.user),
    }
    context["may_keep_reasons"] = permissions.can_keep_reasons(request.user)
    return render(request, "sla/agreement_list.html", context)


@require_safe
def agreement_version(request: Request, pk: int) -> HttpResponse:
    """The text of one version, with the comments beside it."""
    return show(request, fetch(pk))


def show(
    request: Request,
    version: AgreementVersion,
    *,
    status: int = 200,
    comment: CommentForm | None = None,
) -> HttpResponse:
    """The page of a version. ``comment``: one that came back with an error."""
    context = agreement_page.page(version, request.user, at=request.now)
    context["may_keep_reasons"] = permissions.can_keep_reasons(request.user)
    return render(request, "sla/agreement.html", {**context, "comment": comment}, status=status)


@require_safe
def agreement_diff(request: Request, pk: int) -> HttpResponse:
    """What one version says otherwise than another of the same agreement, by default the one
    before.
    """
    version = fetch(pk)
    others = [each for each in agreement_page.siblings(version) if each.pk != version.pk]
    wanted = request.GET.get("with", "")
    if wanted:
        other = next((each for each in others if str(each.pk) == wanted), None)
        if other is None:
            raise Http404
    else:
        other = next(
            (each for each in others if each.number < version.number), others[0] if others else None
        )
    context: dict[str, Any] = {"version": version, "other": other, "others": others}
    if other is not None:
        before, after = sorted((other, version), key=lambda each: each.number)
        found = changes.between(agreement_page.sections(before), agreement_page.sections(after))
        context |= {"before": before, "after": after, "changes": found}
    return render(request, "sla/agreement_diff.html", context)


@require_safe
def agreement_print(request: HttpRequest, pk: int) -> HttpResponse:
    """The text on paper, with lines to sign on."""
    version = fetch(pk)
    context = {
        "version": version,
        "sections": agreement_page.sections(version),
        "places": agreement_page.places(version),
    }
    return render(request, "sla/agreement_print.html", context)
