"""The inbox page, and the form that mails a link to a new password."""

from __future__ import annotations

from allauth.core.ratelimit import consume_or_429
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.accounts.forms import ForgottenPasswordForm
from crm.accounts.request import Request
from crm.accounts.sign_in import passwords
from crm.lib import clock
from crm.notifications import mail, outbox
from crm.notifications.models import Notice
from crm.notifications.sentences import words

SHOWN = 100


@require_safe
def notice_list(request: Request) -> HttpResponse:
    """The newest notices of the person, each in the reader's language."""
    rows = list(Notice.objects.filter(recipient=request.user).order_by("-id")[:SHOWN])
    notices = [(notice, words(notice)) for notice in rows]
    unread = any(notice.read_at is None for notice in rows)
    return render(request, "notifications/notice_list.html", {"notices": notices, "unread": unread})


@require_POST
def mark_read(request: Request) -> HttpResponse:
    """Mark everything as read."""
    outbox.mark_read(request.user, at=request.now)
    return redirect("notice_list")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten_password(request: HttpRequest) -> HttpResponse:
    """Mail a link to who asks; known and unknown addresses get the same answer."""
    if not mail.is_on():
        return render(request, "account/password_said.html", {"said": "ask"})
    form = ForgottenPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"].lower()
        if refusal := consume_or_429(request, action="reset_password", key=email):
            return refusal
        now = clock.now()
        person = passwords.forgotten_by(email)
        if person is not None:
            outbox.post("password_reset", person, at=now, key=f"password_reset:{now:%Y%m%d%H%M}")
        return redirect("account_reset_password_done")
    return render(
        request, "account/password_reset.html", {"form": form}, status=422 if form.errors else 200
    )


@login_not_required
@require_safe
def forgotten_password_sent(request: HttpRequest) -> HttpResponse:
    """The link is on its way, if there is such an account."""
    return render(request, "account/password_said.html", {"said": "sent"})
