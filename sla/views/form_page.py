"""The answer of a page with one form: show it, or save it and go on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.forms import Form
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm.accounts.request import Request
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from crm.lib.paging import BadParameter

form_methods = require_http_methods(["GET", "HEAD", "POST"])


def posted(request: Request) -> QueryDict | None:
    """Return the data that a form is bound to, also where it was sent empty; None on a GET."""
    # An empty POST is false, so "request.POST or None" would not bind the form to it.
    if request.method == "POST":
        return request.POST
    return None


def date_in_address(request: Request, name: str) -> date | None:
    """Return the date in the parameter ``name``, None without one. Raises BadParameter."""
    text = request.GET.get(name)
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        message = _("This page address is not complete. Start again from the list.")
        raise BadParameter(message) from error


def answer(
    request: Request,
    template: str,
    form: Form,
    save: Callable[[], HttpResponse],
    **context: Any,
) -> HttpResponse:
    """Show ``form``, or answer what ``save`` returns once it is posted and valid.

    Otherwise the page comes back with what was typed, and 422 or the status of the DomainError
    that ``save`` raised.
    """
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return save()
            except DomainError as error:
                status = add_domain_error(form, error)
    # Every status but 200 says that nothing was saved.
    return render(request, template, {"form": form, **context}, status=status)
