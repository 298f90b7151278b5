"""The catalogue of reasons to reject a lead, kept by the leads of both sides."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm.accounts.request import Request
from crm.agreement import permissions
from crm.agreement.forms import ReasonForm
from crm.lib.errors import DomainError
from crm.setup.wizard_views import refuse
from sla import reasons
from sla.models import RejectionReason


def keeps_reasons(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """403 for whoever may not keep the catalogue."""

    @wraps(view)
    def guarded(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        if not permissions.can_keep_reasons(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def _one(pk: int) -> RejectionReason:
    found: RejectionReason = get_object_or_404(RejectionReason, pk=pk)
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@keeps_reasons
def rejection_reasons(request: Request) -> HttpResponse:
    """All reasons in their order, and a form for a new one."""
    rows = list(RejectionReason.objects.all())
    form, status = ReasonForm(request.POST or None, places=len(rows) + 1), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                reasons.create(**form.terms(), by=request.user, at=request.now)
            except DomainError as error:
                status = refuse(form, error)
            else:
                messages.success(request, _("Saved. The next version of an agreement can name it."))
                return redirect("rejection_reasons")
    used = set(reasons.used().values_list("pk", flat=True))
    context = {"rows": [(row, row.pk in used) for row in rows], "form": form}
    return render(request, "agreement/rejection_reasons.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@keeps_reasons
def rejection_reason(request: Request, pk: int) -> HttpResponse:
    """Change one reason."""
    reason = _one(pk)
    form, status = ReasonForm(request.POST or None, reason=reason), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                reasons.change(reason, by=request.user, at=request.now, **form.terms())
            except DomainError as error:
                status = refuse(form, error)
            else:
                messages.success(request, _("Saved."))
                return redirect("rejection_reasons")
    context = {"reason": reason, "form": form, "is_used": reasons.is_used(reason)}
    return render(request, "agreement/rejection_reason.html", context, status=status)


def _act(request: Request, pk: int, act: Callable[..., object], said: str) -> HttpResponse:
    act(_one(pk), by=request.user, at=request.now)
    messages.success(request, said)
    return redirect("rejection_reasons")


@require_POST
@keeps_reasons
def rejection_reason_archive(request: Request, pk: int) -> HttpResponse:
    """No rep chooses it any more."""
    return _act(request, pk, reasons.archive, _("Archived. What was signed and decided keeps it."))


@require_POST
@keeps_reasons
def rejection_reason_restore(request: Request, pk: int) -> HttpResponse:
    """Use it again."""
    return _act(request, pk, reasons.restore, _("In use again."))


@require_POST
@keeps_reasons
def rejection_reason_delete(request: Request, pk: int) -> HttpResponse:
    """Take away what no agreement ever named."""
    return _act(request, pk, reasons.delete, _("Deleted: no agreement ever named it."))
