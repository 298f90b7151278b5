"""The life of an import in the browser, up to the work itself (leads.imports.worker) and from its
end on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import Team, User
from crm.audit.entries import record
from crm.lib.errors import Conflict
from crm.lib.files import detect
from crm.lib.files.csv import UnusableFile
from crm.lib.files.detect import Layout, Table
from crm.lib.text import clean_line
from leads.imports import columns, stored_file
from leads.models import CustomField, ImportReject, ImportRun, Lead, Source, ValuableActionKind
from leads.models.imports import UNDO_WITHIN
from leads.states import IMPORT_MOVES, ImportState, RowKind

SAMPLE = 50  # rows that targets are suggested by
DRAFTS_FOR, REJECTS_FOR = timedelta(days=7), timedelta(days=30)
BEFORE = (ImportState.DRAFT, ImportState.CHECKED)


class ImportMovedOn(Conflict):
    code = "import_moved_on"
    message = gettext_lazy("This import has moved on in the meantime. Look at it again.")


class TooLateToUndo(Conflict):
    code = "too_late_to_undo"
    message = gettext_lazy("An import can be undone for 24 hours; those are over.")


def move(run: ImportRun, state: ImportState, **fields: Any) -> None:
    """Move ``run`` on by one conditional UPDATE, with ``fields``.

    Raises ImportMovedOn where it has left its state.
    """
    allowed = [old for old, after in IMPORT_MOVES.items() if state in after]
    if not ImportRun.objects.filter(pk=run.pk, state=run.state, state__in=allowed).update(
        state=state, **fields
    ):
        raise ImportMovedOn
    run.state = state
    for name, value in fields.items():
        setattr(run, name, value)


@transaction.atomic
def upload(
    path: Path, name: str, *, size: int, sha256: str, team: Team, by: User, at: datetime
) -> ImportRun:
    """Take the file at ``path`` for ``team``: find out how to read it, keep its bytes.

    Raises UnusableFile.
    """
    layout = detect.guess(path)
    run = ImportRun.objects.create(
        team=team,
        name=clean_line(name)[:120] or "–",
        size=size,
        sha256=sha256,
        created_by=by,
        created_at=at,
        **_looked_at(path, layout, team),
    )
    stored_file.keep(run, path)
    record(
        "import_uploaded",
        run,
        by=by,
        at=at,
        payload={"file": run.name, "sha256": sha256, "team": team.pk},
    )
    return run


def _looked_at(path: Path, layout: Layout, team: Team) -> dict[str, Any]:
    """What the beginning of a file says when it is read by ``layout``: columns, first rows, likely
    targets.
    """
    with Table(path, layout) as table:
        header, rows = table.rows()
        sample = list(islice(rows, SAMPLE))
    if not sample:
        raise UnusableFile(_("The file has names of columns and no rows below them."))
    key = columns.key_of(header)
    customs = list(CustomField.objects.filter(archived_at__isnull=True))
    return {
        "reading": layout.to_json(),
        "header": header,
        "header_key": key,
        "sample": [[row.number, [clean_line(cell)[:200] for cell in row.cells]] for row in sample],
        "columns": _remembered(key, team, customs) or columns.suggest(header, sample, customs),
        "problem": "",
    }


def _remembered(key: str, team: Team, customs: Sequence[CustomField]) -> list[str]:
    """How the team matched the same columns the last time, if it got as far as a check."""
    before = (
        ImportRun.objects.filter(team=team, header_key=key)
        .exclude(checked={})
        .order_by("-id")
        .first()
    )
    known = {code for code, _label in columns.targets(customs)}
    return [code if code in known else columns.SKIP for code in before.columns] if before else []


def layout_of(run: ImportRun) -> Layout:
    return Layout(**run.reading)


@transaction.atomic
def read_as(run: ImportRun, *, by: User, at: datetime, **changes: Any) -> None:
    """Read the file another way: encoding, delimiter, sheet, header_row… Raises UnusableFile, then
    nothing changes.
    """
    _check_is_before(run)
    layout = replace(layout_of(run), **changes)
    if layout == layout_of(run):
        return
    with stored_file.fetched(run) as path:
        found = _looked_at(path, layout, run.team)
    if not ImportRun.objects.filter(pk=run.pk, state=run.state).update(**found):
        raise ImportMovedOn
    for name, value in found.items():
        setattr(run, name, value)


def _check_is_before(run: ImportRun) -> None:
    if run.state not in BEFORE:
        raise ImportMovedOn


@transaction.atomic
def match(
    run: ImportRun,
    targets: Sequence[str],
    *,
    source: Source | None,
    first_action: ValuableActionKind | None,
    by: User,
    at: datetime,
) -> None:
    """Say what each column is, and ask for the dry run.

    ``source`` and ``first_action``: for rows that name none.
    """
    _check_is_before(run)
    fields = {"columns": list(targets), "source": source, "first_action": first_action}
    fresh = {
        "checked": {},
        "rows_done": 0,
        "rows_total": 0,
        "duplicates": b"",
        "failures": 0,
        "next_try_at": None,
    }
    move(
        run,
        ImportState.CHECKING,
        problem="",
        started_at=at,
        worker="",
        busy_until=None,
        **fields,
        **fresh,
    )


@transaction.atomic
def start(run: ImportRun, *, by: User, at: datetime) -> None:
    """Ask for the import of a file that was checked, or of one that failed half-way."""
    again = run.state == ImportState.FAILED
    fresh = {} if again else {"rows_done": 0, "done": {}}
    move(run, ImportState.RUNNING, problem="", failures=0, next_try_at=None, started_at=at, **fresh)
    payload = {
        "file": run.name,
        "sha256": run.sha256,
        "team": run.team_id,
        "checked": run.checked.get("counts"),
    }
    record("import_started", run, by=by, at=at, payload=payload)


@transaction.atomic
def discard(run: ImportRun, *, by: User, at: datetime) -> None:
    """Forget a file that was not imported."""
    move(run, ImportState.DISCARDED, sample=[], duplicates=b"", finished_at=at)
    stored_file.drop(run)
    record("import_discarded", run, by=by, at=at)


def can_be_undone(run: ImportRun, at: datetime) -> bool:
    """Whether the 24 hours after its end still run (a failed one ended when it failed)."""
    ended = run.state in (ImportState.DONE, ImportState.FAILED) and run.finished_at is not None
    return ended and at < run.finished_at + UNDO_WITHIN  # type: ignore[operator]


@transaction.atomic
def undo(run: ImportRun, *, by: User, at: datetime) -> None:
    """Ask for the leads of an import to be archived; those that moved on meanwhile stay.

    Raises TooLateToUndo.
    """
    if run.state in (ImportState.DONE, ImportState.FAILED) and not can_be_undone(run, at):
        raise TooLateToUndo
    count = run.leads.filter(archived_at__isnull=True).count()
    fresh = {"rows_total": count, "rows_done": 0, "failures": 0, "next_try_at": None}
    move(run, ImportState.UNDOING, undone_by=by, started_at=at, **fresh)
    record("import_undone", run, by=by, at=at, payload={"leads": count})


def same_file(run: ImportRun) -> ImportRun | None:
    """The last import of a file with the very same content."""
    ended = (ImportState.RUNNING, ImportState.DONE)
    rows = (
        ImportRun.objects.with_names().filter(sha256=run.sha256, state__in=ended).exclude(pk=run.pk)
    )
    return rows.order_by("-id").first()


def tidy(*, at: datetime) -> None:
    """Forget files that were never imported after a week, and rejected rows after 30 days: both
    hold people's data.
    """
    unfinished = (ImportState.DRAFT, ImportState.CHECKED)
    for run in ImportRun.objects.filter(state__in=unfinished, created_at__lt=at - DRAFTS_FOR)[:20]:
        with transaction.atomic():
            move(run, ImportState.DISCARDED, sample=[], duplicates=b"", finished_at=at)
            stored_file.drop(run)
            record("import_discarded", run, by=None, at=at)
    old = ImportReject.objects.filter(run__finished_at__lt=at - REJECTS_FOR)
    if old.exists():
        old.delete()


def rejects_of(run: ImportRun) -> Iterator[list[str]]:
    """The rejected rows as lines of a table: number, what it is, why, and the cells as
    they came.
    """
    # in words now: when the lines are asked for, nobody's language may be active any more
    head, kinds = (
        [_("row"), _("what it is"), _("problem"), *run.header],
        {k.value: str(k.label) for k in RowKind},
    )
    rows = ImportReject.objects.filter(run=run).order_by("number").iterator(chunk_size=2000)
    return chain(
        [head], ([str(one.number), kinds[one.kind], one.problem, *one.cells] for one in rows)
    )


def left_after_undo(run: ImportRun, user: User, most: int) -> list[Lead]:
    """Leads of an undone import that moved on meanwhile and stayed, in the sight of ``user``."""
    rows = (
        Lead.objects.visible_to(user).with_names().filter(import_run=run, archived_at__isnull=True)
    )
    return list(rows.order_by("pk")[:most])


def newest(user: User, *, before: int | None, size: int) -> list[ImportRun]:
    """One page of the imports in sight and one row more, the newest first, without what was thrown
    away.
    """
    rows = ImportRun.objects.visible_to(user).with_names().exclude(state=ImportState.DISCARDED)
    rows = rows.filter(pk__lt=before) if before else rows
    return list(rows.order_by("-pk")[: size + 1])
