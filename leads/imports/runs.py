"""The life of an import in the browser: upload, match columns, start, discard, undo.

The work itself is in leads.imports.batches; the states and their moves are in leads.imports.states.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import Team, User
from crm.audit.entries import record
from crm.lib.errors import Conflict
from crm.lib.files import detect
from crm.lib.files.layout import Layout, Row, UnusableFile
from crm.lib.files.table import Table
from crm.lib.text import clean_line
from leads import events
from leads.imports import stored_file
from leads.imports.columns import facts as columns_facts
from leads.imports.columns import headers, readers, suggestions, systems
from leads.imports.columns.targets import SKIP, choices
from leads.imports.readings import EXTERNAL_ID, RowReader
from leads.imports.shown import ImportMovedOn, lock_as_shown
from leads.imports.states import IMPORT_MOVES, ImportState
from leads.models import (
    CustomField,
    ImportNote,
    ImportReject,
    ImportRun,
    Lead,
    Source,
    ValuableActionKind,
)
from leads.models.imports import UNDO_WITHIN

SAMPLE = 50  # rows that are kept to be shown
SUGGESTED_BY = 200  # rows that targets are suggested by
SAMPLE_CELL = 200  # characters
DRAFTS_FOR = timedelta(days=7)
REJECTS_FOR = timedelta(days=30)
DRAFTS_AT_ONCE = 20
BEFORE = (ImportState.DRAFT, ImportState.CHECKED)
ENDED = (ImportState.DONE, ImportState.FAILED)
# The fields of an import that no check has filled.
UNCHECKED: dict[str, Any] = {"checked": {}, "rows_done": 0, "rows_total": 0, "duplicates": b""}


class TooLateToUndo(Conflict):
    code = "too_late_to_undo"
    message = gettext_lazy("An import can be undone for 24 hours; those are over.")


def move(run: ImportRun, state: ImportState, **fields: Any) -> None:
    """Move ``run`` to ``state`` by one conditional UPDATE, with ``fields``.

    Raises ImportMovedOn if it has left its state, or may not move to the new one.
    """
    allowed = [old for old, after in IMPORT_MOVES.items() if state in after]
    rows = ImportRun.objects.filter(pk=run.pk, state=run.state, state__in=allowed)
    if not rows.update(state=state, **fields):
        raise ImportMovedOn
    _set(run, state=state, **fields)


def _set(run: ImportRun, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(run, name, value)


# -- Before the import


@transaction.atomic
def upload(
    path: Path,
    name: str,
    *,
    size: int,
    sha256: str,
    team: Team,
    by: User,
    at: datetime,
    sees_team_only: bool = False,
) -> ImportRun:
    """Create an import of the file at ``path`` for ``team``: detect its layout, store its bytes.

    ``sees_team_only``: known leads are those of ``team``, not all that ``by`` sees. Raises
    UnusableFile.
    """
    layout = detect.guess(path)
    run = ImportRun.objects.create(
        team=team,
        sees_team_only=sees_team_only,
        name=clean_line(name)[:120] or "–",
        size=size,
        sha256=sha256,
        created_by=by,
        created_at=at,
        **_examine(path, layout, team),
    )
    stored_file.keep(run, path)
    payload = {"file": run.name, "sha256": sha256, "team": team.pk}
    record("import_uploaded", run, by=by, at=at, payload=payload)
    return run


def _examine(path: Path, layout: Layout, team: Team) -> dict[str, Any]:
    """Return the fields of a run that follow from the beginning of its file, read by ``layout``.

    They are the columns, the first rows and the likely targets. Raises UnusableFile.
    """
    with Table(path, layout) as table:
        header, rows = table.rows()
        first = list(islice(rows, columns_facts.ROWS))
    sample = first[:SAMPLE]
    if not sample:
        raise UnusableFile(_("The file has names of columns and no rows below them."))
    # A file of rejected rows has the columns of the import that it is of.
    added = headers.added_columns(header)
    key = headers.key_of(header[added:])
    facts = columns_facts.of_columns(len(header), first, is_sheet=layout.kind == "xlsx")
    customs = list(CustomField.objects.filter(archived_at__isnull=True))
    remembered = _remembered_targets(key, team, customs, added=added)
    targets = remembered or _suggested(header, first, customs)
    return {
        "reading": layout.to_json(),
        "header": header,
        "header_key": key,
        "sample": [[row.number, _shortened(row.cells)] for row in sample],
        "columns": targets,
        "system": _likely_system(header, sample, targets),
        "facts": [each.to_json() for each in facts],
        "problem": "",
    }


def _suggested(
    header: Sequence[str], first: Sequence[Row], customs: Sequence[CustomField]
) -> list[str]:
    actions = readers.actions_by_name()
    # From everywhere among the first rows: a list that is sorted begins with others than it ends.
    step = max(len(first) // SUGGESTED_BY, 1)
    return suggestions.suggest(header, first[::step], customs, actions=actions)


def _likely_system(header: Sequence[str], sample: Sequence[Row], targets: Sequence[str]) -> str:
    """Return the system that the external ids of a file are likely of."""
    ids: list[str] = []
    if EXTERNAL_ID in targets:
        position = targets.index(EXTERNAL_ID)
        ids = [row.cells[position] for row in sample if position < len(row.cells)]
    return systems.guess(header, ids)


def _shortened(cells: Sequence[str]) -> list[str]:
    return [clean_line(cell)[:SAMPLE_CELL] for cell in cells]


def _remembered_targets(
    key: str, team: Team, customs: Sequence[CustomField], *, added: int
) -> list[str]:
    """Return how the team matched the same columns in its last import; [] for never.

    ``added``: the columns before them that a file of rejected rows has more.
    """
    # Not from a check: a person may have discarded it because the targets were wrong.
    rows = ImportRun.objects.filter(team=team, header_key=key, state=ImportState.DONE)
    last = rows.order_by("-id").first()
    if last is None:
        return []
    # Custom fields may have been archived since then.
    known = {code for code, _label in choices(customs)}
    targets = last.columns[headers.added_columns(last.header) :]
    return [SKIP] * added + [code if code in known else SKIP for code in targets]


def layout_of(run: ImportRun) -> Layout:
    known = {each.name for each in dataclasses.fields(Layout)}
    # Files of an earlier version have a field more.
    return Layout(**{name: value for name, value in run.reading.items() if name in known})


def reader_of(run: ImportRun, *, at: datetime) -> RowReader:
    """Return the reader of the rows of ``run``, as its columns are matched."""
    # A file may come from a zone in which the next day has begun.
    tomorrow = events.today(at) + timedelta(days=1)
    return readers.reader(
        run.header,
        run.columns,
        layout_of(run),
        latest=tomorrow,
        facts=run.facts,
        answers=run.answers,
    )


@transaction.atomic
def read_as(
    run: ImportRun, *, by: User, at: datetime, shown: str | None = None, **changes: Any
) -> None:
    """Read the file another way; ``changes`` are fields of Layout.

    ``shown``, here and below: the fingerprint of what the page of ``by`` showed. Raises
    ImportMovedOn, and UnusableFile; then nothing changes.
    """
    lock_as_shown(run, shown)
    _check_is_before(run)
    layout = replace(layout_of(run), **changes)
    # A new examination would drop the targets that the person has chosen.
    if layout == layout_of(run):
        return
    with stored_file.fetched(run) as path:
        fields = _examine(path, layout, run.team)
    if run.state == ImportState.CHECKED:
        # Its targets and duplicates are of the old reading.
        move(run, ImportState.DRAFT, **fields, **UNCHECKED)
        return
    if not ImportRun.objects.filter(pk=run.pk, state=run.state).update(**fields):
        raise ImportMovedOn
    _set(run, **fields)


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
    answers: Mapping[str, Any] | None = None,
    by: User,
    at: datetime,
    system: str | None = None,
    shown: str | None = None,
) -> None:
    """Set the target of each column, and ask for the check.

    ``source`` and ``first_action`` are for rows that name none; ``answers`` say how to read what
    the columns leave open. ``system``: the one of the external ids; by default the guessed one.
    Raises ImportMovedOn.
    """
    lock_as_shown(run, shown)
    _check_is_before(run)
    move(
        run,
        ImportState.CHECKING,
        columns=list(targets),
        system=system or run.system,
        source=source,
        first_action=first_action,
        answers=dict(answers or {}),
        problem="",
        started_at=at,
        worker="",
        busy_until=None,
        failures=0,
        next_try_at=None,
        **UNCHECKED,
    )


def keep_columns(run: ImportRun, columns: Sequence[str]) -> None:
    """Keep a choice of targets without a check. Raises ImportMovedOn."""
    _check_is_before(run)
    rows = ImportRun.objects.filter(pk=run.pk, state=run.state)
    if not rows.update(columns=list(columns)):
        raise ImportMovedOn
    run.columns = list(columns)


@transaction.atomic
def start(run: ImportRun, *, by: User, at: datetime, shown: str | None = None) -> None:
    """Ask for the import of a checked file, or for the rest of one that failed half-way.

    Raises ImportMovedOn.
    """
    lock_as_shown(run, shown)
    fields: dict[str, Any] = {}
    # After a failure the import continues behind the last stored batch.
    if run.state != ImportState.FAILED:
        fields = {"rows_done": 0, "done": {}}
    move(
        run,
        ImportState.RUNNING,
        problem="",
        failures=0,
        next_try_at=None,
        started_at=at,
        **fields,
    )
    payload = {
        "file": run.name,
        "sha256": run.sha256,
        "team": run.team_id,
        "checked": run.checked.get("counts"),
    }
    record("import_started", run, by=by, at=at, payload=payload)


@transaction.atomic
def discard(run: ImportRun, *, by: User, at: datetime, shown: str | None = None) -> None:
    """Delete a file that was not imported. Raises ImportMovedOn."""
    lock_as_shown(run, shown)
    _discard(run, by=by, at=at)


def _discard(run: ImportRun, *, by: User | None, at: datetime) -> None:
    move(run, ImportState.DISCARDED, sample=[], duplicates=b"", checked={}, finished_at=at)
    stored_file.drop(run)
    record("import_discarded", run, by=by, at=at)


# -- After the import


def can_be_undone(run: ImportRun, at: datetime) -> bool:
    """Return whether the 24 hours after the end, or the failure, of ``run`` are not over."""
    if run.state not in ENDED or run.finished_at is None:
        return False
    return at < run.finished_at + UNDO_WITHIN


@transaction.atomic
def undo(run: ImportRun, *, by: User, at: datetime, shown: str | None = None) -> None:
    """Ask for the leads of an import to be archived; those that moved on meanwhile stay.

    Raises ImportMovedOn, TooLateToUndo.
    """
    lock_as_shown(run, shown)
    if run.state in ENDED and not can_be_undone(run, at):
        raise TooLateToUndo
    count = run.leads.filter(archived_at__isnull=True).count()
    move(
        run,
        ImportState.UNDOING,
        undone_by=by,
        started_at=at,
        rows_total=count,
        rows_done=0,
        failures=0,
        next_try_at=None,
    )
    record("import_undone", run, by=by, at=at, payload={"leads": count})


def left_after_undo(run: ImportRun, user: User, most: int) -> list[Lead]:
    """Return leads of an undone import that stayed, as far as ``user`` may see them."""
    rows = Lead.objects.visible_to(user).with_names()
    return list(rows.filter(import_run=run, archived_at__isnull=True).order_by("pk")[:most])


def same_file(run: ImportRun, user: User) -> ImportRun | None:
    """Return the last import in sight of a file with exactly the same content."""
    states = (ImportState.RUNNING, ImportState.DONE)
    seen = ImportRun.objects.visible_to(user).with_names()
    rows = seen.filter(sha256=run.sha256, state__in=states)
    return rows.exclude(pk=run.pk).order_by("-id").first()


def newest(user: User, *, before: int | None, size: int) -> list[ImportRun]:
    """Return one page of the visible imports and one row more, without discarded ones."""
    rows = ImportRun.objects.visible_to(user).with_names().exclude(state=ImportState.DISCARDED)
    if before:
        rows = rows.filter(pk__lt=before)
    return list(rows.order_by("-pk")[: size + 1])


def tidy(*, at: datetime) -> None:
    """Delete files that were not imported after a week, rejected rows and notes after 30 days.

    All hold personal data.
    """
    drafts = ImportRun.objects.filter(state__in=BEFORE, created_at__lt=at - DRAFTS_FOR)
    # The next run of the task takes the others.
    for run in drafts[:DRAFTS_AT_ONCE]:
        with transaction.atomic():
            _discard(run, by=None, at=at)
    for model in (ImportReject, ImportNote):
        old = model.objects.filter(run__finished_at__lt=at - REJECTS_FOR)
        if old.exists():
            old.delete()
