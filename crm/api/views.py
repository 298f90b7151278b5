"""Pages about the API: a person's keys, and the documentation drawn from the schema."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.accounts.request import Request
from crm.api import keys, reference
from crm.api.forms import KeyForm
from crm.lib import clock
from crm.lib.errors import DomainError


@require_http_methods(["GET", "HEAD", "POST"])
def key_list(request: Request) -> HttpResponse:
    """One's own keys; a new one is shown in the answer to the form and never again."""
    request.now = now = clock.now()
    form, status, made = KeyForm(request.POST or None), 200, ""
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            try:
                _key, made = keys.create(
                    request.user,
                    data["name"],
                    data["scopes"],
                    days=data["days"],
                    by=request.user,
                    at=now,
                )
            except DomainError as error:
                form.add_error(None, str(error.message))
            else:
                form, status = KeyForm(), 201
    found = request.user.api_keys.order_by("revoked_at", "-id")
    context = {
        "form": form,
        "made": made,
        "keys": found,
        "now": now,
        "form_shown": bool(form.errors),
    }
    return render(request, "api/keys.html", context, status=status)


@require_POST
def key_revoke(request: Request, pk: int) -> HttpResponse:
    """End one of one's own keys."""
    key = get_object_or_404(request.user.api_keys, pk=pk)
    keys.revoke(key, by=request.user, at=clock.now())
    messages.success(request, _("The key “%(name)s” does not work any more.") % {"name": key.name})
    return redirect("api_keys")


@require_safe
def docs(request: Request) -> HttpResponse:
    """The documentation, drawn from the schema by the server: no script, so the strict
    CSP holds.
    """
    groups = reference.groups(translation.get_language())
    return render(
        request, "api/docs.html", {"groups": groups, "header": "Authorization: Bearer rlv_…"}
    )
