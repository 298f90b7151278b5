"""The rejected rows of an import: what is wrong with each, corrected and tried again in place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from crm.accounts.request import Request
from crm.lib.errors import Conflict
from crm.lib.input.numbers import INTEGER, whole
from crm.lib.paging import BadParameter
from leads import permissions
from leads.forms.import_rows import RejectedRowsForm
from leads.imports.rejects import rows as rejected_rows
from leads.imports.rejects.retry import Retried, retry
from leads.imports.states import ImportState
from leads.models import ImportRun
from leads.views.imports import fetch

# Numbers that fit the column; longer ones would be an error of the database.
CELL = re.compile(r"cell-(\d{1,9})-(\d{1,4})", re.ASCII)
MOST = rejected_rows.ON_A_PAGE * rejected_rows.MOST_CELLS


@require_http_methods(["GET", "HEAD", "POST"])
def import_rows(request: Request, pk: int) -> HttpResponse:
    """Show the rejected rows of an import; try them again on POST."""
    if request.method == "POST":
        return _retry(request, fetch(request, pk))
    run = fetch(request, pk, to_work=False)
    rows, go_on = rejected_rows.page(run, request.user, after=_after(request.GET))
    form = RejectedRowsForm(rows=rows, header=run.header)
    return _show(request, run, form, go_on=go_on)


def _after(query: Mapping[str, str]) -> int:
    """Return the row behind which the page begins. Raises BadParameter."""
    after = whole(query.get("after", "0"), digits=INTEGER)
    if set(query) - {"after"} or after is None:
        raise BadParameter(_("This page address is not complete. Start again from the list."))
    return after


def _retry(request: Request, run: ImportRun) -> HttpResponse:
    sent: dict[int, list[int]] = {}
    for name in list(request.POST)[: MOST + 10]:
        match = CELL.fullmatch(name)
        if match and int(match[2]) < len(run.header):
            sent.setdefault(int(match[1]), []).append(int(match[2]))
    rows = []
    for row in rejected_rows.with_numbers(run, request.user, sent):
        # The cells of the page that was sent: another person may have changed the problem.
        rows.append(replace(row, positions=sent[row.reject.number]))
    form = RejectedRowsForm(request.POST, rows=rows, header=run.header)
    if not form.is_valid():
        return _show(request, run, form, status=422)
    try:
        retried = retry(run, form.typed, by=request.user, at=request.now)
    except Conflict as error:
        form.add_error(None, str(error.message))
        return _show(request, run, form, status=error.status)
    missing = set(sent) - {row.reject.number for row in rows}
    _say(request, replace(retried, gone=sorted({*retried.gone, *missing})))
    if not retried.rejected and not rejected_rows.any_left(run):
        return redirect("import_run", pk=run.pk)
    return redirect(f"{reverse('import_rows', args=[run.pk])}#rows")


def _say(request: Request, retried: Retried) -> None:
    """Say what came of the rows."""
    if retried.new:
        text = ngettext("%(n)d row became a lead.", "%(n)d rows became leads.", retried.new)
        messages.success(request, text % {"n": retried.new})
    if retried.rejected:
        text = ngettext(
            "%(n)d row is still left out; what you typed is kept.",
            "%(n)d rows are still left out; what you typed is kept.",
            retried.rejected,
        )
        messages.warning(request, text % {"n": retried.rejected})
    if retried.gone:
        text = ngettext(
            "Row %(rows)s was imported by somebody else meanwhile.",
            "Rows %(rows)s were imported by somebody else meanwhile.",
            len(retried.gone),
        )
        messages.warning(request, text % {"rows": ", ".join(map(str, retried.gone))})


def _show(
    request: Request, run: ImportRun, form: RejectedRowsForm, *, go_on: int = 0, status: int = 200
) -> HttpResponse:
    is_open = run.state == ImportState.DONE
    context = {
        "run": run,
        "form": form,
        "rows": form.rows(),
        "may_retry": is_open and permissions.can_work_import(request.user, run),
        "next": f"?after={go_on}" if go_on else "",
    }
    return render(request, "leads/import_rows.html", context, status=status)
