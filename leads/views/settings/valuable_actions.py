"""Pages of the catalogue of valuable actions, for team leads and admins."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.accounts.request import Request, require_permission
from leads import permissions
from leads.forms.qualification import ActionKindForm
from leads.models import ValuableActionKind
from leads.qualification import valuable_actions


def _fetch(pk: int) -> ValuableActionKind:
    # No visible_to: the catalogue is the organisation's.
    return get_object_or_404(ValuableActionKind, pk=pk)


@require_safe
@require_permission(permissions.can_edit_catalogues)
def kind_list(request: Request) -> HttpResponse:
    """Every kind in its order, the archived ones at the end."""
    # One query for both lists; the catalogue is short.
    rows = list(ValuableActionKind.objects.all())
    context = {
        "kinds": [row for row in rows if row.archived_at is None],
        "archived": [row for row in rows if row.archived_at is not None],
    }
    return render(request, "leads/valuable_actions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(permissions.can_edit_catalogues)
def kind_new(request: Request) -> HttpResponse:
    """A form for a new kind."""
    form = ActionKindForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        points = form.cleaned_data["points"]
        valuable_actions.create(form.name, points, by=request.user, at=request.now)
        return redirect("action_kinds")
    return _show_form(request, {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(permissions.can_edit_catalogues)
def kind_edit(request: Request, pk: int) -> HttpResponse:
    """A form for name and points of a kind."""
    kind = _fetch(pk)
    form = ActionKindForm(request.POST or None, kind=kind)
    if request.method == "POST" and form.is_valid():
        points = form.cleaned_data["points"]
        valuable_actions.change(kind, form.name, points, by=request.user, at=request.now)
        return redirect("action_kinds")
    return _show_form(request, {"form": form, "kind": kind})


def _show_form(request: Request, context: dict[str, Any]) -> HttpResponse:
    status = 422 if context["form"].errors else 200
    return render(request, "leads/valuable_action.html", context, status=status)


@require_POST
@require_permission(permissions.can_edit_catalogues)
def kind_move(request: Request, pk: int, direction: str) -> HttpResponse:
    """Move a kind one place up or down."""
    valuable_actions.move(_fetch(pk), direction, by=request.user, at=request.now)
    return redirect("action_kinds")


@require_POST
@require_permission(permissions.can_edit_catalogues)
def kind_archive(request: Request, pk: int) -> HttpResponse:
    """Remove a kind from the lists that people choose from."""
    valuable_actions.archive(_fetch(pk), by=request.user, at=request.now)
    return redirect("action_kinds")


@require_POST
@require_permission(permissions.can_edit_catalogues)
def kind_restore(request: Request, pk: int) -> HttpResponse:
    """Return an archived kind to these lists."""
    valuable_actions.restore(_fetch(pk), by=request.user, at=request.now)
    return redirect("action_kinds")
