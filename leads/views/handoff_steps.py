"""The steps of a handoff after its decision, on the lead page.

Each: fetch the visible handoff, permission, form, one call, answer. The permission is asked only
while the state allows the step: the step itself answers 409 where the state has moved on.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.forms import Form
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crm.accounts.request import Request, deny_unless
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from leads import handoffs, permissions
from leads.forms import handoff_steps as forms
from leads.handoffs import attempts, outcomes, pauses
from leads.models import Handoff
from leads.states import OutcomeKind
from leads.views import lead_page
from leads.views.handoffs import done, fetch


def take_step(
    request: Request,
    handoff: Handoff,
    name: str,
    form: Form,
    write: Callable[[datetime], object],
    text: str,
) -> HttpResponse:
    """Write the step and show the lead with ``text``; a form with errors returns to the page."""
    now = request.now
    status = 422
    if form.is_valid():
        try:
            write(now)
        except DomainError as error:
            status = add_domain_error(form, error)
        else:
            return done(request, handoff, text)
    lead = lead_page.fetch(request, handoff.lead_id)
    return lead_page.show(request, lead, at=now, status=status, **{name: form})


# -- Steps of marketing and of team leads


@require_POST
def withdraw(request: Request, pk: int) -> HttpResponse:
    """Marketing takes a pending handoff back."""
    handoff = fetch(request, pk)
    if handoff.is_pending:
        deny_unless(permissions.can_withdraw(request.user, handoff))
    form = forms.withdraw_form(request.POST)

    def write(now: datetime) -> None:
        comment = form.cleaned_data["comment"]
        handoffs.withdraw(handoff, comment=comment, by=request.user, at=now)

    text = _("%(lead)s is back with marketing.")
    return take_step(request, handoff, "withdraw", form, write, text)


@require_POST
def requeue(request: Request, pk: int) -> HttpResponse:
    """A team lead puts a handoff back at the head of the queue."""
    handoff = fetch(request, pk)
    deny_unless(permissions.can_requeue(request.user, handoff))
    now = request.now
    handoffs.requeue(handoff, by=request.user, at=now, cause=f"lead:{now.timestamp()}")
    return done(request, handoff, _("%(lead)s is back at the head of the queue."))


@require_POST
def reassign(request: Request, pk: int) -> HttpResponse:
    """A team lead or the director assigns a lead to another person."""
    handoff = fetch(request, pk)
    if handoff.is_open:
        deny_unless(permissions.can_reassign(request.user, handoff))
    form = forms.reassign_form(handoff, request.POST, at=request.now)

    def write(now: datetime) -> None:
        data = form.cleaned_data
        handoffs.reassign(
            handoff,
            data["owner"],
            why=data["comment"],
            by=request.user,
            at=now,
        )

    text = _("%(lead)s has a new owner.")
    return take_step(request, handoff, "reassign", form, write, text)


# -- The clock


@require_POST
def pause(request: Request, pk: int) -> HttpResponse:
    """Pause the clock because the lead asked for time."""
    handoff = fetch(request, pk)
    if handoff.is_open:
        deny_unless(permissions.can_pause(request.user, handoff))
    form = forms.pause_form(handoff, request.POST)

    def write(now: datetime) -> None:
        data = form.cleaned_data
        pauses.pause(
            handoff,
            data["reason"],
            until=data["until"],
            note=data["note"],
            by=request.user,
            at=now,
        )

    text = _("The clock of %(lead)s is paused.")
    return take_step(request, handoff, "pause", form, write, text)


@require_POST
def resume(request: Request, pk: int) -> HttpResponse:
    """End a pause before its time."""
    handoff = fetch(request, pk)
    if handoff.is_open:
        deny_unless(permissions.can_pause(request.user, handoff))
    pauses.resume(handoff, by=request.user, at=request.now)
    return done(request, handoff, _("The clock of %(lead)s runs again."))


# -- Steps of the owner


@require_POST
def attempt(request: Request, pk: int) -> HttpResponse:
    """Record an attempt; the first that reached a person is the contact."""
    handoff = _fetch_to_work(request, pk)
    form = forms.attempt_form(request.POST)

    def write(now: datetime) -> None:
        data = form.cleaned_data
        attempts.record(
            handoff,
            data["channel"],
            reached=data["reached"],
            note=data["note"],
            happened_at=_moment_of_attempt(handoff, data["happened_at"]),
            by=request.user,
            at=now,
        )

    text = _("Noted for %(lead)s.")
    return take_step(request, handoff, "attempt", form, write, text)


def _fetch_to_work(request: Request, pk: int) -> Handoff:
    handoff = fetch(request, pk)
    deny_unless(permissions.can_work(request.user, handoff))
    return handoff


def _moment_of_attempt(handoff: Handoff, typed: datetime | None) -> datetime | None:
    """Return the typed moment, not before the acceptance within the same minute.

    People type minutes, and an attempt before the acceptance is refused.
    """
    accepted_at = handoff.accepted_at
    if accepted_at is None or typed != accepted_at.replace(second=0, microsecond=0):
        return typed
    return accepted_at


@require_POST
def sql(request: Request, pk: int) -> HttpResponse:
    """Qualify as SQL; an error names what is not proven."""
    handoff = _fetch_to_work(request, pk)
    outcomes.qualify_sql(handoff, by=request.user, at=request.now)
    return done(request, handoff, _("%(lead)s is an SQL."))


@require_POST
def opportunity(request: Request, pk: int) -> HttpResponse:
    """Open an opportunity on an SQL."""
    handoff = _fetch_to_work(request, pk)
    outcomes.open_opportunity(handoff, by=request.user, at=request.now)
    return done(request, handoff, _("%(lead)s is an opportunity."))


@require_POST
def win(request: Request, pk: int) -> HttpResponse:
    """Close as won, with the amount."""
    handoff = _fetch_to_work(request, pk)
    form = forms.win_form(request.organisation.currency, request.POST)

    def write(now: datetime) -> None:
        outcomes.win(handoff, form.cleaned_data["amount"], by=request.user, at=now)

    text = _("%(lead)s is won. Congratulations!")
    return take_step(request, handoff, "win", form, write, text)


@require_POST
def lose(request: Request, pk: int) -> HttpResponse:
    """Close as lost, with the reason."""
    text = _("%(lead)s is closed as lost.")
    return _end(request, pk, "lose", OutcomeKind.LOST, outcomes.lose, text)


@require_POST
def disqualify(request: Request, pk: int) -> HttpResponse:
    """Close after contact as disqualified, with the reason."""
    text = _("%(lead)s is disqualified.")
    return _end(request, pk, "disqualify", OutcomeKind.DISQUALIFIED, outcomes.disqualify, text)


def _end(
    request: Request,
    pk: int,
    name: str,
    kind: OutcomeKind,
    act: Callable[..., Handoff],
    text: str,
) -> HttpResponse:
    handoff = _fetch_to_work(request, pk)
    form = forms.end_form(kind, request.POST)

    def write(now: datetime) -> None:
        data = form.cleaned_data
        act(handoff, data["reason"], comment=data["comment"], by=request.user, at=now)

    return take_step(request, handoff, name, form, write, text)
