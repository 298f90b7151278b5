"""What the pages of all steps share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm.accounts import organisations, people
from crm.accounts.request import Request
from crm.lib import clock
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from crm.setup import checklist as steps

Save = Callable[[Any], Any]


page = require_http_methods(["GET", "HEAD", "POST"])


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
            status = add_domain_error(form, error)
        else:
            organisations.note_step(key, organisations.DONE, by=request.user, at=now)
            if not steps.is_open(request.organisation):
                messages.success(request, _("Saved."))
            return onwards(key)
    return show(request, key, form, status=status, **context)
