"""Pages of custom fields, which the organisation asks of its leads and judges criteria by."""

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
from leads.records import custom_fields as fields
from personas import permissions
from personas.states import FieldType


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(permissions.can_edit_fields)
def custom_fields(request: Request) -> HttpResponse:
    """All custom fields, and the form for a new one."""
    form = CustomFieldForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return _create(request, form)
            except DomainError as error:
                status = add_domain_error(form, error)
    # PostgreSQL sorts NULL last: fields in use come before archived ones.
    rows = CustomField.objects.order_by("archived_at", "position", "code")
    labelled = [(row, FieldType(row.type).label) for row in rows]
    context = {"form": form, "rows": labelled}
    return render(request, "leads/custom_fields.html", context, status=status)


def _create(request: Request, form: CustomFieldForm) -> HttpResponse:
    custom = fields.create(
        form.name,
        form.cleaned_data["type"],
        form.listed(),
        by=request.user,
        at=request.now,
    )
    text = _("“%(field)s” is asked for from now on.")
    messages.success(request, text % {"field": custom})
    return redirect("custom_fields")


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(permissions.can_edit_fields)
def custom_field(request: Request, pk: int) -> HttpResponse:
    """One field: its name and its choices."""
    custom = _fetch(pk)
    form = CustomFieldForm(request.POST or None, custom=custom)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return _change(request, custom, form)
            except DomainError as error:
                status = add_domain_error(form, error)
    context = {
        "form": form,
        "custom": custom,
        "kind": FieldType(custom.type).label,
    }
    return render(request, "leads/custom_field.html", context, status=status)


def _fetch(pk: int) -> CustomField:
    return get_object_or_404(CustomField, pk=pk)


def _change(request: Request, custom: CustomField, form: CustomFieldForm) -> HttpResponse:
    fields.change(custom, form.name, form.listed(), by=request.user, at=request.now)
    messages.success(request, _("Saved."))
    return redirect("custom_field", pk=custom.pk)


@require_POST
@require_permission(permissions.can_edit_fields)
def archive(request: Request, pk: int) -> HttpResponse:
    """Stop asking for a field."""
    fields.archive(_fetch(pk), by=request.user, at=request.now)
    messages.success(request, _("The field is archived. What leads have answered stays."))
    return redirect("custom_field", pk=pk)


@require_POST
@require_permission(permissions.can_edit_fields)
def restore(request: Request, pk: int) -> HttpResponse:
    """Ask for an archived field again."""
    fields.restore(_fetch(pk), by=request.user, at=request.now)
    messages.success(request, _("The field is asked for again."))
    return redirect("custom_field", pk=pk)
