"""The catalogue of valuable actions, for leads of teams and admins."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.accounts.request import Request, require_permission
from leads import permissions
from leads.forms.qualification import ActionKindForm
from leads.models import ValuableActionKind
from leads.qualification import valuable_actions


def _fetch(pk: int) -> ValuableActionKind:
    return get_object_or_404(ValuableActionKind, pk=pk)


@require_safe
@require_permission(permissions.can_edit_catalogues)
def kind_list(request: Request) -> HttpResponse:
    """Every kind in its order; the archived ones at the end."""
    rows = list(ValuableActionKind.objects.all())
    context = {
        "kinds": [row for row in rows if row.archived_at is None],
        "archived": [row for row in rows if row.archived_at is not None],
    }
    return render(request, "leads/valuable_actions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(permissions.can_edit_catalogues)
def kind_new(request: Request) -> HttpResponse:
    """A new kind."""
    form = ActionKindForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        valuable_actions.create(
            form.name, form.cleaned_data["points"], by=request.user, at=request.now
        )
        return redirect("action_kinds")
    return render(
        request, "leads/valuable_action.html", {"form": form}, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(permissions.can_edit_catalogues)
def kind_edit(request: Request, pk: int) -> HttpResponse:
    """Name and points of a kind."""
    kind = _fetch(pk)
    form = ActionKindForm(request.POST or None, kind=kind)
    if request.method == "POST" and form.is_valid():
        valuable_actions.change(
            kind, form.name, form.cleaned_data["points"], by=request.user, at=request.now
        )
        return redirect("action_kinds")
    return render(
        request,
        "leads/valuable_action.html",
        {"form": form, "kind": kind},
        status=422 if form.errors else 200,
    )


@require_POST
@require_permission(permissions.can_edit_catalogues)
def kind_move(request: Request, pk: int, direction: str) -> HttpResponse:
    """One place up or down."""
    valuable_actions.move(_fetch(pk), direction, by=request.user, at=request.now)
    return redirect("action_kinds")


@require_POST
@require_permission(permissions.can_edit_catalogues)
def kind_archive(request: Request, pk: int) -> HttpResponse:
    """Out of the lists that people choose from."""
    valuable_actions.archive(_fetch(pk), by=request.user, at=request.now)
    return redirect("action_kinds")


@require_POST
@require_permission(permissions.can_edit_catalogues)
def kind_restore(request: Request, pk: int) -> HttpResponse:
    """Back into them."""
    valuable_actions.restore(_fetch(pk), by=request.user, at=request.now)
    return redirect("action_kinds")
