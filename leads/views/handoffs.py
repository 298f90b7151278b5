"""The steps of a handoff. Each: fetch in sight, permission, form, one call, answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm.accounts.models import User
from crm.accounts.request import Request, deny_unless
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from leads import handoffs, permissions
from leads.forms.handoffs import AttemptForm, EndForm, NoteForm, RejectForm, WinForm
from leads.handoffs import attempts, outcomes, pauses, queue
from leads.handoffs import undo as decisions
from leads.models import Handoff
from leads.states import OutcomeKind
from leads.views import lead_page, leads
from leads.views.queue import row
from sla.agreements import rejection_reasons

Predicate = Callable[[User, Handoff], bool]


def fetch(request: Request, pk: int) -> Handoff:
    """The handoff, if the viewer may see it; 404 else."""
    rows = Handoff.objects.visible_to(request.user).with_names()
    return get_object_or_404(
        rows.select_related("agreement_version", "submitted_by", "lead__marketing_team"), pk=pk
    )


def fetch_to_decide(request: Request, pk: int) -> Handoff:
    """As :func:`fetch`, with no more than an accept needs and its row shows: nothing is done more
    often.
    """
    return get_object_or_404(queue.to_decide(Handoff.objects.visible_to(request.user)), pk=pk)


def allowed(request: Request, handoff: Handoff, predicate: Predicate, *, when: bool = True) -> None:
    """403 unless ``predicate``; ``when`` False: the state has moved on, which the step itself
    answers with 409.
    """
    if when:
        deny_unless(predicate(request.user, handoff))


def done(request: Request, handoff: Handoff, text: str, *, can_undo: bool = False) -> HttpResponse:
    """Say what was done, with a button to undo it where one can (components/_toasts.html), and show
    the lead.
    """
    say(request, handoff, text, can_undo=can_undo)
    return redirect("lead", pk=handoff.lead_id)


def say(request: Request, handoff: Handoff, text: str, *, can_undo: bool) -> None:
    tags = f"undo:{reverse('handoff_undo', args=[handoff.pk])}" if can_undo else ""
    messages.success(request, text % {"lead": handoff.lead}, extra_tags=tags)


def decide(
    request: Request, pk: int, predicate: Predicate, act: Callable[..., Handoff], text: str
) -> HttpResponse:
    """Accept by a button: from the lead page, or in place from a row of the queue (htmx)."""
    now = request.now
    try:
        handoff = _faster_than_others(request, pk, fetch_to_decide)
        allowed(request, handoff, predicate, when=handoff.is_pending)
        act(handoff, by=request.user, at=now)
    except handoffs.AlreadyTaken as error:
        if not request.htmx:
            raise
        lost = row(request, error.handoff, at=now) | {"taken": error.message, "is_gone": True}
        return render(request, "leads/_queue_row.html", {"row": lost}, status=409)
    can_undo = act is handoffs.accept
    if request.htmx:
        won = row(request, handoff, at=now) | {
            "accepted": True,
            "is_gone": True,
            "can_undo": can_undo,
        }
        return render(request, "leads/_queue_row.html", {"row": won})
    return done(request, handoff, text, can_undo=can_undo)


def _faster_than_others(
    request: Request, pk: int, fetch: Callable[[Request, int], Handoff]
) -> Handoff:
    """The handoff in sight; one that a colleague has just taken from the same queue is a lost race,
    not a 404.
    """
    try:
        return fetch(request, pk)
    except Http404:
        taken = (
            Handoff.objects.filter(pk=pk, team__in=request.user.team_ids("sales"))
            .with_names()
            .first()
        )
        if taken is None:
            raise
        raise handoffs.AlreadyTaken(taken) from None


@require_POST
def accept(request: Request, pk: int) -> HttpResponse:
    """Accept a pending handoff."""
    return decide(
        request,
        pk,
        permissions.can_decide,
        handoffs.accept,
        _("%(lead)s is yours. Make the first contact now."),
    )


@require_POST
def accept_as_sql(request: Request, pk: int) -> HttpResponse:
    """Accept and qualify to SQL where the package proves means and authority."""
    text = _("%(lead)s is yours and an SQL.")
    return decide(request, pk, permissions.can_accept_as_sql, outcomes.accept_as_sql, text)


@require_POST
def undo(request: Request, pk: int) -> HttpResponse:
    """Take back one's own accept or reject; in place in the queue (htmx), else back to
    the queue.
    """
    handoff = fetch(request, pk)
    decision = decisions.standing(handoff)
    if decision is not None:
        deny_unless(permissions.can_undo(request.user, decision))
    decisions.undo(handoff, by=request.user, at=request.now)
    if request.htmx:
        return render(
            request, "leads/_queue_row.html", {"row": row(request, handoff, at=request.now)}
        )
    say(request, handoff, _("Undone: %(lead)s waits in the queue again."), can_undo=False)
    return redirect("queue")


@require_http_methods(["GET", "HEAD", "POST"])
def reject(request: Request, pk: int) -> HttpResponse:
    """Reject before contact, with class and reason.

    GET: the page with the reasons (the queue's dialog, whole).
    """
    handoff = _faster_than_others(request, pk, fetch)
    allowed(
        request,
        handoff,
        permissions.can_decide,
        when=handoff.is_pending or request.method != "POST",
    )
    form = RejectForm(
        request.POST or None,
        reasons=rejection_reasons.allowed(handoff.agreement_version),
        auto_id="id_reject_%s",
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                handoffs.reject(
                    handoff,
                    form.cleaned_data["reason"],
                    by=request.user,
                    at=request.now,
                    comment=form.cleaned_data["comment"],
                )
            except handoffs.AlreadyTaken:
                raise
            except DomainError as error:
                status = add_domain_error(form, error)
            else:
                text = _("%(lead)s went back to marketing with your reason.")
                say(request, handoff, text, can_undo=True)
                return redirect("queue")
    return render(
        request,
        "leads/reject.html",
        {"form": form, "handoff": handoff, "lead": handoff.lead},
        status=status,
    )


def step(
    request: Request,
    handoff: Handoff,
    name: str,
    form: Form,
    write: Callable[[datetime], object],
    text: str,
) -> HttpResponse:
    """One step with a form on the lead page: what is wrong comes back there, nothing typed
    is lost.
    """
    now, status = request.now, 422
    if form.is_valid():
        try:
            write(now)
        except DomainError as error:
            status = add_domain_error(form, error)
        else:
            return done(request, handoff, text)
    lead = leads.fetch(request, handoff.lead_id)
    return leads.show(request, lead, at=now, status=status, **{name: form})


@require_POST
def withdraw(request: Request, pk: int) -> HttpResponse:
    """Marketing takes a pending handoff back."""
    handoff = fetch(request, pk)
    allowed(request, handoff, permissions.can_withdraw, when=handoff.is_pending)
    form = NoteForm(request.POST, auto_id="id_withdraw_%s")

    def write(now: datetime) -> None:
        handoffs.withdraw(handoff, by=request.user, at=now, comment=form.cleaned_data["comment"])

    return step(request, handoff, "withdraw", form, write, _("%(lead)s is back with marketing."))


@require_POST
def requeue(request: Request, pk: int) -> HttpResponse:
    """A team lead puts a handoff back at the head of the queue."""
    handoff = fetch(request, pk)
    allowed(request, handoff, permissions.can_requeue)
    now = request.now
    handoffs.requeue(handoff, by=request.user, at=now, cause=f"lead:{now.timestamp()}")
    return done(request, handoff, _("%(lead)s is back at the head of the queue."))


@require_POST
def reassign(request: Request, pk: int) -> HttpResponse:
    """A team lead or the director gives a lead to somebody else to work on."""
    handoff = fetch(request, pk)
    allowed(request, handoff, permissions.can_reassign, when=handoff.is_open)
    form = lead_page.reassign_form(handoff, request.POST, at=request.now)

    def write(now: datetime) -> None:
        data = form.cleaned_data
        handoffs.reassign(handoff, data["owner"], by=request.user, at=now, why=data["comment"])

    return step(request, handoff, "reassign", form, write, _("%(lead)s has a new owner."))


@require_POST
def pause(request: Request, pk: int) -> HttpResponse:
    """Pause the clock because the lead asked for time."""
    handoff = fetch(request, pk)
    allowed(request, handoff, permissions.can_pause, when=handoff.is_open)
    form = lead_page.pause_form(handoff, request.POST)

    def write(now: datetime) -> None:
        data = form.cleaned_data
        pauses.pause(
            handoff, data["reason"], until=data["until"], note=data["note"], by=request.user, at=now
        )

    return step(request, handoff, "pause", form, write, _("The clock of %(lead)s is paused."))


@require_POST
def resume(request: Request, pk: int) -> HttpResponse:
    """End a pause before its time."""
    handoff = fetch(request, pk)
    allowed(request, handoff, permissions.can_pause, when=handoff.is_open)
    pauses.resume(handoff, by=request.user, at=request.now)
    return done(request, handoff, _("The clock of %(lead)s runs again."))


@require_POST
def attempt(request: Request, pk: int) -> HttpResponse:
    """Note an attempt; the first that reached a person is the contact."""
    handoff = fetch(request, pk)
    allowed(request, handoff, permissions.can_work)
    form = AttemptForm(request.POST, auto_id="id_attempt_%s")

    def write(now: datetime) -> None:
        data = form.cleaned_data
        happened_at, begun = data["happened_at"], handoff.accepted_at
        if begun is not None and happened_at == begun.replace(second=0, microsecond=0):
            happened_at = begun  # people give minutes: the one of the acceptance is not before it
        said = {"reached": data["reached"], "note": data["note"], "happened_at": happened_at}
        attempts.record(handoff, data["channel"], by=request.user, at=now, **said)

    return step(request, handoff, "attempt", form, write, _("Noted for %(lead)s."))


@require_POST
def sql(request: Request, pk: int) -> HttpResponse:
    """Qualify to SQL; what is not proven is named."""
    handoff = fetch(request, pk)
    allowed(request, handoff, permissions.can_work)
    outcomes.qualify_sql(handoff, by=request.user, at=request.now)
    return done(request, handoff, _("%(lead)s is an SQL."))


@require_POST
def opportunity(request: Request, pk: int) -> HttpResponse:
    """Open an opportunity on an SQL."""
    handoff = fetch(request, pk)
    allowed(request, handoff, permissions.can_work)
    outcomes.open_opportunity(handoff, by=request.user, at=request.now)
    return done(request, handoff, _("%(lead)s is an opportunity."))


@require_POST
def win(request: Request, pk: int) -> HttpResponse:
    """Close as won, with the amount."""
    handoff = fetch(request, pk)
    allowed(request, handoff, permissions.can_work)
    form = WinForm(request.POST, currency=request.organisation.currency, auto_id="id_win_%s")

    def write(now: datetime) -> None:
        outcomes.win(handoff, form.cleaned_data["amount"], by=request.user, at=now)

    return step(request, handoff, "win", form, write, _("%(lead)s is won. Congratulations!"))


@require_POST
def lose(request: Request, pk: int) -> HttpResponse:
    """Close as lost, with the reason."""
    return _end(request, pk, OutcomeKind.LOST, outcomes.lose, _("%(lead)s is closed as lost."))


@require_POST
def disqualify(request: Request, pk: int) -> HttpResponse:
    """Close after contact as disqualified, with the reason."""
    return _end(
        request, pk, OutcomeKind.DISQUALIFIED, outcomes.disqualify, _("%(lead)s is disqualified.")
    )


def _end(
    request: Request, pk: int, kind: OutcomeKind, act: Callable[..., Handoff], text: str
) -> HttpResponse:
    handoff = fetch(request, pk)
    allowed(request, handoff, permissions.can_work)
    name = "lose" if kind == OutcomeKind.LOST else "disqualify"
    form = EndForm(request.POST, kind=kind, auto_id=f"id_{name}_%s")

    def write(now: datetime) -> None:
        data = form.cleaned_data
        act(handoff, data["reason"], by=request.user, at=now, comment=data["comment"])

    return step(request, handoff, name, form, write, text)
