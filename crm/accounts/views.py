"""Pages of a person: invitation, preferences, leave, passwords, and the sign-in of the demo."""

from __future__ import annotations

from datetime import datetime

from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
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
from crm.accounts.request import Request, deny_unless, next_page
from crm.accounts.sign_in import demo, guesses, passwords
from crm.accounts.states import Secret
from crm.api import keys
from crm.lib import clock
from crm.lib.forms import add_domain_error
from crm.lib.wording import variants

BACKEND = "crm.accounts.backend.Backend"
LEAVE_IDS = "id_leave_%s"


@login_not_required
@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the demo's people, in the language of the sign-in page.

    Answers 404 outside a demo.
    """
    user = demo.person(request.POST.get("as", ""))
    if user is None:
        raise Http404
    # request.now is set for people who are signed in already.
    now = clock.now()
    people.change_preferences(user, at=now, language=_active_language())
    login(request, user, backend=BACKEND)
    return redirect("home")


def _active_language() -> str:
    """Return the language of the page, without a variant of it ("es" for "es-x-lead")."""
    language = translation.get_language()
    return language[:2]


@never_cache
@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, pk: int, signature: str) -> HttpResponse:
    """Show the page of an invitation's link; POST opens the account and signs in.

    GET changes nothing, because mail scanners open links.
    """
    now = clock.now()
    try:
        invitation = invitations.find(pk, signature, at=now)
        with variants.override(_language_for(request, invitation)):
            return _join(request, invitation, now)
    except (invitations.UnknownLink, invitations.LinkOver) as error:
        if isinstance(error, invitations.UnknownLink):
            # Counted after the look: the right link is long enough to work at any time.
            guesses.count(request, Secret.LINK)
        return render(request, "accounts/join_over.html", {"error": error}, status=error.status)


def _language_for(request: HttpRequest, invitation: Invitation) -> str:
    """Return the language that the visitor chose on this device, else that of the invitation."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if chosen in dict(settings.LANGUAGES):
        return chosen
    return invitation.person.language


def _join(request: HttpRequest, invitation: Invitation, now: datetime) -> HttpResponse:
    person = invitation.person
    initial = {"name": person.name, "language": _active_language()}
    form = JoinForm(request.POST or None, user=person, initial=initial)
    if request.method == "POST" and form.is_valid():
        # Raises LinkOver, which the caller answers, when another tab was faster.
        data = form.cleaned_data
        person = invitations.accept(
            invitation,
            password=data["password"],
            name=data["name"],
            language=data["language"],
            at=now,
        )
        if form.revokes_keys:
            keys.revoke_all(person, by=person, at=now)
        # By way of allauth: somebody who was here before may have a second factor.
        return perform_login(request, Login(user=person))
    context = {
        "form": form,
        "invitation": invitation,
        "organisation": people.organisation(),
    }
    return render(request, "accounts/join.html", context, status=_status_of(form))


def _status_of(form: Form) -> int:
    """Return the status of a page that shows ``form``: 422 when it has errors."""
    if form.errors:
        return 422
    return 200


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: Request) -> HttpResponse:
    """Show and save language, time zone and look of the person."""
    form = PreferencesForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        people.change_preferences(request.user, at=request.now, **form.cleaned_data)
        # In the new language, because the next page is the first one to show it.
        with variants.override(form.cleaned_data["language"]):
            messages.success(request, _("Preferences saved."))
        return redirect("preferences")
    return _show_preferences(request, status=_status_of(form), form=form)


def _show_preferences(request: Request, *, status: int = 200, **forms: Form) -> HttpResponse:
    """Show the page of preferences; ``forms`` are those that came back with errors."""
    user = request.user
    today = leaves.today_of(user, at=request.now)
    # Two forms on one page: the ids of their controls must differ.
    leave_form = LeaveForm(person=user, initial={"first_on": today}, auto_id=LEAVE_IDS)
    context = {
        "form": PreferencesForm(user=user),
        "leave_form": leave_form,
        "leaves": user.leaves.filter(last_on__gte=today).select_related("delegate"),
        "covered": user.covered_leaves.filter(last_on__gte=today).select_related("person"),
        "own": True,
        **forms,
    }
    return render(request, "accounts/preferences.html", context, status=status)


@require_POST
def leave_take(request: Request) -> HttpResponse:
    """Create a leave of the person who asks."""
    form = LeaveForm(request.POST, person=request.user, auto_id=LEAVE_IDS)
    if not form.is_valid():
        return _show_preferences(request, status=422, leave_form=form)
    try:
        leaves.take(request.user, **form.cleaned_data, by=request.user, at=request.now)
    except leaves.BadLeave as error:
        status = add_domain_error(form, error)
        return _show_preferences(request, status=status, leave_form=form)
    messages.success(request, _("Leave saved."))
    return redirect("preferences")


@require_POST
def leave_end(request: Request, pk: int) -> HttpResponse:
    """End or cancel a leave of the person who asks."""
    # Among one's own: the leave of another person is not there (404), not forbidden (403).
    own_leaves = request.user.leaves.select_related("person")
    leave = get_object_or_404(own_leaves, pk=pk)
    leaves.end(leave, by=request.user, at=request.now)
    messages.success(request, _("Leave ended."))
    return redirect("preferences")


@never_cache
@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def new_password(request: HttpRequest, person: int, token: str) -> HttpResponse:
    """Show the form of a password link; POST sets the password.

    GET changes nothing, because mail scanners open links.
    """
    user = passwords.person_of_link(person, token)
    if user is None:
        guesses.count(request, Secret.LINK)
        return render(request, "account/password_state.html", {"state": "over"}, status=404)
    form = NewPasswordForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        now = clock.now()
        passwords.change(user, form.cleaned_data["password"], by=user, at=now)
        if form.revokes_keys:
            keys.revoke_all(user, by=user, at=now)
        response = redirect("account_reset_password_from_key_done")
        # Who guessed the old password elsewhere must not keep the person out with the new one.
        guesses.remember_device(request, response, user, at=now)
        return response
    context = {"form": form, "person": user}
    return render(request, "account/password_new.html", context, status=_status_of(form))


@login_not_required
@require_safe
def new_password_done(request: HttpRequest) -> HttpResponse:
    """Confirm that the new password was set."""
    return render(request, "account/password_state.html", {"state": "done"})


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def change_password(request: Request) -> HttpResponse:
    """Change the password of the person who asks and end their other sessions."""
    user = request.user
    deny_unless(not user.is_demo, _("Demo people keep their password: others use them too."))
    deny_unless(user.has_usable_password())
    form = ChangePasswordForm(request.POST or None, user=user, request=request)
    if request.method == "POST" and form.is_valid():
        passwords.change(user, form.cleaned_data["password"], by=user, at=request.now)
        if form.revokes_keys:
            keys.revoke_all(user, by=user, at=request.now)
        # Every session is signed with the password; this one gets the new signature.
        update_session_auth_hash(request, user)
        text = _("Password changed. Wherever else you were signed in, you are not any more.")
        messages.success(request, text)
        return redirect("preferences")
    return render(request, "accounts/password.html", {"form": form}, status=_status_of(form))


@require_POST
def choose_zone(request: Request) -> HttpResponse:
    """Save whether pages use the time zone of the device or of the organisation.

    The question is not asked again after either answer.
    """
    form = ZoneForm(request.POST)
    if form.is_valid():
        time_zone = form.cleaned_data["time_zone"]
        people.change_preferences(request.user, at=request.now, time_zone=time_zone)
        messages.success(request, _("Preferences saved."))
    return redirect(next_page(request) or "preferences")


@login_not_required
def choose_language(request: HttpRequest) -> HttpResponse:
    """Change the language of this device, and of a person who is signed in; GET only moves on."""
    response = redirect(next_page(request) or "home")
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        if request.user.is_authenticated:
            people.change_preferences(request.user, at=clock.now(), language=language)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            samesite=settings.LANGUAGE_COOKIE_SAMESITE,
        )
    return response
