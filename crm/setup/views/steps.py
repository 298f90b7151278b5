"""What the pages of all steps share: show a step, save it, go on to the next one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm.accounts import organisations
from crm.accounts.models import Organisation
from crm.accounts.request import Request
from crm.lib import clock
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from crm.setup import checklist

Save = Callable[[datetime], Any]

page = require_http_methods(["GET", "HEAD", "POST"])


def redirect_after(key: str, organisation: Organisation) -> HttpResponse:
    """Redirect to the next open step after ``key``, else to the checklist.

    ``organisation`` is the one that was just written: that of the request is older.
    """
    if not checklist.is_open(organisation):
        return redirect("setup")
    step = checklist.next_step(organisation, key)
    if step is None:
        return redirect("setup")
    return redirect(step.url_name)


def answer(request: Request, key: str, form: Form, save: Save, **context: Any) -> HttpResponse:
    """Show a step; POST saves it, marks it as done and redirects to the next one.

    ``save`` takes the moment and may raise DomainError, which is shown in the form.
    """
    if request.method != "POST":
        return _show(request, key, form, **context)
    if not form.is_valid():
        return _show(request, key, form, status=422, **context)
    now = clock.now()
    try:
        save(now)
    except DomainError as error:
        status = add_domain_error(form, error)
        return _show(request, key, form, status=status, **context)
    # After the act, in a transaction of its own: a step that is done and not noted is only
    # offered once more.
    done = organisations.DONE
    organisation = organisations.note_step(key, done, by=request.user, at=now)
    if not checklist.is_open(organisation):
        messages.success(request, _("Saved."))
    return redirect_after(key, organisation)


def _show(
    request: Request, key: str, form: Form, *, status: int = 200, **context: Any
) -> HttpResponse:
    organisation = request.organisation
    index = checklist.KEYS.index(key)
    state = organisation.setup_steps.get(key)
    frame = {
        "step": checklist.STEPS[index],
        "number": index + 1,
        "count": len(checklist.STEPS),
        "is_open": checklist.is_open(organisation),
        "is_behind": state == organisations.DONE,
        "form": form,
    }
    template = f"setup/steps/{key}.html"
    return render(request, template, {**frame, **context}, status=status)
