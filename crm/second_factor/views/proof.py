"""Pages that ask for a second factor: at sign-in, and before acts that change how one signs in."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.decorators import login_stage_required
from allauth.mfa.stages import AuthenticateStage
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from crm.accounts.models import User
from crm.accounts.request import Request, next_page
from crm.accounts.sign_in import proofs
from crm.accounts.sign_in.proofs import Proof
from crm.lib import clock
from crm.second_factor import factors, passkeys
from crm.second_factor.factors import Held
from crm.second_factor.forms import FactorForm, ProofForm

page = require_http_methods(["GET", "HEAD", "POST"])


@page
@sensitive_post_parameters("code", "credential")
@login_stage_required(stage=AuthenticateStage.key, redirect_urlname="account_login")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor of a person whose password was right."""
    stage = request._login_stage  # type: ignore[attr-defined]  # set by the decorator
    person: User = stage.login.user
    held = factors.of(person)
    if held.count == 0:
        # It was reset between the password and this page: only the password is left to ask for.
        return _start_again(stage)
    if request.method == "POST" and "cancel" in request.POST:
        return _start_again(stage)
    form = FactorForm(request.POST or None, request=request, person=person)
    if request.method == "POST" and form.is_valid():
        return _finish(request, stage, held)
    return _show(request, person, form, held, is_sign_in=True)


def _start_again(stage: Any) -> HttpResponse:
    answer: HttpResponse = stage.abort()
    return answer


def _finish(request: HttpRequest, stage: Any, held: Held) -> HttpResponse:
    """End the sign-in; the session has proven both."""
    answer: HttpResponse = stage.exit()
    note_second_factor(request, held)
    return answer


def note_second_factor(request: HttpRequest, held: Held) -> None:
    """Note in the session that a second factor was proven now."""
    now = clock.now()
    proofs.add(request.session, Proof.SECOND_FACTOR, at=now)
    if held.are_codes_kept:
        proofs.add(request.session, Proof.COMPLETE, at=now)


@page
@sensitive_post_parameters("password", "code", "credential")
def confirm(request: Request) -> HttpResponse:
    """Ask a signed-in person for password and second factor, as far as they are not fresh."""
    person = request.user
    held = factors.of(person)
    missing = _missing(request, held)
    if not missing:
        return HttpResponseRedirect(next_page(request) or reverse("second_factor"))
    form = ProofForm(
        request.POST or None,
        request=request,
        person=person,
        asks_password=Proof.PASSWORD in missing,
        asks_code=Proof.SECOND_FACTOR in missing,
    )
    if request.method == "POST" and form.is_valid():
        if Proof.PASSWORD in missing:
            proofs.add(request.session, Proof.PASSWORD, at=request.now)
        if Proof.SECOND_FACTOR in missing:
            note_second_factor(request, held)
        return HttpResponseRedirect(next_page(request) or reverse("second_factor"))
    return _show(request, person, form, held, is_sign_in=False)


def ask_for_proof(request: Request, *, then: str) -> HttpResponse | None:
    """Return a redirect to the page that asks for fresh proofs, or None when they are there.

    ``then``: the path of the page that follows.
    """
    if not _missing(request, factors.of(request.user)):
        return None
    query = urlencode({"next": then})
    return redirect(f"{reverse('second_factor_confirm')}?{query}")


def _missing(request: Request, held: Held) -> list[Proof]:
    """Return what the session has to prove before a sensitive act."""
    wanted = []
    if request.user.has_usable_password():
        wanted.append(Proof.PASSWORD)
    if held.count:
        wanted.append(Proof.SECOND_FACTOR)
    now = request.now
    return [proof for proof in wanted if not proofs.is_fresh(request.session, proof, at=now)]


def _show(
    request: HttpRequest, person: User, form: FactorForm, held: Held, *, is_sign_in: bool
) -> HttpResponse:
    context = {
        "form": form,
        "is_sign_in": is_sign_in,
        "next": next_page(request),
        "options": None,
    }
    if "credential" in form.fields and held.passkeys and passkeys.are_possible():
        context["options"] = passkeys.request_options(person)
    status = 422 if form.errors else 200
    return render(request, "second_factor/proof.html", context, status=status)
