"""Pages that give people access and end it, for admins: invitations, handovers, deactivation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm.accounts import invitations
from crm.accounts.models import Invitation, User
from crm.accounts.permissions import can_manage_people
from crm.accounts.request import Request, deny_unless, require_permission
from crm.accounts.sign_in import sessions
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from crm.notifications import mail
from crm.second_factor import factors
from crm.second_factor.views.proof import ask_for_proof
from leads.forms.people import HeirsForm, InviteForm
from leads.staff import access, memberships
from leads.staff.handover import Heirs, Parcel, check_shown, fingerprint, plan, work_of


def fetch(pk: int) -> User:
    """Return the person; 404 if there is none."""
    # No visible_to: an admin manages every account of the organisation.
    return get_object_or_404(User.objects.prefetch_related("memberships__team"), pk=pk)


# -- Invitation


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(can_manage_people)
def people_invite(request: Request) -> HttpResponse:
    """Invite a person: by mail, or by a link to copy where no mail is set up."""
    initial = {"language": request.organisation.language}
    form = InviteForm(request.POST or None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return _invite(request, form)
            except DomainError as error:
                status = add_domain_error(form, error)
    context = {"form": form, "mail_on": not may_see_links()}
    return render(request, "leads/person_invite.html", context, status=status)


def _invite(request: Request, form: InviteForm) -> HttpResponse:
    data = form.cleaned_data
    invitation = access.invite(
        data["name"],
        data["email"],
        teams=form.places,
        is_director=data["is_director"],
        is_admin=data["is_admin"],
        language=data["language"],
        by=request.user,
        at=request.now,
    )
    add_invited_message(request, invitation)
    return redirect("person", pk=invitation.person_id)


@require_POST
@require_permission(can_manage_people)
def person_link(request: Request, pk: int) -> HttpResponse:
    """Create a new link; the earlier one stops working."""
    invitation = access.invite_again(fetch(pk), by=request.user, at=request.now)
    add_invited_message(request, invitation)
    return redirect("person", pk=pk)


@require_POST
@require_permission(can_manage_people)
def person_revoke(request: Request, pk: int) -> HttpResponse:
    """Revoke the link."""
    invitations.revoke(fetch(pk), by=request.user, at=request.now)
    messages.success(request, _("The link does not work any more."))
    return redirect("person", pk=pk)


def add_invited_message(request: Request, invitation: Invitation) -> None:
    text = _("%(name)s gets a mail with the link to %(email)s.")
    if may_see_links():
        text = _("The link for %(name)s is ready. Copy it and pass it on.")
    person = invitation.person
    messages.success(request, text % {"name": person.name, "email": person.email})


def may_see_links() -> bool:
    """Return whether admins pass links on themselves, because no mail is delivered."""
    return settings.DEMO or not mail.is_on()


# -- Handing over the work, and deactivating


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(can_manage_people)
def person_hand_over(request: Request, pk: int) -> HttpResponse:
    """Move all open work of a person who stays."""

    def write(person: User, heirs: Heirs, shown: str | None) -> dict[str, int]:
        return access.hand_over(person, heirs, by=request.user, at=request.now, shown=shown)

    return _move_work(request, pk, write, leaving=False)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(can_manage_people)
def person_deactivate(request: Request, pk: int) -> HttpResponse:
    """End a person's access, after a preview of where the work moves."""

    def write(person: User, heirs: Heirs, shown: str | None) -> dict[str, int]:
        return access.deactivate(person, heirs=heirs, by=request.user, at=request.now, shown=shown)

    return _move_work(request, pk, write, leaving=True)


def _move_work(
    request: Request,
    pk: int,
    write: Callable[[User, Heirs, str | None], dict[str, int]],
    *,
    leaving: bool,
) -> HttpResponse:
    """Ask for the heirs, preview where the work moves, and move it once that is confirmed.

    A choice that does not fit any more returns with the work as it is now.
    """
    person = fetch(pk)
    now = request.now
    parcels = work_of(person, at=now)
    form = HeirsForm(request.POST or None, parcels=parcels)
    status = 200
    # The first post only shows the plan; the second one confirms it.
    if request.method == "POST" and "confirmed" in request.POST:
        shown = request.POST.get("shown", "")
        try:
            # A parcel that came meanwhile has no heir: what changed is said before what is missing.
            check_shown(parcels, shown)
            if form.is_valid():
                moved = write(person, form.heirs, shown)
                _add_moved_message(request, person, moved, leaving=leaving)
                return redirect("person", pk=pk)
            status = 422
        except DomainError as error:
            # Read again: work came or went while the person decided.
            parcels = work_of(person, at=now)
            form = HeirsForm(request.POST, parcels=parcels)
            status = add_domain_error(form, error)
    elif request.method == "POST" and not form.is_valid():
        status = 422
    context = _work_context(person, parcels, form, leaving=leaving)
    return render(request, "leads/person_deactivate.html", context, status=status)


def _work_context(
    person: User, parcels: list[Parcel], form: HeirsForm, *, leaving: bool
) -> dict[str, Any]:
    context: dict[str, Any] = {
        "person": person,
        "parcels": [(form[parcel.key], parcel) for parcel in parcels],
        "form": form,
        "shown": fingerprint(parcels),
        "planned": False,
        "plan": {},
        "work": sum(parcel.count for parcel in parcels),
        "warnings": [],
        "leaving": leaving,
    }
    if form.is_valid():
        context["planned"] = True
        context["plan"] = plan(parcels, form.heirs)
    # Warnings, not errors: the last team lead of a side may leave, too.
    if leaving:
        context["warnings"] = memberships.gaps_without(person)
    return context


def _add_moved_message(
    request: Request, person: User, moved: dict[str, int], *, leaving: bool
) -> None:
    text = _("The work of %(name)s is handed over.")
    if leaving:
        text = _("%(name)s is deactivated and signed out.")
    sentences = [text % {"name": person.name}]
    if moved:
        places = [f"{count} → {name or _('Queue')}" for name, count in moved.items()]
        sentences.append(", ".join(places))
    messages.success(request, " ".join(sentences))


# -- The other ends of access


@require_POST
@require_permission(can_manage_people)
def person_sessions(request: Request, pk: int) -> HttpResponse:
    """Sign the person out everywhere."""
    person = fetch(pk)
    sessions.end_all(person, by=request.user, at=request.now)
    messages.success(request, _("%(name)s is signed out everywhere.") % {"name": person.name})
    return redirect("person", pk=pk)


@require_POST
@require_permission(can_manage_people)
def person_second_factor(request: Request, pk: int) -> HttpResponse:
    """Reset the second factor of a person who has lost it."""
    person = fetch(pk)
    # One's own is changed with its codes (Preferences); the last admin has the command line.
    deny_unless(person.pk != request.user.pk)
    asked = ask_for_proof(request, then=reverse("person", args=[pk]))
    if asked:
        messages.info(request, _("After that, press the button again."))
        return asked
    factors.reset(person, by=request.user, at=request.now)
    text = _("%(name)s signs in with the password alone now, and is signed out everywhere.")
    messages.success(request, text % {"name": person.name})
    return redirect("person", pk=pk)


@require_POST
@require_permission(can_manage_people)
def person_reactivate(request: Request, pk: int) -> HttpResponse:
    """Give a deactivated person access again."""
    person = fetch(pk)
    invitation = access.reactivate(person, by=request.user, at=request.now)
    # A person who once set a password signs in with it and needs no link.
    if invitation is not None:
        add_invited_message(request, invitation)
    else:
        messages.success(request, _("%(name)s has access again.") % {"name": person.name})
    return redirect("person", pk=pk)
