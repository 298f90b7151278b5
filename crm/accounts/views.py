"""Pages of a person: preferences, passwords, and the demo's sign-in."""

from __future__ import annotations

from datetime import datetime

from allauth.account.adapter import get_adapter
from allauth.core.ratelimit import consume_or_429
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.accounts import invitations, leaves, people
from crm.accounts.forms import (
    ChangePasswordForm,
    JoinForm,
    LeaveForm,
    NewPasswordForm,
    PreferencesForm,
    ZoneForm,
)
from crm.accounts.models import Invitation
from crm.accounts.request import Request
from crm.accounts.sign_in import demo, passwords
from crm.lib import clock
from crm.lib.wording import variants


@login_not_required
@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the demo's people, in the language of the sign-in page; 404 wherever this
    is not a demo.
    """
    user = demo.person(request.POST.get("as", ""))
    if user is None:
        raise Http404
    people.prefer(user, at=clock.now(), language=translation.get_language()[:2])
    login(request, user, backend="crm.accounts.backend.Backend")
    return redirect("home")


@never_cache
@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, pk: int, signature: str) -> HttpResponse:
    """The page of an invitation's link: name, language, password, and in.

    A look changes nothing.
    """
    now = clock.now()
    try:
        invitation = invitations.find(pk, signature, at=now)
        with variants.override(_language_for(request, invitation)):
            return _join(request, invitation, now)
    except (invitations.UnknownLink, invitations.LinkOver) as error:
        return render(request, "accounts/join_over.html", {"error": error}, status=error.status)


def _language_for(request: HttpRequest, invitation: Invitation) -> str:
    """What the visitor chose on this device, else the language that the invitation says."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return chosen if chosen in dict(settings.LANGUAGES) else invitation.person.language


def _join(request: HttpRequest, invitation: Invitation, now: datetime) -> HttpResponse:
    person = invitation.person
    initial = {"name": person.name, "language": translation.get_language()[:2]}
    form = JoinForm(request.POST or None, user=person, initial=initial)
    if request.method == "POST" and form.is_valid():
        person = invitations.accept(invitation, at=now, **form.cleaned_data)
        login(request, person, backend="crm.accounts.backend.Backend")
        return redirect("home")
    context = {"form": form, "invitation": invitation, "organisation": people.organisation()}
    return render(request, "accounts/join.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: Request) -> HttpResponse:
    """A person's own language, zone and look."""
    form = PreferencesForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        people.prefer(request.user, at=request.now, **form.cleaned_data)
        with variants.override(form.cleaned_data["language"]):
            messages.success(request, _("Preferences saved."))
        return redirect("preferences")
    return _show_preferences(request, status=422 if form.errors else 200, form=form)


def _show_preferences(request: Request, *, status: int = 200, **forms: Form) -> HttpResponse:
    """The page with what the person may set for themselves; ``forms``: those that came back with
    errors.
    """
    today = leaves.today_of(request.user, at=request.now)
    context = {
        "form": PreferencesForm(user=request.user),
        "leave_form": LeaveForm(initial={"first_on": today}, auto_id="id_leave_%s"),
        "leaves": request.user.leaves.filter(last_on__gte=today),
        "own": True,
        **forms,
    }
    return render(request, "accounts/preferences.html", context, status=status)


@require_POST
def leave_take(request: Request) -> HttpResponse:
    """Enter a leave of one's own."""
    form, status = LeaveForm(request.POST, auto_id="id_leave_%s"), 422
    if form.is_valid():
        try:
            leaves.take(request.user, **form.cleaned_data, by=request.user, at=request.now)
        except leaves.BadLeave as error:
            for name, text in error.fields.items():
                form.add_error(name, str(text))
            status = error.status
        else:
            messages.success(request, _("Leave saved."))
            return redirect("preferences")
    return _show_preferences(request, status=status, leave_form=form)


@require_POST
def leave_end(request: Request, pk: int) -> HttpResponse:
    """Back from a leave of one's own, or not going."""
    leave = get_object_or_404(request.user.leaves.select_related("person"), pk=pk)
    leaves.end(leave, by=request.user, at=request.now)
    messages.success(request, _("Leave ended."))
    return redirect("preferences")


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
        passwords.change(
            request.user, form.cleaned_data["password"], by=request.user, at=request.now
        )
        update_session_auth_hash(request, request.user)
        messages.success(
            request, _("Password changed. Wherever else you were signed in, you are not any more.")
        )
        return redirect("preferences")
    return render(
        request, "accounts/password.html", {"form": form}, status=422 if form.errors else 200
    )


@require_POST
def choose_zone(request: Request) -> HttpResponse:
    """The answer to "your device is in another zone": the device's or the organisation's; either is
    not asked again.
    """
    form = ZoneForm(request.POST)
    if form.is_valid():
        people.prefer(request.user, at=request.now, time_zone=form.cleaned_data["time_zone"])
        messages.success(request, _("Preferences saved."))
    back = request.POST.get("next", "")
    return redirect(
        back if url_has_allowed_host_and_scheme(back, {request.get_host()}) else "preferences"
    )


def too_often(request: Request) -> HttpResponse | None:
    """The refusal for who typed their password again too often of late; counts this try."""
    found: HttpResponse | None = consume_or_429(
        request, action="reauthenticate", user=request.user, key=str(request.user.pk)
    )
    return found
