"""Pages of the import: upload, columns, check, progress, report.

They answer 404 to people who may not import.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.accounts.models import Team, User
from crm.accounts.request import Request, deny_unless
from crm.accounts.states import Side
from crm.lib.errors import Conflict
from crm.lib.files.csv import neutral
from crm.lib.files.layout import ENCODINGS, UPLOAD_LIMITS, UnusableFile
from crm.lib.input.numbers import whole
from crm.lib.paging import BadParameter
from leads import permissions
from leads.forms.imports import ColumnsForm, LeftOutForm, ReadingForm, UploadForm
from leads.imports import companies, notes, runs, stored_file, worker
from leads.imports.columns import left_out
from leads.imports.rejects import rows as rejected_rows
from leads.imports.shown import ImportMovedOn, fingerprint, moved_on
from leads.imports.states import IMPORT_WORK, ImportState
from leads.models import ImportRun
from leads.staff.teams import field_editors
from personas.permissions import can_edit_fields

PAGE = 50
NAMED_AFTER_UNDO = 50
MEGABYTE = 1_000_000
REJECTED = ("known", "duplicate", "wrong")


def fetch(request: Request, pk: int, *, to_work: bool = True) -> ImportRun:
    """Return the import; 404 unless the viewer may see it.

    ``to_work``: 403 unless the viewer is of its team.
    """
    if not permissions.can_read_imports(request.user):
        raise Http404
    # Four bytes for each row of the file; no page shows them.
    rows = ImportRun.objects.visible_to(request.user).defer("duplicates")
    rows = rows.select_related("team", "created_by", "undone_by")
    run = get_object_or_404(rows, pk=pk)
    if to_work:
        deny_unless(permissions.can_work_import(request.user, run))
    return run


# -- The list


@require_safe
def import_list(request: Request) -> HttpResponse:
    """Every visible import, the newest first."""
    if not permissions.can_read_imports(request.user):
        raise Http404
    rows = runs.newest(request.user, before=_before(request), size=PAGE)
    next_page = ""
    # runs.newest reads one row more than a page has.
    if len(rows) > PAGE:
        next_page = f"?before={rows[PAGE - 1].pk}"
    context = {
        "rows": rows[:PAGE],
        "next": next_page,
        "can_import": permissions.can_import(request.user),
    }
    return render(request, "leads/import_list.html", context)


def _before(request: Request) -> int | None:
    """Return the id at which the page ends; None for the first page. Raises BadParameter."""
    sent = request.GET.get("before", "")
    before = whole(sent)
    if set(request.GET) - {"before"} or (sent and before is None):
        raise BadParameter(_("This page address is not complete. Start again from the list."))
    return before


# -- The file and its columns


@require_http_methods(["GET", "HEAD", "POST"])
def import_new(request: Request) -> HttpResponse:
    """Upload a table."""
    if not permissions.can_import(request.user):
        raise Http404
    teams = Team.objects.filter(pk__in=request.user.team_ids(Side.MARKETING))
    form = UploadForm(request.POST or None, request.FILES or None, teams=teams)
    if request.method == "POST":
        # A post without any field is bound too: the missing file is an error.
        form.is_bound = True
        if getattr(request, "has_too_large_file", False):
            _refuse_large_file(form)
        elif form.is_valid():
            try:
                run = _upload(request, form, usual_team=teams[0])
            except UnusableFile as error:
                form.add_error("file", str(error.message))
            else:
                return redirect("import_columns", pk=run.pk)
    status = 422 if form.errors else 200
    return render(request, "leads/import_new.html", {"form": form}, status=status)


def _refuse_large_file(form: UploadForm) -> None:
    # The upload handler stopped the file, so the form takes it for missing.
    form.errors.pop("file", None)
    text = _("The file is larger than %(most)d MB: split it.")
    form.add_error("file", text % {"most": UPLOAD_LIMITS.size // MEGABYTE})


def _upload(request: Request, form: UploadForm, *, usual_team: Team) -> ImportRun:
    uploaded = form.cleaned_data["file"]
    with tempfile.NamedTemporaryFile(prefix="relevo-upload-") as file:
        size, sha256 = stored_file.copy(uploaded.chunks(), file)
        return runs.upload(
            Path(file.name),
            uploaded.name,
            size=size,
            sha256=sha256,
            team=form.cleaned_data["team"] or usual_team,
            by=request.user,
            at=request.now,
        )


@require_http_methods(["GET", "HEAD", "POST"])
def match(request: Request, pk: int) -> HttpResponse:
    """Show how the file is read, with its first rows and the target of each column."""
    run = fetch(request, pk)
    if run.state not in runs.BEFORE:
        # A redirect would look as if the columns had been matched.
        if request.method == "POST":
            return not_as_shown(request, pk, moved_on(run, request.POST.get("shown", "")))
        return redirect("import_run", pk=pk)
    form = ColumnsForm(request.POST or None, run=run)
    if request.method == "POST" and form.is_valid():
        try:
            runs.match(
                run,
                form.targets,
                by=request.user,
                at=request.now,
                shown=request.POST.get("shown", ""),
                **form.chosen,
            )
        except ImportMovedOn as error:
            return not_as_shown(request, pk, error, typed=request.POST)
        worker.at_once(run)
        return redirect("import_run", pk=pk)
    status = 422 if form.errors else 200
    return _show_columns(request, run, form=form, status=status)


def _show_columns(
    request: Request,
    run: ImportRun,
    *,
    form: ColumnsForm,
    reading: ReadingForm | None = None,
    refusal: object = "",
    status: int = 200,
) -> HttpResponse:
    if reading is None:
        reading = ReadingForm(run=run, auto_id="id_reading_%s")
    context = {
        "run": run,
        "form": form,
        "reading": reading,
        "encoding": ENCODINGS.get(run.reading["encoding"], ""),
        "same_file": runs.same_file(run, request.user),
        "shown": fingerprint(run),
        "refusal": refusal,
    }
    return render(request, "leads/import_columns.html", context, status=status)


@require_POST
def read_as(request: Request, pk: int) -> HttpResponse:
    """Read the file another way."""
    run = fetch(request, pk)
    form = ReadingForm(request.POST, run=run, auto_id="id_reading_%s")
    if form.is_valid():
        try:
            runs.read_as(
                run,
                by=request.user,
                at=request.now,
                shown=request.POST.get("shown", ""),
                **form.cleaned_data,
            )
        except ImportMovedOn as error:
            return not_as_shown(request, pk, error)
        except UnusableFile as error:
            form.add_error(None, str(error.message))
        else:
            return redirect("import_columns", pk=pk)
    return _show_columns(request, run, form=ColumnsForm(run=run), reading=form, status=422)


# -- The run


@require_safe
def import_run(request: Request, pk: int) -> HttpResponse:
    """Show the state of an import: the result of the check, the progress, the report."""
    run = fetch(request, pk, to_work=False)
    if run.state == ImportState.DRAFT and permissions.can_work_import(request.user, run):
        return redirect("import_columns", pk=pk)
    return _show_run(request, run)


def _show_run(
    request: Request, run: ImportRun, *, refusal: object = "", status: int = 200
) -> HttpResponse:
    """Answer the page of a run. ``refusal``: why a button of it did nothing."""
    context = _run_context(run, at=request.now)
    context["may_work"] = permissions.can_work_import(request.user, run)
    context["shown"] = fingerprint(run)
    context["refusal"] = refusal
    context["same_file"] = None
    if run.state == ImportState.CHECKED:
        context["same_file"] = runs.same_file(run, request.user)
        context["rows"] = rejected_rows.found_by_check(run, request.user)
        context["notes"] = notes.of_check(run, request.user)
        context |= _left_out(request, run)
    elif run.state in (ImportState.DONE, ImportState.FAILED):
        context["notes"] = notes.of_import(run, request.user)
    if run.state in (ImportState.DONE, ImportState.FAILED, ImportState.UNDONE):
        context["companies"] = companies.report(run)
    if run.state == ImportState.UNDONE and run.done.get("left"):
        context["left"] = runs.left_after_undo(run, request.user, NAMED_AFTER_UNDO)
    return render(request, "leads/import_run.html", context, status=status)


def not_as_shown(
    request: Request, pk: int, error: Conflict, *, typed: QueryDict | None = None
) -> HttpResponse:
    """Answer 409 with the import as it is now, and with the columns that were ``typed``.

    A redirect would look as if the act had been done.
    """
    run = fetch(request, pk)
    if run.state not in runs.BEFORE or (run.state != ImportState.DRAFT and typed is None):
        return _show_run(request, run, refusal=error.message, status=error.status)
    form = ColumnsForm(typed, run=run)
    if typed is not None:
        form.say_what_columns_are_by_now()
    return _show_columns(request, run, form=form, refusal=error.message, status=error.status)


def _left_out(request: Request, run: ImportRun) -> dict[str, Any]:
    """Return the columns that are not imported, each with its form; else whom to ask for one."""
    columns = left_out.of_run(run)
    may_make_fields = can_edit_fields(request.user)
    forms = []
    for column in columns:
        initial = {"position": column.position, "type": column.type}
        form = LeftOutForm(initial=initial, auto_id=f"id_left_{column.position}_%s")
        forms.append((column, form))
    editors: list[User] = []
    if columns and not may_make_fields:
        editors = field_editors(run.team)
    return {"left_out": forms, "may_make_fields": may_make_fields, "field_editors": editors}


def _run_context(run: ImportRun, *, at: datetime) -> dict[str, Any]:
    counts = run.done
    if run.state == ImportState.CHECKED:
        # Nothing is imported yet: the counts of the check are shown.
        counts = run.checked.get("counts", {})
    return {
        "run": run,
        "counts": counts,
        "rejected": sum(counts.get(kind, 0) for kind in REJECTED),
        "is_working": run.state in IMPORT_WORK,
        "seconds_left": _seconds_left(run, at=at),
        "can_undo": runs.can_be_undone(run, at),
    }


def _seconds_left(run: ImportRun, *, at: datetime) -> float | None:
    """Return the time that the rest of the rows takes at the pace so far; None if unknown."""
    if run.state not in IMPORT_WORK or run.started_at is None:
        return None
    if not run.rows_done or not run.rows_total:
        return None
    seconds_per_row = (at - run.started_at).total_seconds() / run.rows_done
    return seconds_per_row * max(run.rows_total - run.rows_done, 0)


@require_safe
def progress(request: Request, pk: int) -> HttpResponse:
    """Show the progress, for htmx; reload the whole page when the work has ended."""
    run = fetch(request, pk, to_work=False)
    context = _run_context(run, at=request.now)
    response = render(request, "leads/_import_progress.html", context)
    if run.state not in IMPORT_WORK:
        # The report has other parts than the progress; htmx then loads the whole page.
        response["HX-Refresh"] = "true"
    return response


@require_POST
def start(request: Request, pk: int) -> HttpResponse:
    """Import what was checked."""
    run = fetch(request, pk)
    try:
        runs.start(run, by=request.user, at=request.now, shown=request.POST.get("shown", ""))
    except ImportMovedOn as error:
        return not_as_shown(request, pk, error)
    worker.at_once(run)
    return redirect("import_run", pk=pk)


@require_POST
def discard(request: Request, pk: int) -> HttpResponse:
    """Discard the file."""
    run = fetch(request, pk)
    try:
        runs.discard(run, by=request.user, at=request.now, shown=request.POST.get("shown", ""))
    except ImportMovedOn as error:
        return not_as_shown(request, pk, error)
    messages.success(request, _("The file was discarded; nothing was imported."))
    return redirect("import_list")


@require_POST
def undo(request: Request, pk: int) -> HttpResponse:
    """Archive the leads of an import."""
    run = fetch(request, pk)
    try:
        runs.undo(run, by=request.user, at=request.now, shown=request.POST.get("shown", ""))
    except ImportMovedOn as error:
        return not_as_shown(request, pk, error)
    worker.at_once(run)
    return redirect("import_run", pk=pk)


# -- The rejected rows


class _Echo:
    """A file for csv.writer that returns each line instead of keeping it."""

    def write(self, line: str) -> str:
        return line


@require_safe
def rejects(request: Request, pk: int) -> StreamingHttpResponse:
    """Return the rejected rows as CSV, safe from formulas in a spreadsheet."""
    run = fetch(request, pk, to_work=False)
    # The words are chosen here: while the response streams, no language is active any more.
    lines = _csv_lines(rejected_rows.lines(run))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = _("%(file)s, rejected.csv") % {"file": Path(run.name).stem}
    # Quotes and encodes the name, which may have accents or quotes.
    disposition = content_disposition_header(as_attachment=True, filename=name)
    response["Content-Disposition"] = disposition or "attachment"
    return response


def _csv_lines(rows: Iterator[list[str]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    # Excel reads UTF-8 only behind a byte order mark.
    yield "\ufeff"
    for row in rows:
        # Cells of a stranger's file: a spreadsheet would run those that begin like a formula.
        yield writer.writerow([neutral(cell) for cell in row])
