"""Pages of message templates, for leads of teams and directors."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.accounts.request import Request, deny_unless, require_permission
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from leads import permissions
from leads.follow_up import templates
from leads.forms.follow_up import TemplateForm
from leads.models import MessageTemplate


def _fetch(request: Request, pk: int) -> MessageTemplate:
    """Return the template: 404 unless in sight, 403 unless the viewer may edit it."""
    rows = MessageTemplate.objects.visible_to(request.user).select_related("team")
    template = get_object_or_404(rows, pk=pk)
    deny_unless(permissions.can_edit_template(request.user, template))
    return template


@require_safe
@require_permission(permissions.can_edit_templates)
def template_list(request: Request) -> HttpResponse:
    """The templates of the viewer's teams, the archived ones at the end."""
    return _show_list(request)


def _show_list(request: Request, *, refused: str = "", status: int = 200) -> HttpResponse:
    """Show the list; ``refused``: why a template could not be restored."""
    rows = list(MessageTemplate.objects.visible_to(request.user).select_related("team"))
    context = {
        "templates": [row for row in rows if row.archived_at is None],
        "archived": [row for row in rows if row.archived_at is not None],
        "refused": refused,
    }
    return render(request, "leads/message_templates.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(permissions.can_edit_templates)
def template_new(request: Request) -> HttpResponse:
    """A form for a new template."""
    teams = permissions.teams_with_templates(request.user)
    form = TemplateForm(request.POST or None, teams=teams)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                templates.create(**form.cleaned_data, by=request.user, at=request.now)
            except DomainError as error:
                status = add_domain_error(form, error)
            else:
                return _saved(request)
    return _show_form(request, {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(permissions.can_edit_templates)
def template_edit(request: Request, pk: int) -> HttpResponse:
    """A form for the texts of a template."""
    template = _fetch(request, pk)
    form = TemplateForm(request.POST or None, teams=None, template=template)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                templates.change(template, **form.cleaned_data, by=request.user, at=request.now)
            except DomainError as error:
                status = add_domain_error(form, error)
            else:
                return _saved(request)
    return _show_form(request, {"form": form, "template": template}, status=status)


def _saved(request: Request) -> HttpResponse:
    messages.success(request, _("Saved."))
    return redirect("message_templates")


def _show_form(request: Request, context: dict[str, Any], *, status: int) -> HttpResponse:
    return render(request, "leads/message_template.html", context, status=status)


@require_POST
@require_permission(permissions.can_edit_templates)
def template_archive(request: Request, pk: int) -> HttpResponse:
    """Remove a template from the lead page."""
    templates.archive(_fetch(request, pk), by=request.user, at=request.now)
    return redirect("message_templates")


@require_POST
@require_permission(permissions.can_edit_templates)
def template_restore(request: Request, pk: int) -> HttpResponse:
    """Take an archived template into use again."""
    try:
        templates.restore(_fetch(request, pk), by=request.user, at=request.now)
    except templates.BadTemplate as error:
        return _show_list(request, refused=str(error.message), status=error.status)
    return redirect("message_templates")
