"""Pages on which people set up, change and remove their own second factors."""

from __future__ import annotations

from allauth.mfa.adapter import get_adapter
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from crm.accounts.models import User
from crm.accounts.request import Request, deny_unless
from crm.accounts.sign_in import proofs
from crm.accounts.sign_in.proofs import Proof
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from crm.second_factor import codes, demand, encryption, factors, passkeys, qr
from crm.second_factor.forms import AppForm, KeptForm, PasskeyForm
from crm.second_factor.views.proof import ask_for_proof, note_second_factor, page

# The secret of an app that is not set up yet, encrypted as every other one.
PENDING = "second_factor_pending"


def _deny_demo(request: Request) -> None:
    # Demo people are shared by everybody who tries the demo.
    deny_unless(
        not request.user.is_demo, _("Demo people have no second factor: others use them too.")
    )


@require_safe
def overview(request: Request) -> HttpResponse:
    """Show the person's second factors; one who must have them and has none sets them up here."""
    _deny_demo(request)
    held = factors.of(request.user)
    is_held = demand.is_held(request.user, request.session)
    if held.count and is_held and not proofs.is_there(request.session, Proof.SECOND_FACTOR):
        # Set up in another browser, or before the role asked for it.
        return redirect(f"{reverse('second_factor_confirm')}?next={reverse('second_factor')}")
    if held.count and not held.are_codes_kept:
        return redirect("second_factor_codes")
    if held.count and is_held:
        note_second_factor(request, held)
        return redirect("home")
    context = {
        "held": held,
        "is_held": is_held,
        "is_demanded": demand.is_demanded(request.user),
        "passkeys_possible": passkeys.are_possible(),
    }
    return render(request, "second_factor/overview.html", context)


# -- Adding


@page
@sensitive_post_parameters("code")
def add_app(request: Request) -> HttpResponse:
    """Show the key of a new app as QR code and text; POST adds the app when its code is right."""
    _deny_demo(request)
    asked = ask_for_proof(request, then=request.path)
    if asked:
        return asked
    secret = _pending_secret(request)
    form = AppForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return _add_app(request, secret, form.cleaned_data["code"])
            except DomainError as error:
                status = error.status
                add_domain_error(form, DomainError(fields={"code": error.message}))
    context = {
        "form": form,
        "groups": [secret[start : start + 4] for start in range(0, len(secret), 4)],
        "qr": qr.draw(get_adapter().build_totp_url(request.user, secret)),
        "is_held": demand.is_held(request.user, request.session),
    }
    return render(request, "second_factor/app.html", context, status=status)


def _pending_secret(request: Request) -> str:
    """Return the secret that this session is setting up; the same until it is used."""
    token = request.session.get(PENDING)
    if token:
        try:
            return encryption.decrypt(token)
        except encryption.UnreadableSecret:
            pass  # SECRET_KEY has changed: nobody has used this secret yet
    secret = generate_totp_secret()
    request.session[PENDING] = encryption.encrypt(secret)
    return secret


def _add_app(request: Request, secret: str, code: str) -> HttpResponse:
    period = codes.period_of(secret, code, at=request.now)
    if period is None:
        raise codes.WrongCode
    person = factors.add_app(request.user, secret, period=period, at=request.now)
    del request.session[PENDING]
    return _added(request, person)


@page
@sensitive_post_parameters("credential")
def add_passkey(request: Request) -> HttpResponse:
    """Ask the browser for a new passkey; POST adds it."""
    _deny_demo(request)
    if not passkeys.are_possible():
        return redirect("second_factor")
    asked = ask_for_proof(request, then=request.path)
    if asked:
        return asked
    form = PasskeyForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                credential = passkeys.verify_creation(form.cleaned_data["credential"])
                name = form.cleaned_data["name"]
                person = factors.add_passkey(request.user, name, credential, at=request.now)
            except DomainError as error:
                status = add_domain_error(form, error)
            else:
                return _added(request, person)
    context = {
        "form": form,
        "options": passkeys.creation_options(request.user),
        "is_held": demand.is_held(request.user, request.session),
    }
    return render(request, "second_factor/passkey.html", context, status=status)


def _added(request: Request, person: User) -> HttpResponse:
    """Go on after a factor was added: the first one has made recovery codes to keep."""
    _go_on(request, person)
    held = factors.of(person)
    note_second_factor(request, held)
    if not held.are_codes_kept:
        return redirect("second_factor_codes")
    messages.success(request, _("Added."))
    return redirect("second_factor")


def _go_on(request: Request, person: User) -> None:
    """Keep this session alive when a change has ended the person's sessions."""
    request.user.session_round = person.session_round
    update_session_auth_hash(request, request.user)


# -- Removing


@require_POST
def remove(request: Request, pk: int) -> HttpResponse:
    """Remove an app or a passkey of the person who asks."""
    asked = ask_for_proof(request, then=reverse("second_factor"))
    if asked:
        return asked
    person = factors.remove(request.user, pk, at=request.now)
    _go_on(request, person)
    if factors.of(person).count == 0:
        proofs.drop(request.session, Proof.SECOND_FACTOR, Proof.COMPLETE)
    messages.success(request, _("Removed."))
    return redirect("second_factor")


# -- Recovery codes


@page
def recovery_codes(request: Request) -> HttpResponse:
    """Show new recovery codes until the person says that they are kept."""
    asked = ask_for_proof(request, then=request.path)
    if asked:
        return asked
    held = factors.of(request.user)
    if held.recovery is None or held.are_codes_kept:
        return redirect("second_factor")
    form = KeptForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        factors.keep_codes(request.user, at=request.now)
        return _kept(request)
    context = {
        "form": form,
        "codes": held.recovery.wrap().get_unused_codes(),
        "site": settings.BASE_URL,
        "is_held": demand.is_held(request.user, request.session),
    }
    status = 422 if form.errors else 200
    return render(request, "second_factor/codes.html", context, status=status)


def _kept(request: Request) -> HttpResponse:
    was_held = demand.is_held(request.user, request.session)
    proofs.add(request.session, Proof.COMPLETE, at=request.now)
    messages.success(request, _("Your second factor is set up."))
    if was_held:
        return redirect("home")
    return redirect("second_factor")


@require_safe
def recovery_codes_file(request: Request) -> HttpResponse:
    """Answer new recovery codes as a text file."""
    asked = ask_for_proof(request, then=reverse("second_factor_codes"))
    if asked:
        return asked
    held = factors.of(request.user)
    if held.recovery is None or held.are_codes_kept:
        return redirect("second_factor")
    context = {"codes": held.recovery.wrap().get_unused_codes(), "site": settings.BASE_URL}
    answer = render(request, "second_factor/codes.txt", context, content_type="text/plain")
    answer["Content-Disposition"] = 'attachment; filename="relevo-recovery-codes.txt"'
    return answer


@require_POST
def renew_recovery_codes(request: Request) -> HttpResponse:
    """Make new recovery codes and show them."""
    asked = ask_for_proof(request, then=reverse("second_factor"))
    if asked:
        return asked
    factors.renew_codes(request.user, at=request.now)
    return redirect("second_factor_codes")
