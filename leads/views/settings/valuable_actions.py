"""The catalogue of valuable actions, for leads of teams and admins."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.accounts.request import Request
from leads import permissions
from leads.forms.qualification import ActionKindForm
from leads.models import ValuableActionKind
from leads.qualification import valuable_actions


def _allowed(request: Request) -> None:
    if not permissions.can_edit_catalogues(request.user):
        raise PermissionDenied


def _fetch(request: Request, pk: int) -> ValuableActionKind:
    _allowed(request)
    return get_object_or_404(ValuableActionKind, pk=pk)


@require_safe
def kind_list(request: Request) -> HttpResponse:
    """Every kind in its order; the archived ones at the end."""
    _allowed(request)
    rows = list(ValuableActionKind.objects.all())
    context = {
        "kinds": [row for row in rows if row.archived_at is None],
        "archived": [row for row in rows if row.archived_at is not None],
    }
    return render(request, "leads/valuable_actions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def kind_new(request: Request) -> HttpResponse:
    """A new kind."""
    _allowed(request)
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
def kind_edit(request: Request, pk: int) -> HttpResponse:
    """Name and points of a kind."""
    kind = _fetch(request, pk)
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
def kind_move(request: Request, pk: int, direction: str) -> HttpResponse:
    """One place up or down."""
    valuable_actions.move(_fetch(request, pk), direction, by=request.user, at=request.now)
    return redirect("action_kinds")


@require_POST
def kind_archive(request: Request, pk: int) -> HttpResponse:
    """Out of the lists that people choose from."""
    valuable_actions.archive(_fetch(request, pk), by=request.user, at=request.now)
    return redirect("action_kinds")


@require_POST
def kind_restore(request: Request, pk: int) -> HttpResponse:
    """Back into them."""
    valuable_actions.restore(_fetch(request, pk), by=request.user, at=request.now)
    return redirect("action_kinds")
