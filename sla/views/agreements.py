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
from sla.views import agreement_overview


def fetch(pk: int) -> AgreementVersion:
    """Return the version, else 404."""
    version: AgreementVersion = get_object_or_404(agreement_overview.versions(), pk=pk)
    return version


@require_safe
def agreement(request: Request) -> HttpResponse:
    """Show the version in force for the viewer's team, or the list where that is not one."""
    version = agreement_overview.version_for(request.user)
    if version is None:
        return agreement_list(request)
    return show(request, version)


@require_safe
def agreement_list(request: Request) -> HttpResponse:
    """Show every agreement with its versions."""
    context = {
        "rows": agreement_overview.all_versions(),
        "may_create": permissions.can_create(request.user),
        "may_keep_reasons": permissions.can_keep_reasons(request.user),
    }
    return render(request, "sla/agreement_list.html", context)


@require_safe
def agreement_version(request: Request, pk: int) -> HttpResponse:
    """Show the text of one version, with the comments beside it."""
    return show(request, fetch(pk))


def show(
    request: Request,
    version: AgreementVersion,
    *,
    status: int = 200,
    comment: CommentForm | None = None,
) -> HttpResponse:
    """Answer the page of ``version``. ``comment``: the form of a comment that has an error."""
    context = agreement_overview.page(version, request.user, at=request.now)
    context["may_keep_reasons"] = permissions.can_keep_reasons(request.user)
    context["comment_form"] = comment
    return render(request, "sla/agreement.html", context, status=status)


@require_safe
def agreement_diff(request: Request, pk: int) -> HttpResponse:
    """Show what one version says otherwise than another one of the same agreement.

    By default than the one before it.
    """
    version = fetch(pk)
    others = [each for each in agreement_overview.siblings(version) if each.pk != version.pk]
    other = _other(version, others, request.GET.get("with", ""))
    context: dict[str, Any] = {
        "version": version,
        "other": other,
        "others": others,
    }
    if other is not None:
        before, after = sorted((other, version), key=lambda each: each.number)
        context["before"] = before
        context["after"] = after
        context["changes"] = changes.between(
            agreement_overview.sections(before), agreement_overview.sections(after)
        )
    return render(request, "sla/agreement_diff.html", context)


def _other(
    version: AgreementVersion,
    others: list[AgreementVersion],
    wanted: str,
) -> AgreementVersion | None:
    """Return the version to compare with. Raises Http404 for a ``wanted`` id that is none."""
    if wanted:
        for each in others:
            if str(each.pk) == wanted:
                return each
        raise Http404
    # The siblings come newest first: the first older one is the version before.
    older = [each for each in others if each.number < version.number]
    return next(iter([*older, *others]), None)


@require_safe
def agreement_print(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the text on paper, with lines to sign on."""
    version = fetch(pk)
    context = {
        "version": version,
        "sections": agreement_overview.sections(version),
        "sides": agreement_overview.signatures(version),
    }
    return render(request, "sla/agreement_print.html", context)
