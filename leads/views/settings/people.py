"""Pages about people, for admins: the list, inviting, and one person with everything that can be
done about them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.accounts import directory, invitations, leaves
from crm.accounts.forms import LeaveForm
from crm.accounts.models import Invitation, Leave, User
from crm.accounts.permissions import can_manage_people
from crm.accounts.request import Request, require_permission
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from crm.lib.paging import BadParameter
from crm.lib.text import clean_line
from crm.notifications import mail
from leads.forms.people import HeirsForm, InviteForm, PersonForm, PlaceForm
from leads.staff import people
from leads.staff.handover import Heirs, plan, work_of


@require_safe
@require_permission(can_manage_people)
def people_list(request: Request) -> HttpResponse:
    """Everybody: where they belong and how they stand."""
    show = request.GET.get("show", "here")
    if show not in directory.SHOWS:
        raise BadParameter(_("This page address is not complete. Start again from the list."))
    search = clean_line(request.GET.get("q", ""))[:120]
    labels = {"here": _("People"), "gone": _("Deactivated"), "imported": _("From imports")}
    counts = directory.counts()
    tabs = [
        {"url": f"?show={key}", "label": label, "is_current": key == show, "count": counts[key]}
        for key, label in labels.items()
    ]
    rows = directory.rows(show, at=request.now, search=search)
    context = {"rows": rows, "tabs": tabs, "show": show, "search": search, "shown": directory.SHOWN}
    return render(request, "leads/people.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(can_manage_people)
def people_invite(request: Request) -> HttpResponse:
    """Invite a person: by mail, or by a link to copy where there is no mail."""
    form, status = (
        InviteForm(request.POST or None, initial={"language": request.organisation.language}),
        200,
    )
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            kept = {
                key: data[key] for key in ("name", "email", "language", "is_director", "is_admin")
            }
            try:
                invitation = people.invite(
                    **kept, teams=form.places, by=request.user, at=request.now
                )
            except DomainError as error:
                status = add_domain_error(form, error)
            else:
                _say_invited(request, invitation)
                return redirect("person", pk=invitation.person_id)
    return render(
        request,
        "leads/person_invite.html",
        {"form": form, "mail_on": not _may_see_links()},
        status=status,
    )


def _say_invited(request: Request, invitation: Invitation) -> None:
    name = {"name": invitation.person.name, "email": invitation.person.email}
    if not _may_see_links():
        messages.success(request, _("%(name)s gets a mail with the link to %(email)s.") % name)
    else:
        messages.success(
            request, _("The link for %(name)s is ready. Copy it and pass it on.") % name
        )


def fetch(pk: int) -> User:
    """The person; 404 where there is none."""
    return get_object_or_404(User.objects.prefetch_related("memberships__team"), pk=pk)


def show(
    request: Request, person: User, *, at: datetime, status: int = 200, **bound: Form
) -> HttpResponse:
    """The person's page; ``bound``: a form that came back with errors."""
    row = directory.row(person, at=at)
    link = invitations.open_of(person).select_related("invited_by").first()
    today = leaves.today_of(person, at=at)
    names = {"name": person.name, "email": person.email}
    context = {
        "person": person,
        "row": row,
        "link": link,
        "url": settings.BASE_URL + invitations.path_of(link) if link and _may_see_links() else "",
        "mail_on": not _may_see_links(),
        "leaves": person.leaves.filter(last_on__gte=today),
        "work": sum(parcel.count for parcel in work_of(person, at=at)),
        "is_self": person.pk == request.user.pk,
        "edit_form": PersonForm(initial=names, auto_id="id_edit_%s"),
        "place_form": PlaceForm(person=person, auto_id="id_place_%s"),
        "leave_form": LeaveForm(initial={"first_on": today}, auto_id="id_leave_%s"),
        **{f"{name}_form": form for name, form in bound.items()},
    }
    return render(request, "leads/person.html", context, status=status)


def _may_see_links() -> bool:
    """Where no mail reaches anybody, the admin passes the link on."""
    return settings.DEMO or not mail.is_on()


@require_safe
@require_permission(can_manage_people)
def person_page(request: Request, pk: int) -> HttpResponse:
    """One person: state, teams, roles, leave, access."""
    return show(request, fetch(pk), at=request.now)


def act(
    request: Request,
    person: User,
    name: str,
    form: Form,
    write: Callable[[datetime], object],
    text: str,
) -> HttpResponse:
    """One form of the person's page: what is wrong comes back there, nothing typed is lost."""
    now, status = request.now, 422
    if form.is_valid():
        try:
            write(now)
        except DomainError as error:
            status = add_domain_error(form, error)
        else:
            messages.success(request, text)
            return redirect("person", pk=person.pk)
    return show(request, person, at=now, status=status, **{name: form})


@require_POST
@require_permission(can_manage_people)
def person_edit(request: Request, pk: int) -> HttpResponse:
    """Correct name and e-mail."""
    person, form = fetch(pk), PersonForm(request.POST, auto_id="id_edit_%s")

    def write(now: datetime) -> None:
        people.rename(person, by=request.user, at=now, **form.cleaned_data)

    return act(request, person, "edit", form, write, _("Saved."))


@require_POST
@require_permission(can_manage_people)
def person_place(request: Request, pk: int) -> HttpResponse:
    """Set teams and roles."""
    person = fetch(pk)
    form = PlaceForm(request.POST, person=person, auto_id="id_place_%s")

    def write(now: datetime) -> None:
        marks = {name: form.cleaned_data[name] for name in ("is_director", "is_admin")}
        people.place(person, form.places, **marks, by=request.user, at=now)

    return act(request, person, "place", form, write, _("Saved."))


@require_POST
@require_permission(can_manage_people)
def person_leave(request: Request, pk: int) -> HttpResponse:
    """Enter a leave."""
    person, form = fetch(pk), LeaveForm(request.POST, auto_id="id_leave_%s")

    def write(now: datetime) -> None:
        leaves.take(person, **form.cleaned_data, by=request.user, at=now)

    return act(request, person, "leave", form, write, _("Leave saved."))


@require_POST
@require_permission(can_manage_people)
def person_leave_end(request: Request, pk: int, leave: int) -> HttpResponse:
    """The person is back, or does not go."""
    row = get_object_or_404(Leave.objects.select_related("person"), pk=leave, person=pk)
    leaves.end(row, by=request.user, at=request.now)
    messages.success(request, _("Leave ended."))
    return redirect("person", pk=pk)


@require_POST
@require_permission(can_manage_people)
def person_link(request: Request, pk: int) -> HttpResponse:
    """A new link; the one before stops working."""
    _say_invited(request, people.invite_again(fetch(pk), by=request.user, at=request.now))
    return redirect("person", pk=pk)


@require_POST
@require_permission(can_manage_people)
def person_revoke(request: Request, pk: int) -> HttpResponse:
    """Take the link back."""
    invitations.revoke(fetch(pk), by=request.user, at=request.now)
    messages.success(request, _("The link does not work any more."))
    return redirect("person", pk=pk)


@require_POST
@require_permission(can_manage_people)
def person_sessions(request: Request, pk: int) -> HttpResponse:
    """Sign the person out everywhere."""
    person = fetch(pk)
    people.end_sessions(person, by=request.user, at=request.now)
    messages.success(request, _("%(name)s is signed out everywhere.") % {"name": person.name})
    return redirect("person", pk=pk)


@require_POST
@require_permission(can_manage_people)
def person_reactivate(request: Request, pk: int) -> HttpResponse:
    """Give access again."""
    person = fetch(pk)
    invitation = people.reactivate(person, by=request.user, at=request.now)
    if invitation is not None:
        _say_invited(request, invitation)
    else:
        messages.success(request, _("%(name)s has access again.") % {"name": person.name})
    return redirect("person", pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(can_manage_people)
def person_hand_over(request: Request, pk: int) -> HttpResponse:
    """Move all open work of somebody who stays."""

    def write(person: User, heirs: Heirs, now: datetime) -> dict[str, int]:
        return people.hand_over(person, heirs, by=request.user, at=now)

    return _going(request, pk, write, leaving=False)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(can_manage_people)
def person_deactivate(request: Request, pk: int) -> HttpResponse:
    """End a person's access, after a look at what moves where."""

    def write(person: User, heirs: Heirs, now: datetime) -> dict[str, int]:
        return people.deactivate(person, heirs=heirs, by=request.user, at=now)

    return _going(request, pk, write, leaving=True)


def _going(
    request: Request,
    pk: int,
    write: Callable[[User, Heirs, datetime], dict[str, int]],
    *,
    leaving: bool,
) -> HttpResponse:
    """First the choice of heirs, then what will move where, then it moves.

    A choice that does not fit any more comes back with the work as it is now.
    """
    person, now, status = fetch(pk), request.now, 200
    parcels = work_of(person, at=now)
    form = HeirsForm(request.POST or None, parcels=parcels)
    if request.method == "POST":
        status = 422
        if form.is_valid() and "confirmed" in request.POST:
            try:
                moved = write(person, form.heirs, now)
            except DomainError as error:
                parcels = work_of(person, at=now)
                form = HeirsForm(request.POST, parcels=parcels)
                status = add_domain_error(form, error)
            else:
                _say_gone(request, person, moved, leaving=leaving)
                return redirect("person", pk=pk)
        elif form.is_valid():
            status = 200
    planned = form.is_bound and form.is_valid()
    context = {
        "person": person,
        "parcels": [(form[parcel.key], parcel) for parcel in parcels],
        "form": form,
        "planned": planned,
        "plan": plan(parcels, form.heirs) if planned else {},
        "work": sum(parcel.count for parcel in parcels),
        "warnings": people.warnings(person) if leaving else [],
        "leaving": leaving,
    }
    return render(request, "leads/person_deactivate.html", context, status=status)


def _say_gone(request: Request, person: User, moved: dict[str, int], *, leaving: bool) -> None:
    text = (
        _("%(name)s is deactivated and signed out.")
        if leaving
        else _("The work of %(name)s is handed over.")
    )
    where = [f"{count} → {name or _('Queue')}" for name, count in moved.items()]
    messages.success(request, " ".join([text % {"name": person.name}, ", ".join(where)]).strip())
