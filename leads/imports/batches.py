"""The browser's entrance to the pipeline: check, import and undo an uploaded file batch by batch.

The progress of an import is stored in the transaction of its batch, so a worker that is killed
leaves nothing half done. leads.imports.worker decides whose turn it is.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from itertools import islice
from operator import itemgetter
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from crm.audit.entries import record
from crm.lib import clock
from crm.lib.db.inserts import Many, insert
from crm.lib.db.state_machine import check_move
from crm.lib.files.layout import Row, UnusableFile
from crm.lib.files.table import Table
from crm.lib.text import clean_line
from leads import events
from leads.imports import companies, pipeline, runs, stored_file
from leads.imports.bulk_capture import NewLeads
from leads.imports.identity.duplicate_rows import EarlierRow, Rows
from leads.imports.notes import Note, NoteLog
from leads.imports.pipeline import BatchResult, Rejection
from leads.imports.readings import Reading
from leads.imports.states import IMPORT_MOVES, ChangeState, ImportState, RowKind
from leads.models import Event, ImportNote, ImportReject, ImportRun, Lead
from leads.records import sources
from leads.states import EventKind

# Rows of each kind that are shown after a check.
MOST_SHOWN = {RowKind.NEW: 5, RowKind.KNOWN: 10, RowKind.DUPLICATE: 10, RowKind.WRONG: 20}
SHOWN_CELLS = 3
SHOWN_TEXT = 120  # characters of a row
# A column of free text matched to the source would fill the catalogue with hundreds.
MOST_NEW_SOURCES = 50
UNKNOWN_SYSTEM = "unknown_system"  # rows that may be known under an unknown system
SMALLEST_FRACTION = 0.001


class RunFile:
    """The file of a run on this machine's disk, read up to ``position`` rows.

    It also gathers what a check finds, in memory; a check that is interrupted begins anew.
    """

    def __init__(self, run: ImportRun) -> None:
        self.run_pk = run.pk
        self.state = run.state
        self.columns = list(run.columns)
        self.layout = runs.layout_of(run)
        self.position = 0
        self.duplicates = Rows(run.system)
        self.earlier_rows = array("I")  # for each row the number of the row that it repeats, or 0
        self.counts: Counter[str] = Counter()
        self.shown: Counter[str] = Counter()
        self.first_rows: list[dict[str, Any]] = []
        self.notes = NoteLog()
        self.new_sources: dict[str, str] = {}
        self.stack = ExitStack()
        # What a check gathers is in memory alone, so it always begins with the first row.
        if run.state == ImportState.CHECKING:
            run.rows_done = 0
        try:
            self._open(run)
        # A file that cannot be read must not leave its copy on the disk.
        except BaseException:
            self.close()
            raise

    def _open(self, run: ImportRun) -> None:
        path = self.stack.enter_context(stored_file.fetched(run))
        self.table = self.stack.enter_context(Table(path, self.layout))
        _header, self.rows = self.table.rows()
        self.reader = runs.reader_of(run, at=clock.now())
        if run.state == ImportState.RUNNING:
            stored = ImportRun.objects.values_list("duplicates", flat=True).get(pk=run.pk)
            self.earlier_rows = array("I", bytes(stored))
        self.skip(run.rows_done)

    def skip(self, count: int) -> None:
        """Read over ``count`` rows."""
        self.position += sum(1 for _row in islice(self.rows, count))

    def batch(self) -> list[Row]:
        rows = list(islice(self.rows, pipeline.BATCH))
        self.position += len(rows)
        return rows

    def is_at(self, run: ImportRun) -> bool:
        """Return whether reading on here continues the stored progress of ``run``."""
        is_same_work = self.run_pk == run.pk and self.state == run.state
        is_read_alike = self.columns == run.columns and self.layout == runs.layout_of(run)
        if not is_same_work or not is_read_alike:
            return False
        if self.position != run.rows_done:
            return False
        return self.position > 0 or self.state != ImportState.CHECKING

    def close(self) -> None:
        self.stack.close()


# -- The check


def check_batch(run: ImportRun, file: RunFile) -> None:
    """Count what the next rows will become; after the last one the import may be started."""
    importer = NewLeads(run, at=clock.now())
    rows = file.batch()
    result = BatchResult()

    def earlier_row(reading: Reading) -> EarlierRow | None:
        earlier = None
        if not reading.problems:
            earlier = file.duplicates.earlier(reading)
        # One number for each row, also for a wrong one: the import reads them in step with the
        # rows.
        file.earlier_rows.append(earlier.packed() if earlier else 0)
        return earlier

    usable = pipeline.sort_out(rows, file.reader, earlier_row, result)
    known, fresh = importer.split_known(usable)
    for rejection in (*result.rejections, *known.rejections):
        file.counts[rejection.kind] += 1
        _show_row(file, rejection.row, rejection.kind, rejection)
    for reading in fresh:
        _show_row(file, reading.row, RowKind.NEW)
    _gather_sources(file, fresh)
    for number, note in known.notes:
        file.notes.add(number, [note])
    file.counts[RowKind.NEW] += len(fresh)
    file.counts[UNKNOWN_SYSTEM] += known.counts[UNKNOWN_SYSTEM]
    run.rows_done = file.position
    # How many rows there are is known only at the end; until then the share of the file that was
    # read gives an estimate.
    fraction = max(file.table.fraction, SMALLEST_FRACTION)
    run.rows_total = max(run.rows_done, round(run.rows_done / fraction))
    changed = ["rows_done", "rows_total", "checked", "state", "worker", "busy_until", "failures"]
    if len(rows) < pipeline.BATCH:
        _end_check(run, file)
        changed.append("duplicates")
    run.save(update_fields=changed)


def _move_and_free(run: ImportRun, state: ImportState) -> None:
    """Move ``run`` to ``state`` and free it of its worker; the caller saves it under its lock."""
    check_move(IMPORT_MOVES, run.state, state)
    run.state = state
    run.worker = ""
    run.busy_until = None


def _end_check(run: ImportRun, file: RunFile) -> None:
    run.rows_total = run.rows_done
    run.duplicates = file.earlier_rows.tobytes()
    run.checked = {
        "counts": {kind: file.counts[kind] for kind in RowKind.values},
        "rows": sorted(file.first_rows, key=itemgetter("row")),
        "sources": sorted(file.new_sources.values()),
        "notes": file.notes.as_json(),
        UNKNOWN_SYSTEM: file.counts[UNKNOWN_SYSTEM],
    }
    _move_and_free(run, ImportState.CHECKED)


def _show_row(file: RunFile, row: Row, kind: RowKind, rejection: Rejection | None = None) -> None:
    """Keep the row for the page of the check, if it is one of the first of its kind."""
    if file.shown[kind] >= MOST_SHOWN[kind]:
        return
    file.shown[kind] += 1
    filled = [clean_line(cell) for cell in row.cells if cell.strip()]
    shown: dict[str, Any] = {"row": row.number, "kind": kind.value}
    shown["cells"] = " · ".join(filled[:SHOWN_CELLS])[:SHOWN_TEXT]
    if rejection:
        shown["problems"] = [each.to_json() for each in rejection.problems]
        shown["lead"] = rejection.matched_lead
    file.first_rows.append(shown)


def _gather_sources(file: RunFile, readings: Sequence[Reading]) -> None:
    """Gather the sources that the import would create. Raises UnusableFile for very many."""
    values = {reading.get("source") for reading in readings} - {None}
    if not values:
        return
    catalogue = sources.known()
    for value in values:
        code = sources.code_of(value)
        if code not in catalogue:
            file.new_sources.setdefault(code, value)
    if len(file.new_sources) > MOST_NEW_SOURCES:
        raise UnusableFile(
            _("More than %(most)d new sources: is the right column matched to the source?")
            % {"most": MOST_NEW_SOURCES}
        )


# -- The import


def import_batch(run: ImportRun, file: RunFile, *, at: datetime) -> None:
    """Write the next rows: new leads, and the rejected rows with the reason."""
    importer = NewLeads(run, at=at)
    # The check has stored the duplicates, so that a resumed import knows all rows before it, too.
    begin = file.position
    rows = file.batch()
    stored = map(EarlierRow.unpacked, file.earlier_rows[begin : file.position])
    result = BatchResult()
    usable = pipeline.sort_out(rows, file.reader, lambda _reading: next(stored), result)
    result.add(pipeline.store(importer, usable))
    rejects = [to_store(run, each) for each in result.rejections]
    ImportReject.objects.bulk_create(rejects)
    store_notes(run, result.notes)
    counts = Counter(run.done) + result.counts
    counts.update(str(rejection.kind) for rejection in result.rejections)
    run.done = {kind: counts[kind] for kind in RowKind.values}
    run.rows_done = file.position
    run.failures = 0
    changed = ["done", "rows_done", "failures", "state", "finished_at", "sample"]
    changed += ["worker", "busy_until"]
    if len(rows) < pipeline.BATCH and _fill_companies(run, bool(rows), at=at):
        _end_import(run, at=at)
        changed += ["duplicates", "checked"]
    run.save(update_fields=changed)


def _fill_companies(run: ImportRun, has_rows: bool, *, at: datetime) -> bool:
    """Write the planned changes of companies; return whether all are written."""
    # In a transaction of its own: this one has locked the companies of its rows already, and
    # companies are locked in the order of their ids.
    if has_rows and companies.has_any(run, ChangeState.PLANNED):
        return False
    return companies.fill(run, by=run.created_by, at=at)


def to_store(run: ImportRun, rejection: Rejection) -> ImportReject:
    """Return the row to store."""
    row = rejection.row
    # PostgreSQL takes neither NUL nor lone surrogates, and a wrong row may hold both.
    cells = []
    for cell in row.cells:
        without_nul = cell.replace("\0", "")
        cells.append(without_nul.encode("utf-8", "ignore").decode())
    return ImportReject(
        run=run,
        number=row.number,
        kind=rejection.kind,
        problems=[each.to_json() for each in rejection.problems],
        cells=cells,
        matched_field=rejection.matched_field,
        matched_lead_id=rejection.matched_lead,
    )


def store_notes(run: ImportRun, notes: Sequence[tuple[int, Note]]) -> None:
    """Store notes of rows, each with the number of its row."""
    rows = []
    for number, note in notes:
        row = {"number": number, "field": note.field, "code": note.code}
        rows.append({**row, "values": dict(note.values), "lead_id": note.lead})
    insert(Many(ImportNote, rows, run_id=run.pk))


def _end_import(run: ImportRun, *, at: datetime) -> None:
    _move_and_free(run, ImportState.DONE)
    run.finished_at = at
    run.sample = []
    run.duplicates = b""
    # Personal data of the check; the rejected rows are kept for 30 days.
    run.checked = {**run.checked, "rows": []}
    stored_file.drop(run)
    payload = {"file": run.name, "sha256": run.sha256, "team": run.team_id, **run.done}
    payload |= companies.counts(run)
    record("leads_imported", run, by=run.created_by, at=at, payload=payload)


# -- Undo


def undo_batch(run: ImportRun, *, at: datetime) -> None:
    """Archive the next leads of the import; a lead with any later event stays."""
    after = run.done.get("after", 0)
    # Continue after the last key: leads that stay would be read again by every batch.
    leads = _next_leads(run, after)
    keys = [lead.pk for lead in leads]
    last = keys[-1] if keys else after
    # All events of the import itself have the moment of the lead's creation.
    later = events.of_lead_alone().filter(lead__in=keys).exclude(at=F("lead__created_at"))
    moved_on = set(later.values_list("lead_id", flat=True))
    gone = [lead for lead in leads if lead.pk not in moved_on]
    rows = Lead.objects.filter(pk__in=[lead.pk for lead in gone])
    rows.update(archived_at=at, version=F("version") + 1)
    Event.objects.bulk_create(_archived(run, gone, at=at))
    run.done |= {
        "after": last,
        "archived": run.done.get("archived", 0) + len(gone),
        "left": run.done.get("left", 0) + len(moved_on),
    }
    run.rows_done += len(leads)
    if len(leads) < pipeline.BATCH and _take_back_from_companies(run, bool(leads), at=at):
        _end_undo(run, at=at)
    run.save(update_fields=["done", "rows_done", "state", "undone_at", "worker", "busy_until"])


def _take_back_from_companies(run: ImportRun, has_leads: bool, *, at: datetime) -> bool:
    """Revert what the import wrote on companies; return whether all is reverted."""
    # After the leads, because what stays of them keeps the facts of its company; and in a
    # transaction of its own, because companies are locked before leads.
    if has_leads and companies.has_any(run, ChangeState.FILLED):
        return False
    return companies.take_back(run, at=at)


def _next_leads(run: ImportRun, after: int) -> list[Lead]:
    rows = run.leads.filter(pk__gt=after, archived_at__isnull=True).order_by("pk")
    # A hand-off locks its lead, too (submission.py): it waits, and then meets an archived lead.
    locked = rows.select_for_update(no_key=True).only("pk", "stage")
    return list(locked[: pipeline.BATCH])


def _end_undo(run: ImportRun, *, at: datetime) -> None:
    _move_and_free(run, ImportState.UNDONE)
    run.undone_at = at
    stored_file.drop(run)
    payload = {"archived": run.done["archived"], "left": run.done["left"]}
    facts = companies.counts(run)
    if facts:
        payload["companies"] = facts
    record("import_leads_archived", run, by=run.undone_by, at=at, payload=payload)


def _archived(run: ImportRun, leads: Sequence[Lead], *, at: datetime) -> Iterator[Event]:
    today = events.today(at)
    for lead in leads:
        yield Event(
            lead=lead,
            kind=EventKind.ARCHIVED,
            actor=run.undone_by,
            at=at,
            occurred_on=today,
            from_state=lead.stage,
            to_state=lead.stage,
            payload={"import": run.pk},
        )
