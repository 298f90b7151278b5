"""Try rejected rows again with corrected cells: the same pipeline, counted in the same import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.audit.entries import record
from crm.lib.errors import Conflict
from crm.lib.files.layout import Row
from crm.lib.text import clean_text
from leads.imports import batches, companies, pipeline, runs
from leads.imports.bulk_capture import NewLeads
from leads.imports.identity.duplicate_rows import EarlierRow, Rows
from leads.imports.pipeline import BatchResult, Rejection
from leads.imports.readings import Reading
from leads.imports.shown import ImportMovedOn
from leads.imports.states import ImportState, RowKind
from leads.models import ImportReject, ImportRun

WAIT = "5s"  # for a batch of another import; a request must not wait longer

Typed = Mapping[int, Mapping[int, str]]  # cells by the number of the row and their position


class ImportsAreBusy(Conflict):
    """Another import holds the lock of imports for long."""

    code = "imports_are_busy"
    message = _("Another import is running. Try again in a moment; what you typed is kept.")


@dataclass(frozen=True)
class Retried:
    """The result of a retry: new leads, rows rejected again, and rows that others have imported."""

    new: int
    rejected: int
    gone: Sequence[int]


@transaction.atomic
def retry(run: ImportRun, typed: Typed, *, by: User, at: datetime) -> Retried:
    """Try the rejected rows of ``typed`` again; what is still wrong keeps the typed cells.

    Of two people who try one row at once, one imports it. Raises ImportMovedOn after the undo has
    begun, and ImportsAreBusy.
    """
    run = _locked(run)
    _lock_imports()
    stored = ImportReject.objects.filter(run=run, number__in=typed).order_by("number")
    rejects = {reject.number: reject for reject in stored.select_for_update()}
    rows = [_row(reject, typed[number]) for number, reject in rejects.items()]
    result = _read_and_write(run, rows, by=by, at=at)
    _store(run, rejects, result, {row.number: row for row in rows})
    # The gaps of companies, too: another row may have brought them.
    while not companies.fill(run, by=by, at=at):
        continue
    retried = Retried(
        new=result.counts[RowKind.NEW],
        rejected=len(result.rejections),
        gone=sorted(set(typed) - set(rejects)),
    )
    payload = {"rows": list(rejects), "new": retried.new, "rejected": retried.rejected}
    record("import_rows_retried", run, by=by, at=at, payload=payload)
    return retried


def _locked(run: ImportRun) -> ImportRun:
    """Lock the import, so that no undo begins meanwhile. Raises ImportMovedOn."""
    rows = ImportRun.objects.filter(pk=run.pk, state=ImportState.DONE)
    related = rows.select_related("team", "created_by", "source", "first_action")
    locked = related.select_for_update(no_key=True, of=("self",)).first()
    if locked is None:
        raise ImportMovedOn
    return locked


def _lock_imports() -> None:
    """Take the lock of imports until the transaction ends. Raises ImportsAreBusy."""
    try:
        # A savepoint: after the timeout the transaction must still be able to end in words.
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{WAIT}'")
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [pipeline.LOCK])
            cursor.execute("SET LOCAL lock_timeout = 0")
    except OperationalError:
        raise ImportsAreBusy from None


def _row(reject: ImportReject, typed: Mapping[int, str]) -> Row:
    """Return the row with the typed cells; a short row of a sheet is filled up to them."""
    cells = list(reject.cells)
    for position, text in typed.items():
        while len(cells) <= position:
            cells.append("")
        cells[position] = clean_text(text)
    return Row(reject.number, cells)


def _read_and_write(run: ImportRun, rows: Sequence[Row], *, by: User, at: datetime) -> BatchResult:
    importer = NewLeads(run, at=at, by=by)
    earlier_rows = Rows(run.system)

    def earlier_row(reading: Reading) -> EarlierRow | None:
        # Among the rows tried here; earlier ones of the file are leads by now.
        if reading.problems:
            return None
        return earlier_rows.earlier(reading)

    result = BatchResult()
    reader = runs.reader_of(run, at=at)
    usable = pipeline.sort_out(rows, reader, earlier_row, result)
    result.add(pipeline.store(importer, usable))
    return result


def _store(
    run: ImportRun,
    rejects: Mapping[int, ImportReject],
    result: BatchResult,
    rows: Mapping[int, Row],
) -> None:
    """Delete the rows that are leads now, keep the others as they were typed, count both."""
    again: dict[int, Rejection] = {each.row.number: each for each in result.rejections}
    counts = Counter(run.done)
    still: list[ImportReject] = []
    taken: list[int] = []
    for number, reject in rejects.items():
        counts[reject.kind] -= 1
        if number not in again:
            taken.append(reject.pk)
            continue
        rejection = again[number]
        counts[rejection.kind] += 1
        new = batches.to_store(run, rejection)
        new.pk = reject.pk
        new.cells = rows[number].cells
        still.append(new)
    counts[RowKind.NEW] += result.counts[RowKind.NEW]
    fields = ["kind", "problem", "problems", "cells", "matched_field", "matched_lead"]
    ImportReject.objects.bulk_update(still, fields)
    ImportReject.objects.filter(pk__in=taken).delete()
    batches.store_notes(run, result.notes)
    run.done |= {kind: counts[kind] for kind in RowKind.values}
    run.save(update_fields=["done"])
