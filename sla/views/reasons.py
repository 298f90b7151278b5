"""The catalogues of reasons, to reject a lead and to pause a clock, kept by the leads of both
sides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from crm.accounts.request import Request, require_permission
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from sla.agreements import pause_reasons, permissions, rejection_reasons
from sla.forms.agreements import CatalogueForm, PauseReasonForm, ReasonForm
from sla.models import PauseReason, RejectionReason
from sla.states import RejectionClass
from sla.text.commitments import wall_time

View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Catalogue:
    """``store``: the noun module that writes it; ``url``: the name of the address of one reason;
    its list has an s.
    """

    model: Any
    store: ModuleType
    form: type[CatalogueForm]
    url: str
    title: str | Promise
    sub: str | Promise
    about: str | Promise  # the column of a list that says more of each

    def one(self, pk: int) -> Any:
        return get_object_or_404(self.model, pk=pk)

    def back(self, request: Request, said: str) -> HttpResponse:
        messages.success(request, said)
        return redirect(f"{self.url}s")


REJECTING = Catalogue(
    RejectionReason,
    rejection_reasons,
    ReasonForm,
    "rejection_reason",
    gettext_lazy("Reasons to reject"),
    gettext_lazy("What a rep can say when they reject a lead before contact"),
    gettext_lazy("Class"),
)
PAUSING = Catalogue(
    PauseReason,
    pause_reasons,
    PauseReasonForm,
    "pause_reason",
    gettext_lazy("Reasons to pause"),
    gettext_lazy("For what a rep can pause a clock when the lead asks for time"),
    gettext_lazy("At most"),
)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(permissions.can_keep_reasons)
def listing(request: Request, catalogue: Catalogue) -> HttpResponse:
    """All reasons in their order, and a form for a new one."""
    rows = list(catalogue.model._default_manager.all())
    form, status = catalogue.form(request.POST or None, places=len(rows) + 1), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                catalogue.store.create(**form.terms(), by=request.user, at=request.now)
            except DomainError as error:
                status = add_domain_error(form, error)
            else:
                return catalogue.back(
                    request, _("Saved. The next version of an agreement can name it.")
                )
    used = catalogue.store.used()
    context = {
        "catalogue": catalogue,
        "rows": [(row, row.pk in used, _said(row)) for row in rows],
        "form": form,
    }
    return render(request, "sla/reasons.html", context, status=status)


def _said(reason: PauseReason | RejectionReason) -> str | Promise:
    """What a list says of a reason beside its name: its class, or how long a pause may last."""
    if isinstance(reason, PauseReason):
        return wall_time(reason.longest_minutes)
    return RejectionClass(reason.kind).label


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(permissions.can_keep_reasons)
def editing(request: Request, catalogue: Catalogue, pk: int) -> HttpResponse:
    """Change one reason."""
    reason = catalogue.one(pk)
    form, status = catalogue.form(request.POST or None, reason=reason), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                catalogue.store.change(reason, by=request.user, at=request.now, **form.terms())
            except DomainError as error:
                status = add_domain_error(form, error)
            else:
                return catalogue.back(request, _("Saved."))
    context = {
        "catalogue": catalogue,
        "reason": reason,
        "form": form,
        "is_used": catalogue.store.is_used(reason),
    }
    return render(request, "sla/reason.html", context, status=status)


@require_POST
@require_permission(permissions.can_keep_reasons)
def archive(request: Request, catalogue: Catalogue, pk: int) -> HttpResponse:
    """No rep chooses it any more."""
    catalogue.store.archive(catalogue.one(pk), by=request.user, at=request.now)
    return catalogue.back(request, _("Archived. What was signed and decided keeps it."))


@require_POST
@require_permission(permissions.can_keep_reasons)
def restore(request: Request, catalogue: Catalogue, pk: int) -> HttpResponse:
    """Use it again."""
    catalogue.store.restore(catalogue.one(pk), by=request.user, at=request.now)
    return catalogue.back(request, _("In use again."))


@require_POST
@require_permission(permissions.can_keep_reasons)
def delete(request: Request, catalogue: Catalogue, pk: int) -> HttpResponse:
    """Take away what no agreement ever named."""
    catalogue.store.delete(catalogue.one(pk), by=request.user, at=request.now)
    return catalogue.back(request, _("Deleted: no agreement ever named it."))
