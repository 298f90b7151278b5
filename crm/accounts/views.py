"""Pages of a person: preferences, passwords, and the demo's sign-in."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.core.ratelimit import consume_or_429
from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.accounts import demo, passwords, people
from crm.accounts.forms import ChangePasswordForm, NewPasswordForm, PreferencesForm
from crm.accounts.request import Request
from crm.lib import clock


@login_not_required
@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the demo's people, in the language of the sign-in page; 404 wherever this is not a demo."""
    user = demo.person(request.POST.get("as", ""))
    if user is None:
        raise Http404
    people.prefer(user, at=clock.now(), language=translation.get_language())
    login(request, user, backend="crm.accounts.backend.Backend")
    return redirect("home")


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: Request) -> HttpResponse:
    """A person's own language, zone and look."""
    form = PreferencesForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        people.prefer(request.user, at=request.now, **form.cleaned_data)
        with translation.override(form.cleaned_data["language"]):
            messages.success(request, _("Preferences saved."))
        return redirect("preferences")
    return render(request, "accounts/preferences.html", {"form": form}, status=422 if form.errors else 200)


@never_cache
@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def new_password(request: HttpRequest, person: int, token: str) -> HttpResponse:
    """Where the link of the mail leads: GET changes nothing, a scanner of mails may open it."""
    who = passwords.sent_to(person, token)
    if who is None:
        return render(request, "account/password_said.html", {"said": "over"}, status=404)
    form = NewPasswordForm(request.POST or None, user=who)
    if request.method == "POST" and form.is_valid():
        if refusal := consume_or_429(request, action="reset_password_from_key"):
            return refusal
        passwords.change(who, form.cleaned_data["password"], by=who, at=clock.now())
        get_adapter()._delete_login_attempts_cached_email(request, email=who.email)
        return redirect("account_reset_password_from_key_done")
    context = {"form": form, "who": who}
    return render(request, "account/password_new.html", context, status=422 if form.errors else 200)


@login_not_required
@require_safe
def new_password_done(request: HttpRequest) -> HttpResponse:
    """The new password is set."""
    return render(request, "account/password_said.html", {"said": "done"})


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def change_password(request: Request) -> HttpResponse:
    """A new password of somebody who is signed in; their other sessions end."""
    if request.user.is_demo or not request.user.has_usable_password():
        raise PermissionDenied
    if refusal := consume_or_429(request, action="change_password"):
        return refusal
    form = ChangePasswordForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        passwords.change(request.user, form.cleaned_data["password"], by=request.user, at=clock.now())
        update_session_auth_hash(request, request.user)
        messages.success(request, _("Password changed. Wherever else you were signed in, you are not any more."))
        return redirect("preferences")
    return render(request, "accounts/password.html", {"form": form}, status=422 if form.errors else 200)
