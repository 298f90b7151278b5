"""Columns of an import that are left out: made a custom field in place."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crm.accounts.request import Request, deny_unless
from leads.forms.imports import LeftOutForm
from leads.imports import worker
from leads.imports.columns import left_out
from leads.imports.shown import ImportMovedOn
from leads.imports.states import ImportState
from leads.records.custom_fields import BadField
from leads.views.imports import fetch, not_as_shown
from personas import permissions


@require_POST
def make_custom_field(request: Request, pk: int) -> HttpResponse:
    """Create a custom field for a column that is left out, and check the file again.

    Raises NotLeftOut, BadField.
    """
    run = fetch(request, pk)
    deny_unless(permissions.can_edit_fields(request.user))
    form = LeftOutForm(request.POST)
    if not form.is_valid():
        # Our own page sends both; the answer to anything else names what is missing.
        raise BadField(fields=form.errors)
    data = form.cleaned_data
    try:
        custom = left_out.make_custom_field(
            run,
            data["position"],
            data["type"],
            by=request.user,
            at=request.now,
            shown=request.POST.get("shown", ""),
        )
    except ImportMovedOn as error:
        return not_as_shown(request, pk, error)
    messages.success(request, _("“%(field)s” is now a field of your leads.") % {"field": custom})
    # The values of the new field may be read in two ways; the page of the columns asks.
    if run.state != ImportState.CHECKING:
        return redirect("import_columns", pk=pk)
    worker.at_once(run)
    return redirect("import_run", pk=pk)
