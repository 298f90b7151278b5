"""The page of a person's sessions."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm.accounts.request import Request, deny_unless
from crm.accounts.sign_in import sessions


@require_safe
def session_list(request: Request) -> HttpResponse:
    """Show where the person is signed in."""
    key = request.session.session_key or ""
    rows = sessions.list_of(request.user, current=key, at=request.now)
    context = {"rows": rows, "others": [row for row in rows if not row.is_current]}
    return render(request, "accounts/sessions.html", context)


@require_POST
def session_end(request: Request, pk: int) -> HttpResponse:
    """End one session of the person who asks."""
    deny_unless(not request.user.is_demo)
    # Among one's own: the session of another person is not there (404).
    row = get_object_or_404(UserSession, pk=pk, user=request.user)
    sessions.end(row, by=request.user, at=request.now)
    messages.success(request, _("The session is ended."))
    return redirect("session_list")


@require_POST
def session_end_others(request: Request) -> HttpResponse:
    """End every session of the person who asks but this one."""
    deny_unless(not request.user.is_demo)
    sessions.end_all(request.user, by=request.user, at=request.now)
    # This one gets the new signature.
    update_session_auth_hash(request, request.user)
    messages.success(request, _("You are signed out everywhere else."))
    return redirect("session_list")
