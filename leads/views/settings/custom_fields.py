"""Pages of custom fields: what the organisation asks of its leads, and criteria judge by."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm.accounts.request import Request, require_permission
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from leads.forms.custom_fields import CustomFieldForm
from leads.models import CustomField
from leads.records import custom_fields as customs
from personas import permissions
from personas.states import FieldType


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(permissions.can_edit_fields)
def custom_fields(request: Request) -> HttpResponse:
    """All of them, and the form for a new one."""
    form, status = CustomFieldForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            kind = form.cleaned_data["type"]
            try:
                custom = customs.create(
                    form.name, kind, form.listed(), by=request.user, at=request.now
                )
            except DomainError as error:
                status = add_domain_error(form, error)
            else:
                messages.success(
                    request, _("“%(field)s” is asked for from now on.") % {"field": custom}
                )
                return redirect("custom_fields")
    rows = [
        (row, FieldType(row.type).label)
        for row in CustomField.objects.order_by("archived_at", "position", "code")
    ]
    return render(request, "leads/custom_fields.html", {"form": form, "rows": rows}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(permissions.can_edit_fields)
def custom_field(request: Request, pk: int) -> HttpResponse:
    """One field: its words and its choices; archive it."""
    custom = get_object_or_404(CustomField, pk=pk)
    form, status = CustomFieldForm(request.POST or None, custom=custom), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                customs.change(custom, form.name, form.listed(), by=request.user, at=request.now)
            except DomainError as error:
                status = add_domain_error(form, error)
            else:
                messages.success(request, _("Saved."))
                return redirect("custom_field", pk=pk)
    context = {"form": form, "custom": custom, "kind": FieldType(custom.type).label}
    return render(request, "leads/custom_field.html", context, status=status)


@require_POST
@require_permission(permissions.can_edit_fields)
def archive(request: Request, pk: int) -> HttpResponse:
    """Ask for it no more."""
    customs.archive(get_object_or_404(CustomField, pk=pk), by=request.user, at=request.now)
    messages.success(request, _("The field is archived. What leads have answered stays."))
    return redirect("custom_field", pk=pk)


@require_POST
@require_permission(permissions.can_edit_fields)
def restore(request: Request, pk: int) -> HttpResponse:
    """Ask for it again."""
    customs.restore(get_object_or_404(CustomField, pk=pk), by=request.user, at=request.now)
    messages.success(request, _("The field is asked for again."))
    return redirect("custom_field", pk=pk)
