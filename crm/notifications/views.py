"""The inbox, and the form that mails a link to a new password."""

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
from crm.notifications import mail, outbox, sentences
from crm.notifications.models import Notice

SHOWN = 100


@require_safe
def notice_list(request: Request) -> HttpResponse:
    """Show the newest notices of the person, in the reader's language."""
    own = Notice.objects.filter(recipient=request.user)
    newest = list(own.order_by("-id")[:SHOWN])
    context = {
        # Rendered now and not when they were sent: people change their language.
        "notices": [(notice, sentences.render(notice)) for notice in newest],
        "unread": any(notice.read_at is None for notice in newest),
    }
    return render(request, "notifications/notice_list.html", context)


@require_POST
def mark_read(request: Request) -> HttpResponse:
    """Mark all notices as read."""
    outbox.mark_read(request.user, at=request.now)
    return redirect("notice_list")


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
        too_many = consume_or_429(request, action="reset_password", key=email)
        if too_many:
            return too_many
        _mail_link(email)
        return redirect("account_reset_password_done")
    status = 200
    if form.errors:
        status = 422
    return render(request, "account/password_reset.html", {"form": form}, status=status)


def _mail_link(email: str) -> None:
    person = passwords.person_by_email(email)
    if person is None:
        return
    now = clock.now()
    # One mail a minute: further requests within it have the same key.
    key = f"password_reset:{now:%Y%m%d%H%M}"
    outbox.queue_mail("password_reset", person, at=now, key=key)


@login_not_required
@require_safe
def forgotten_password_sent(request: HttpRequest) -> HttpResponse:
    """Confirm that the link was sent, if there is such an account."""
    return render(request, "account/password_state.html", {"state": "sent"})
