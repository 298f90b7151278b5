"""Pages of the import: upload, columns, check, progress, report.

Whoever may not import finds nothing here.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.accounts.models import Team
from crm.accounts.request import Request, deny_unless
from crm.accounts.states import Side
from crm.lib.files.csv import neutral
from crm.lib.files.layout import ENCODINGS, UPLOAD_LIMITS, UnusableFile
from crm.lib.paging import BadParameter
from leads import permissions
from leads.forms.imports import ColumnsForm, ReadingForm, UploadForm
from leads.imports import runs, stored_file, worker
from leads.models import ImportRun
from leads.states import IMPORT_WORK, ImportState

PAGE = 50
LEFT = 50  # leads named after an undo


def fetch(request: Request, pk: int, *, to_work: bool = True) -> ImportRun:
    """The import, if the viewer may see it (404 else) and, ``to_work`` on it, is of its team (403
    else).
    """
    if not permissions.can_read_imports(request.user):
        raise Http404
    rows = ImportRun.objects.visible_to(request.user).select_related(
        "team", "created_by", "undone_by"
    )
    run = get_object_or_404(rows.defer("duplicates"), pk=pk)
    if to_work:
        deny_unless(permissions.can_work_import(request.user, run))
    return run


@require_safe
def import_list(request: Request) -> HttpResponse:
    """Every import in sight, the newest first."""
    if not permissions.can_read_imports(request.user):
        raise Http404
    request.now, before = request.now, request.GET.get("before", "")
    if set(request.GET) - {"before"} or not (
        before == "" or (before.isdecimal() and len(before) < 19)
    ):
        raise BadParameter(_("This page address is not complete. Start again from the list."))
    rows = runs.newest(request.user, before=int(before) if before else None, size=PAGE)
    next_page = f"?before={rows[PAGE - 1].pk}" if len(rows) > PAGE else ""
    context = {
        "rows": rows[:PAGE],
        "next": next_page,
        "can_import": permissions.can_import(request.user),
    }
    return render(request, "leads/import_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def import_new(request: Request) -> HttpResponse:
    """Upload a table."""
    if not permissions.can_import(request.user):
        raise Http404
    teams = Team.objects.filter(pk__in=request.user.team_ids(Side.MARKETING))
    form = UploadForm(request.POST or None, request.FILES or None, teams=teams)
    if request.method == "POST":
        form.is_bound = True
        if getattr(request, "has_too_large_file", False):
            form.errors.pop("file", None)
            words = {"most": UPLOAD_LIMITS.size // 1_000_000}
            form.add_error("file", _("The file is larger than %(most)d MB: split it.") % words)
        elif form.is_valid():
            try:
                run = _upload(
                    request, form.cleaned_data["file"], form.cleaned_data["team"] or teams[0]
                )
            except UnusableFile as error:
                form.add_error("file", str(error.message))
            else:
                return redirect("import_columns", pk=run.pk)
    return render(
        request, "leads/import_new.html", {"form": form}, status=422 if form.errors else 200
    )


def _upload(request: Request, given: Any, team: Team) -> ImportRun:
    with tempfile.NamedTemporaryFile(prefix="relevo-upload-") as file:
        size, sha256 = stored_file.copy(given.chunks(), file)
        path, now = Path(file.name), request.now
        return runs.upload(
            path, given.name, size=size, sha256=sha256, team=team, by=request.user, at=now
        )


@require_http_methods(["GET", "HEAD", "POST"])
def match(request: Request, pk: int) -> HttpResponse:
    """How the file was read, with its first rows, and what each column becomes."""
    run = fetch(request, pk)
    if run.state not in runs.BEFORE:
        return redirect("import_run", pk=pk)
    form = ColumnsForm(request.POST or None, run=run)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        runs.match(
            run,
            form.targets,
            source=data["source"],
            first_action=data["first_action"],
            by=request.user,
            at=request.now,
        )
        worker.at_once(run)
        return redirect("import_run", pk=pk)
    return _show_columns(request, run, form=form, status=422 if form.errors else 200)


def _show_columns(
    request: Request,
    run: ImportRun,
    *,
    form: ColumnsForm,
    reading: ReadingForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "run": run,
        "form": form,
        "reading": reading or ReadingForm(run=run, auto_id="id_reading_%s"),
        "encoding": ENCODINGS.get(run.reading["encoding"], ""),
        "same_file": runs.same_file(run),
    }
    return render(request, "leads/import_columns.html", context, status=status)


@require_POST
def read_as(request: Request, pk: int) -> HttpResponse:
    """Read the file another way."""
    run = fetch(request, pk)
    form = ReadingForm(request.POST, run=run, auto_id="id_reading_%s")
    if form.is_valid():
        try:
            runs.read_as(run, by=request.user, at=request.now, **form.cleaned_data)
        except UnusableFile as error:
            form.add_error(None, str(error.message))
        else:
            return redirect("import_columns", pk=pk)
    return _show_columns(request, run, form=ColumnsForm(run=run), reading=form, status=422)


@require_safe
def import_run(request: Request, pk: int) -> HttpResponse:
    """Where an import stands: what the check found, how far it is, what came of it."""
    run = fetch(request, pk, to_work=False)
    may_work = permissions.can_work_import(request.user, run)
    if run.state == ImportState.DRAFT and may_work:
        return redirect("import_columns", pk=pk)
    context = _context(run, at=request.now) | {"may_work": may_work}
    context["same_file"] = runs.same_file(run) if run.state == ImportState.CHECKED else None
    if run.state == ImportState.UNDONE and run.done.get("left"):
        context["left"] = runs.left_after_undo(run, request.user, LEFT)
    return render(request, "leads/import_run.html", context)


def _context(run: ImportRun, *, at: datetime) -> dict[str, Any]:
    counts = run.checked.get("counts", {}) if run.state == ImportState.CHECKED else run.done
    left = None
    if run.state in IMPORT_WORK and run.rows_done and run.rows_total and run.started_at:
        left = (
            (at - run.started_at).total_seconds()
            / run.rows_done
            * max(run.rows_total - run.rows_done, 0)
        )
    return {
        "run": run,
        "counts": counts,
        "rejected": sum(counts.get(kind, 0) for kind in ("known", "duplicate", "wrong")),
        "is_working": run.state in IMPORT_WORK,
        "seconds_left": left,
        "can_undo": runs.can_be_undone(run, at),
    }


@require_safe
def progress(request: Request, pk: int) -> HttpResponse:
    """The part of the page that moves; at the end of the work it asks for the whole page."""
    run = fetch(request, pk, to_work=False)
    response = render(request, "leads/_import_progress.html", _context(run, at=request.now))
    if run.state not in IMPORT_WORK:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def start(request: Request, pk: int) -> HttpResponse:
    """Import what was checked."""
    run = fetch(request, pk)
    runs.start(run, by=request.user, at=request.now)
    worker.at_once(run)
    return redirect("import_run", pk=pk)


@require_POST
def discard(request: Request, pk: int) -> HttpResponse:
    """Throw the file away."""
    runs.discard(fetch(request, pk), by=request.user, at=request.now)
    messages.success(request, _("The file was discarded; nothing was imported."))
    return redirect("import_list")


@require_POST
def undo(request: Request, pk: int) -> HttpResponse:
    """Archive the leads of an import."""
    run = fetch(request, pk)
    runs.undo(run, by=request.user, at=request.now)
    worker.at_once(run)
    return redirect("import_run", pk=pk)


class _Echo:
    """A file for csv.writer that gives each line back."""

    def write(self, line: str) -> str:
        return line


@require_safe
def rejects(request: Request, pk: int) -> StreamingHttpResponse:
    """The rejected rows as CSV, which a spreadsheet opens without running anything."""
    run = fetch(request, pk, to_work=False)
    writer = csv.writer(_Echo())

    def lines() -> Iterator[str]:
        yield "\ufeff"
        for row in runs.rejects_of(run):
            yield writer.writerow([neutral(cell) for cell in row])

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    name = _("%(file)s, rejected.csv") % {"file": Path(run.name).stem}
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response
