"""Pages about the API: a person's keys, and the documentation drawn from the schema."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.accounts.request import Request
from crm.api import keys, reference
from crm.api.forms import KeyForm
from crm.lib.errors import DomainError


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def key_list(request: Request) -> HttpResponse:
    """Show the person's own keys, and create one, whose text is shown in the answer only."""
    form = KeyForm(request.POST or None, request=request)
    created = ""
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                created = _create(request, form)
            except DomainError as error:
                form.add_error(None, str(error.message))
            else:
                # No redirect as elsewhere: only this answer may hold the text of the key.
                form = KeyForm(request=request)
                status = 201
    context = {
        "form": form,
        "made": created,
        "keys": request.user.api_keys.order_by(F("revoked_at").desc(nulls_first=True), "-id"),
        "now": request.now,
        "form_shown": bool(form.errors),
    }
    return render(request, "api/keys.html", context, status=status)


def _create(request: Request, form: KeyForm) -> str:
    """Create the key and return its whole text."""
    data = form.cleaned_data
    _key, text = keys.create(
        request.user,
        data["name"],
        data["scopes"],
        days=data["days"],
        by=request.user,
        at=request.now,
    )
    return text


@require_POST
def key_revoke(request: Request, pk: int) -> HttpResponse:
    """Revoke a key of one's own."""
    key = get_object_or_404(request.user.api_keys, pk=pk)
    keys.revoke(key, by=request.user, at=request.now)
    text = _("The key “%(name)s” does not work any more.")
    messages.success(request, text % {"name": key.name})
    return redirect("api_keys")


@require_safe
def docs(request: Request) -> HttpResponse:
    """Show the documentation, which the server draws from the schema, without a script."""
    context = {
        "groups": reference.groups(translation.get_language()),
        "header": "Authorization: Bearer rlv_…",
    }
    return render(request, "api/docs.html", context)
