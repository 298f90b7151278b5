"""The pages of the set-up. They are the admin's settings as well, for ever after."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.accounts import organisations, people
from crm.accounts.permissions import can_configure
from crm.accounts.request import Request, deny_unless, require_permission
from crm.accounts.states import Side
from crm.accounts.views import too_often
from crm.lib import clock
from crm.lib.errors import DomainError
from crm.lib.forms import refuse
from crm.setup import checklist as steps
from crm.setup import code, summary, wizard
from crm.setup.starter import personas as templates
from crm.setup.starter.agreements import PACES, commitments
from crm.setup.wizard_forms import (
    AgreementForm,
    FirstAdminForm,
    HolidaysForm,
    HoursForm,
    OrganisationForm,
    PersonaForm,
    TeamsForm,
    TestLeadForm,
)
from crm.templatetags.relevo import city
from leads.handoffs import test_lead as trials
from personas import personas
from sla.calendars import hours_text
from sla.text import promises

Save = Callable[[Any], Any]


page = require_http_methods(["GET", "HEAD", "POST"])


@login_not_required
@never_cache
@page
def first(request: HttpRequest) -> HttpResponse:
    """Create the first admin; only while nobody can sign in."""
    if organisations.somebody_can_sign_in():
        return redirect("home")
    form, status = FirstAdminForm(request.POST or None, asks_code=code.is_needed(request)), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            try:
                admin = wizard.found(
                    data["name"],
                    data["email"],
                    data["password"],
                    zone=data["zone"],
                    languages=request.headers.get("Accept-Language", ""),
                    language=(translation.get_language() or "es")[:2],
                    at=clock.now(),
                )
            except DomainError as error:
                status = refuse(form, error)
            else:
                login(request, admin, backend="crm.accounts.backend.Backend")
                return redirect("setup_organisation")
    return render(request, "setup/first.html", {"form": form}, status=status)


@require_safe
@require_permission(can_configure)
def checklist(request: Request) -> HttpResponse:
    """What is done, what is open, and one thing to do next; later the list of settings."""
    organisation = request.organisation
    context = {
        "standings": summary.lines(organisation, at=request.now),
        "is_open": steps.is_open(organisation),
        "next": steps.following(organisation),
        "done": sum(standing.is_behind for standing in steps.standings(organisation)),
        "count": len(steps.STEPS),
    }
    return render(request, "setup/checklist.html", context)


@require_POST
@require_permission(can_configure)
def skip(request: Request, key: str) -> HttpResponse:
    """Leave a step for later."""
    deny_unless(key in steps.KEYS)
    if request.organisation.setup_steps.get(key) != organisations.DONE:
        organisations.note_step(key, organisations.SKIPPED, by=request.user, at=clock.now())
    return onwards(key)


@require_POST
@require_permission(can_configure)
def end(request: Request) -> HttpResponse:
    """Finish or dismiss the checklist."""
    organisations.end_setup(by=request.user, at=clock.now())
    messages.success(request, _("All of this stays under Settings."))
    return redirect("home")


def onwards(key: str) -> HttpResponse:
    """To the next open step; to the list where none is left, or where the set-up is over."""
    organisation = people.organisation()
    step = steps.following(organisation, key) if steps.is_open(organisation) else None
    return redirect(step.url_name if step else "setup")


def show(
    request: Request, key: str, form: Form, *, status: int = 200, **context: Any
) -> HttpResponse:
    """The page of one step."""
    organisation = request.organisation
    number = steps.KEYS.index(key)
    frame = {
        "step": steps.STEPS[number],
        "number": number + 1,
        "count": len(steps.STEPS),
        "is_open": steps.is_open(organisation),
        "is_behind": organisation.setup_steps.get(key) == organisations.DONE,
        "form": form,
    }
    return render(request, f"setup/steps/{key}.html", {**frame, **context}, status=status)


def answer(request: Request, key: str, form: Form, save: Save, **context: Any) -> HttpResponse:
    """Show a step, or save it, note that it is done, and go on.

    What is wrong comes back with all that was typed.
    """
    if request.method != "POST":
        return show(request, key, form, **context)
    status = 422
    if form.is_valid():
        now = clock.now()
        try:
            save(now)
        except DomainError as error:
            status = refuse(form, error)
        else:
            organisations.note_step(key, organisations.DONE, by=request.user, at=now)
            if not steps.is_open(request.organisation):
                messages.success(request, _("Saved."))
            return onwards(key)
    return show(request, key, form, status=status, **context)


@page
@require_permission(can_configure)
def organisation(request: Request) -> HttpResponse:
    """Name, language, currency, zone, country."""
    form = OrganisationForm(request.POST or None, organisation=request.organisation)

    def save(now: Any) -> None:
        organisations.change(by=request.user, at=now, **form.facts())
        wizard.follow_zone(by=request.user, at=now)

    return answer(request, "organisation", form, save)


@page
@require_permission(can_configure)
def holidays(request: Request) -> HttpResponse:
    """The country's holidays, each to be kept or not, and one's own."""
    days = wizard.days(request.organisation, at=clock.now())
    form = HolidaysForm(request.POST or None, days=days)

    def save(now: Any) -> None:
        wizard.set_holidays(request.organisation, form.chosen(), by=request.user, at=now)

    return answer(request, "holidays", form, save, days=days)


@page
@require_permission(can_configure)
def working_hours(request: Request) -> HttpResponse:
    """When a promised hour counts."""
    form = HoursForm(request.POST or None, windows=wizard.hours_today(at=request.now))

    def save(now: Any) -> None:
        wizard.set_hours(
            request.organisation, form.cleaned_data["windows"], by=request.user, at=now
        )

    return answer(request, "hours", form, save, zone=city(request.organisation.time_zone))


@page
@require_permission(can_configure)
def teams(request: Request) -> HttpResponse:
    """A team of each side, and several people at once."""
    found = {side: wizard.first_team(side) for side in Side.values}
    form = TeamsForm(request.POST or None, teams=found, user=request.user)

    def save(now: Any) -> None:
        wizard.staff(form.names, form.leads, form.invited(), by=request.user, at=now)

    response = answer(request, "teams", form, save, waiting=wizard.links())
    if response.status_code == 302 and (form.invited() or "more" in request.POST):
        return redirect("setup_teams")
    return response


@page
@require_permission(can_configure)
def persona(request: Request) -> HttpResponse:
    """Choose a persona to begin with."""
    form = PersonaForm(request.POST or None)

    def save(now: Any) -> None:
        chosen = templates.TEMPLATES[form.cleaned_data["template"]]
        templates.adopt(chosen, by=request.user, at=now)

    offers = [(key, summary.persona(template)) for key, template in templates.TEMPLATES.items()]
    return answer(request, "persona", form, save, offers=offers, in_use=personas.published())


@page
@require_permission(can_configure)
def agreement(request: Request) -> HttpResponse:
    """Choose an agreement to begin with; who leads a side signs for it, who leads both for both."""
    found = summary.agreements(request.user)
    form = AgreementForm(request.POST or None, user=request.user, signs=found["leads_any"])
    if request.method == "POST" and found["leads_any"] and (refusal := too_often(request)):
        return refusal

    def save(now: Any) -> None:
        wizard.agree(
            form.cleaned_data["pace"], form.cleaned_data["volume"], by=request.user, at=now
        )

    day = hours_text.day_minutes(wizard.hours_today(at=request.now))
    offers = [
        (p.key, promises.of_terms(commitments(p, day_minutes=day), p.package))
        for p in PACES.values()
    ]
    return answer(request, "agreement", form, save, offers=offers, **found)


@page
def sign(request: Request) -> HttpResponse:
    """What waits for a signature, for the leads who may give it."""
    waiting = summary.agreements(request.user)
    deny_unless(can_configure(request.user) or waiting["may_sign"])
    if request.method == "POST":
        if waiting["draft"] is None:
            return redirect("home")
        if not waiting["may_sign"]:
            raise wizard.NobodySigns
        version = wizard.close(waiting["draft"], by=request.user, at=clock.now())
        return redirect("agreement_sign", pk=version.pk)
    return render(request, "setup/sign.html", waiting)


@page
@require_permission(can_configure)
def test_lead(request: Request) -> HttpResponse:
    """Send a marked lead through and see what happens."""
    form = TestLeadForm(request.POST or None)

    def save(now: Any) -> None:
        team, version = form.cleaned_data["team"], form.cleaned_data["persona"]
        trials.send(team, version, by=request.user, at=now)

    now = request.now
    response = answer(request, "test", form, save, trial=summary.trial(request.user, at=now))
    return redirect("setup_test") if response.status_code == 302 else response


@require_safe
@require_permission(can_configure)
def test_lead_now(request: Request) -> HttpResponse:
    """What became of the test lead, as a fragment."""
    now = request.now
    return render(request, "setup/_trial.html", {"trial": summary.trial(request.user, at=now)})


@require_POST
@require_permission(can_configure)
def test_lead_remove(request: Request) -> HttpResponse:
    """End and archive the test lead."""
    lead = trials.current()
    if lead is not None:
        trials.remove(lead, by=request.user, at=clock.now())
        messages.success(request, _("The test lead is gone."))
    return redirect("setup")
