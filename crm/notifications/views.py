"""The inbox, and the form that mails a link to a new password."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import get_current_timezone, localdate
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.accounts.forms import ForgottenPasswordForm
from crm.accounts.models import User
from crm.accounts.request import Request
from crm.accounts.sign_in import guesses
from crm.accounts.sign_in.tries import TooManyTries
from crm.accounts.states import Secret
from crm.lib import clock
from crm.lib.forms import DAY, add_domain_error
from crm.lib.moments import long_day
from crm.lib.number_formats import day_words
from crm.lib.paging import BadParameter, Branches, Order, page_of_values
from crm.notifications import mail, outbox, password_requests
from crm.notifications.models import Notice
from crm.notifications.sentences import Told
from crm.notifications.states import Group, group_of
from crm.templatetags.jinja import respond
from leads.handoffs import notices as handoff_notices

PAGE = 50
BY_DAY = Order("created_at", descending=True)
PARAMETERS = {"group", "after"}
ICONS = {
    Group.QUEUE: "inbox",
    Group.DEADLINES: "triangle-alert",
    Group.LEADS: "user",
    Group.AGREEMENTS: "handshake",
    Group.PERSONAS: "user-search",
}


# -- The inbox


class Columns(NamedTuple):
    """The columns of a notice that the inbox reads."""

    pk: int
    kind: str
    params: dict[str, Any]
    path: str
    created_at: datetime
    read_at: datetime | None


class NoticeRow(NamedTuple):
    """A notice as the inbox shows it.

    ``day``: the reader's day on which it happened. ``gone``: the sentence about a lead that the
    reader may not see any more, else empty.
    """

    notice: Notice | Columns
    sentence: str
    icon: str
    day: date
    gone: str


@require_safe
def notice_list(request: Request) -> HttpResponse:
    """Show the notices of the person, the newest first, by day, in the reader's language."""
    group = request.GET.get("group", "")
    if set(request.GET) - PARAMETERS or group not in ("", *Group):
        raise BadParameter(_("This address is not known. Start again from the notices."))
    after = request.GET.get("after", "")
    inbox = Branches(_inbox, group, user=request.user)
    shown = page_of_values(inbox, Columns, BY_DAY, after=after, size=PAGE)
    context = {
        "days": _by_day(_rows(request, shown.rows), today=localdate(request.now)),
        "next": shown.next,
        "group": group,
        "tabs": _tabs(group),
        "new": pgettext("notice", "new"),
    }
    return respond(request, "notifications/notice_list.jinja", context)


def _inbox(group: str, *, user: User) -> list[QuerySet[Notice]]:
    return [Notice.objects.visible_to(user).in_group(group)]


def _rows(request: Request, notices: Sequence[Notice | Columns]) -> list[NoticeRow]:
    told = [Told(notice.kind, notice.params, notice.path) for notice in notices]
    # Made now and not when it was sent: people change their language, and lose sight of leads.
    words = handoff_notices.words(request.user, told)
    zone = get_current_timezone()
    rows = []
    for notice, said in zip(notices, words, strict=True):
        row = NoticeRow(
            notice,
            said.sentence,
            _icon(notice.kind),
            notice.created_at.astimezone(zone).date(),
            said.gone,
        )
        rows.append(row)
    return rows


def _by_day(rows: Sequence[NoticeRow], *, today: date) -> list[tuple[str, list[NoticeRow]]]:
    """Return the rows of each day, below its words."""
    days = groupby(rows, key=lambda row: row.day)
    return [(_day_words(day, today), list(of_day)) for day, of_day in days]


def _day_words(day: date, today: date) -> str:
    if day == today:
        return _("Today")
    if day == today - DAY:
        return _("Yesterday")
    if day.year == today.year:
        return long_day(day)
    return day_words(day)


def _icon(kind: str) -> str:
    group = group_of(kind)
    # A warning comes before the deadline, all others of its group after it.
    if kind == "handoff.warning":
        return "alarm-clock"
    if group is None:
        return "bell"
    return ICONS[group]


def _tabs(current: str) -> list[dict[str, Any]]:
    tabs = [{"url": "?", "label": _("All"), "is_current": not current}]
    for group in Group:
        tab = {"url": f"?group={group}", "label": group.label, "is_current": group == current}
        tabs.append(tab)
    return tabs


@require_POST
def open_notice(request: Request, pk: int) -> HttpResponse:
    """Mark the notice as read and redirect to its page; report a lead that is not visible."""
    notice = get_object_or_404(Notice.objects.visible_to(request.user), pk=pk)
    outbox.open_notice(notice, at=request.now)
    [row] = _rows(request, [notice])
    if row.gone:
        messages.info(request, row.gone)
        return redirect("notice_list")
    path = notice.path or reverse("notice_list")
    if handoff_notices.lead_id_of(path) is not None:
        # The page of a lead leads back to the list that its address names.
        path = f"{path}?{urlencode({'back': reverse('notice_list')})}"
    return redirect(path)


@require_POST
def mark_read(request: Request) -> HttpResponse:
    """Mark all notices as read."""
    outbox.mark_read(request.user, at=request.now)
    return redirect("notice_list")


# -- A forgotten password


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten_password(request: HttpRequest) -> HttpResponse:
    """Mail a link to a new password.

    The answer is the same for known and unknown addresses.
    """
    if not mail.is_on():
        return render(request, "account/password_state.html", {"state": "ask"})
    form = ForgottenPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"].lower()
        try:
            guesses.count(request, Secret.RESET, email)
        except TooManyTries as error:
            add_domain_error(form, error)
        else:
            password_requests.ask(email, at=clock.now())
            return redirect("account_reset_password_done")
    status = 200
    if form.errors:
        status = 422
    return render(request, "account/password_reset.html", {"form": form}, status=status)


@login_not_required
@require_safe
def forgotten_password_sent(request: HttpRequest) -> HttpResponse:
    """Confirm that the link was sent, if there is such an account."""
    return render(request, "account/password_state.html", {"state": "sent"})
