"""The page of one person, for admins: name, teams, roles and leave."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm.accounts import directory, invitations, leaves
from crm.accounts.forms import LeaveForm
from crm.accounts.models import Leave, User
from crm.accounts.permissions import can_manage_people
from crm.accounts.request import Request, require_permission
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from crm.second_factor import factors
from leads.forms.people import PersonForm, PlaceForm
from leads.staff import access, memberships
from leads.staff.handover import work_of
from leads.views.settings.access import fetch, may_see_links


@require_safe
@require_permission(can_manage_people)
def person_page(request: Request, pk: int) -> HttpResponse:
    """One person: state, teams, roles, leave, access."""
    return show(request, fetch(pk), at=request.now)


def show(
    request: Request, person: User, *, at: datetime, status: int = 200, **bound: Form
) -> HttpResponse:
    """Return the person's page. ``bound``: a form that came back with errors."""
    link = invitations.open_of(person).select_related("invited_by").first()
    url = ""
    if link and may_see_links():
        url = settings.BASE_URL + invitations.path_of(link)
    today = leaves.today_of(person, at=at)
    names = {"name": person.name, "email": person.email}
    context: dict[str, Any] = {
        "person": person,
        "row": directory.row(person, at=at),
        "link": link,
        "url": url,
        "mail_on": not may_see_links(),
        "leaves": person.leaves.filter(last_on__gte=today).select_related("delegate"),
        "work": sum(parcel.count for parcel in work_of(person, at=at)),
        "is_self": person.pk == request.user.pk,
        "factors": factors.of(person),
        # Several forms on one page: their ids must differ.
        "edit_form": PersonForm(initial=names, auto_id="id_edit_%s"),
        "place_form": PlaceForm(person=person, auto_id="id_place_%s"),
        "leave_form": LeaveForm(person=person, initial={"first_on": today}, auto_id="id_leave_%s"),
    }
    for name, form in bound.items():
        context[f"{name}_form"] = form
    return render(request, "leads/person.html", context, status=status)


def _save(
    request: Request,
    person: User,
    name: str,
    form: Form,
    write: Callable[[datetime], object],
    text: str,
) -> HttpResponse:
    """Write the data of one form of the person's page; a form with errors returns to the page."""
    now = request.now
    status = 422
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
    person = fetch(pk)
    form = PersonForm(request.POST, auto_id="id_edit_%s")

    def write(now: datetime) -> None:
        access.rename(person, by=request.user, at=now, **form.cleaned_data)

    return _save(request, person, "edit", form, write, _("Saved."))


@require_POST
@require_permission(can_manage_people)
def person_place(request: Request, pk: int) -> HttpResponse:
    """Set teams and roles."""
    person = fetch(pk)
    form = PlaceForm(request.POST, person=person, auto_id="id_place_%s")

    def write(now: datetime) -> None:
        memberships.place(
            person,
            form.places,
            is_director=form.cleaned_data["is_director"],
            is_admin=form.cleaned_data["is_admin"],
            by=request.user,
            at=now,
        )

    return _save(request, person, "place", form, write, _("Saved."))


@require_POST
@require_permission(can_manage_people)
def person_leave(request: Request, pk: int) -> HttpResponse:
    """Enter a leave."""
    person = fetch(pk)
    form = LeaveForm(request.POST, person=person, auto_id="id_leave_%s")

    def write(now: datetime) -> None:
        leaves.take(person, **form.cleaned_data, by=request.user, at=now)

    return _save(request, person, "leave", form, write, _("Leave saved."))


@require_POST
@require_permission(can_manage_people)
def person_leave_end(request: Request, pk: int, leave: int) -> HttpResponse:
    """End a leave before its last day, or cancel one to come."""
    rows = Leave.objects.select_related("person")
    # Both ids of the address must match: the leave of another person is not found here.
    ended = get_object_or_404(rows, pk=leave, person=pk)
    leaves.end(ended, by=request.user, at=request.now)
    messages.success(request, _("Leave ended."))
    return redirect("person", pk=pk)
