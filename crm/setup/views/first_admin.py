"""The page that creates the first admin."""

from __future__ import annotations

from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.cache import never_cache

from crm.accounts import organisations
from crm.accounts.models import User
from crm.accounts.sign_in import proofs
from crm.accounts.sign_in.proofs import Proof
from crm.lib import clock
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from crm.second_factor import demand
from crm.setup import code
from crm.setup.first_admin import create_first_admin
from crm.setup.forms.first_admin import FirstAdminForm
from crm.setup.views.steps import page


@login_not_required
@never_cache
@page
def first(request: HttpRequest) -> HttpResponse:
    """Create the first admin and sign in; redirects when a person can sign in already."""
    if organisations.anyone_can_sign_in():
        return redirect("home")
    asks_code = code.is_needed(request)
    form = FirstAdminForm(request.POST or None, request=request, asks_code=asks_code)
    if request.method != "POST":
        return render(request, "setup/first.html", {"form": form})
    status = 422
    if form.is_valid():
        # Of two people who get this far at once, the lock of create_organisation lets one win.
        try:
            admin = _create(request, form)
        except DomainError as error:
            status = add_domain_error(form, error)
        else:
            login(request, admin, backend="crm.accounts.backend.Backend")
            proofs.add(request.session, Proof.PASSWORD, at=clock.now())
            request.session[demand.FOUNDING] = True
            return redirect("setup_organisation")
    return render(request, "setup/first.html", {"form": form}, status=status)


def _create(request: HttpRequest, form: FirstAdminForm) -> User:
    data = form.cleaned_data
    active = translation.get_language() or "es"
    return create_first_admin(
        data["name"],
        data["email"],
        data["password"],
        zone=data["zone"],
        languages=request.headers.get("Accept-Language", ""),
        # Without a variant of Spanish: the organisation has chosen no words yet.
        language=active[:2],
        at=clock.now(),
    )
