"""Pages of a person: preferences, and the demo's sign-in."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm.accounts import demo, people
from crm.accounts.forms import PreferencesForm, ZoneForm
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
        people.prefer(request.user, at=clock.now(), **form.cleaned_data)
        with translation.override(form.cleaned_data["language"]):
            messages.success(request, _("Preferences saved."))
        return redirect("preferences")
    return render(request, "accounts/preferences.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def choose_zone(request: Request) -> HttpResponse:
    """The answer to "your device is in another zone": the device's or the organisation's; either is not asked again."""
    form = ZoneForm(request.POST)
    if form.is_valid():
        people.prefer(request.user, at=clock.now(), time_zone=form.cleaned_data["time_zone"])
        messages.success(request, _("Preferences saved."))
    back = request.POST.get("next", "")
    return redirect(back if url_has_allowed_host_and_scheme(back, {request.get_host()}) else "preferences")
