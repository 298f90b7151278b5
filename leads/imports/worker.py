"""The work of imports: the dry run, the import itself and its undoing, one batch of 1,000 rows per
transaction.

Any number of workers may run (Celery, the watchdog, the request that asked): the row of an import
is claimed with SKIP LOCKED, and its progress is stored with the batch, so a killed worker leaves
nothing half done.
"""

from __future__ import annotations

import logging
import uuid
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import F, Q
from django.utils import translation
from django.utils.translation import gettext as _

from crm.audit.entries import record
from crm.lib import clock
from crm.lib.files.csv import Row, UnusableFile
from crm.lib.files.detect import Table
from leads import events
from leads.imports import bulk_capture, columns, runs, stored_file
from leads.imports.csv_job import LOCK
from leads.imports.duplicate_rows import Repeats
from leads.imports.mapping_file import Reading
from leads.models import Event, ImportReject, ImportRun, Lead
from leads.records import sources
from leads.states import IMPORT_WORK, EventKind, ImportState, RowKind

log = logging.getLogger("relevo.import")

BATCH = 1_000  # rows in one transaction
LEASE = timedelta(seconds=60)  # how long a worker that says nothing keeps an import from the others
MOST_FAILURES = 5
MOST_PROBLEMS = 20
MOST_NEW_SOURCES = 50
AT_ONCE = 400_000  # bytes: such a file is worked on in the request itself, for a few seconds


class Worker:
    """Works on imports batch by batch, and keeps the file of the one in hand open.

    ``only``: on that import alone.
    """

    def __init__(self, only: int | None = None) -> None:
        self.name, self.only = uuid.uuid4().hex, only
        self.file: OpenFile | None = None

    def work(self, seconds: float) -> int:
        """Work for about ``seconds``, or until nothing is left; returns how many batches were done.

        What is in hand stays in hand (for LEASE at most): call again soon, or ``close``.
        """
        until, batches = clock.wall() + timedelta(seconds=seconds), 0
        while clock.wall() < until:
            if not self.step():
                self.close()
                break
            batches += 1
        return batches

    def step(self) -> bool:
        """One batch of the oldest import that nobody else has in hand.

        False where there is none.
        """
        run = None
        try:
            with transaction.atomic():
                run = self._claim(clock.wall())
                if run is None:
                    return False
                with translation.override(run.created_by.language):
                    return self._advance(run)
        except UnusableFile as error:
            self._give_up(run, str(error.message))
        except Exception as error:
            if run is None:
                raise
            log.exception("import %s failed", run.pk)
            self._put_off(run, error)
        return True

    def close(self) -> None:
        """Let go of the import in hand, so that another worker may go on with it."""
        if self.file:
            self.file.close()
            ImportRun.objects.filter(pk=self.file.run_pk, worker=self.name).update(
                worker="", busy_until=None
            )
            self.file = None

    def _claim(self, wall: datetime) -> ImportRun | None:
        free = Q(busy_until__isnull=True) | Q(busy_until__lt=wall) | Q(worker=self.name)
        ready = Q(next_try_at__isnull=True) | Q(next_try_at__lte=wall)
        rows = ImportRun.objects.filter(free, ready, state__in=IMPORT_WORK)
        rows = rows.filter(pk=self.only) if self.only else rows
        rows = rows.select_related(
            "team", "created_by", "source", "first_action", "undone_by"
        ).defer("duplicates")
        run = (
            rows.select_for_update(skip_locked=True, no_key=True, of=("self",))
            .order_by("id")
            .first()
        )
        if run:
            run.worker, run.busy_until = self.name, wall + LEASE
        return run

    def _advance(self, run: ImportRun) -> bool:
        if run.state == ImportState.UNDOING:
            undo_batch(run, at=clock.now())
            return True
        if run.state == ImportState.RUNNING and not _alone():
            return False
        if self.file is None or not self.file.is_at(run):
            if self.file:
                self.file.close()
            self.file = OpenFile(run)
        if run.state == ImportState.CHECKING:
            check_batch(run, self.file)
        else:
            import_batch(run, self.file, at=clock.now())
        return True

    def _give_up(self, run: ImportRun | None, words: str) -> None:
        """The file cannot be read to its end: back to the person, who reads in words why."""
        self.close()
        assert run is not None
        state = ImportState.DRAFT if run.state == ImportState.CHECKING else ImportState.FAILED
        _let_go(
            run,
            state,
            problem=words,
            finished_at=clock.now() if state == ImportState.FAILED else None,
        )

    def _put_off(self, run: ImportRun, error: Exception) -> None:
        """Try again later; after some tries leave it to the person."""
        self.close()
        failures = run.failures + 1
        if failures >= MOST_FAILURES and run.state != ImportState.UNDOING:
            with translation.override(run.created_by.language):
                words = _(
                    "Something went wrong on our side after row %(row)d. What is imported so far is"
                    " kept."
                )
                self._give_up(run, words % {"row": run.rows_done})
            return
        wait = timedelta(seconds=min(15 * 2**failures, 3600))
        _let_go(run, ImportState(run.state), failures=failures, next_try_at=clock.wall() + wait)


def at_once(run: ImportRun) -> None:
    """Do the work on a small file here and now, for a few seconds at most; what is left is the
    workers'.
    """
    if run.size <= AT_ONCE:
        work(5, only=run.pk)
        run.refresh_from_db()


def work(seconds: float, *, only: int | None = None) -> int:
    """Work on imports for about ``seconds`` and let go of them; returns how many batches
    were done.
    """
    worker = Worker(only)
    try:
        return worker.work(seconds)
    finally:
        worker.close()


def _let_go(run: ImportRun, state: ImportState, **fields: Any) -> None:
    ImportRun.objects.filter(pk=run.pk, state=run.state).update(
        state=state, worker="", busy_until=None, **fields
    )


def _alone() -> bool:
    """One batch at a time in the whole organisation: two at once would bring the same people and
    sources twice.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


class OpenFile:
    """The file of an import on this machine's disk, read up to ``position`` rows, and what a check
    gathers.
    """

    def __init__(self, run: ImportRun) -> None:
        self.run_pk, self.state, self.columns = run.pk, run.state, list(run.columns)
        self.layout = runs.layout_of(run)
        if run.state == ImportState.CHECKING:
            run.rows_done = 0  # a check gathers in memory: one that was broken off begins anew
        self.position = 0
        self.repeats, self.repeated = Repeats(), array("I")
        self.counts: Counter[str] = Counter()
        self.problems: list[dict[str, Any]] = []
        self.new_sources: dict[str, str] = {}
        self.stack = ExitStack()
        try:
            self._open(run)
        except BaseException:
            self.close()
            raise

    def _open(self, run: ImportRun) -> None:
        path = self.stack.enter_context(stored_file.fetched(run))
        self.table = self.stack.enter_context(Table(path, self.layout))
        self.header, self.rows = self.table.rows()
        self.reader = columns.RowReader(
            self.header,
            self.columns,
            self.layout,
            latest=events.today(clock.now()) + timedelta(days=1),
        )
        if run.state == ImportState.RUNNING:
            self.repeated = array(
                "I", bytes(ImportRun.objects.values_list("duplicates", flat=True).get(pk=run.pk))
            )
        self.take(run.rows_done)

    def take(self, count: int) -> int:
        """Read over ``count`` rows."""
        read = sum(1 for _row in islice(self.rows, count))
        self.position += read
        return read

    def batch(self) -> list[Row]:
        rows = list(islice(self.rows, BATCH))
        self.position += len(rows)
        return rows

    def is_at(self, run: ImportRun) -> bool:
        """Whether reading on here goes on where the stored progress of ``run`` ends."""
        same = (self.run_pk, self.state, self.columns, self.layout)
        now = (run.pk, run.state, run.columns, runs.layout_of(run))
        return (
            same == now
            and self.position == run.rows_done
            and (self.position > 0 or self.state != "checking")
        )

    def close(self) -> None:
        self.stack.close()


# -- The dry run


def check_batch(run: ImportRun, file: OpenFile) -> None:
    """Count what the next rows would come to; at the end of the file the import may be started."""
    rows = file.batch()
    candidates: list[Reading] = []
    for row in rows:
        reading = file.reader.read(row)
        first = 0 if reading.problems else file.repeats.first(columns.keys_of(reading), row.number)
        file.repeated.append(first)
        if reading.problems:
            _note(file, RowKind.WRONG, row, "; ".join(reading.problems))
        elif first:
            _note(file, RowKind.DUPLICATE, row, same_as_row(first))
        else:
            candidates.append(reading)
    fresh, known = _part(candidates)
    file.counts[RowKind.NEW] += len(fresh)
    file.counts[RowKind.KNOWN] += len(known)
    _gather_sources(file, fresh)
    run.rows_done = file.position
    run.rows_total = max(run.rows_done, round(run.rows_done / max(file.table.fraction, 0.001)))
    if len(rows) < BATCH:
        _end_check(run, file)
    fields = [
        "rows_done",
        "rows_total",
        "checked",
        "duplicates",
        "state",
        "worker",
        "busy_until",
        "failures",
    ]
    run.save(
        update_fields=(
            fields if run.state == ImportState.CHECKED else [f for f in fields if f != "duplicates"]
        )
    )


def _end_check(run: ImportRun, file: OpenFile) -> None:
    run.rows_total = run.rows_done
    run.duplicates = file.repeated.tobytes()
    run.checked = {
        "counts": {kind: file.counts[kind] for kind in RowKind.values},
        "problems": file.problems,
        "sources": sorted(file.new_sources.values()),
    }
    run.state, run.worker, run.busy_until = ImportState.CHECKED, "", None


def _note(file: OpenFile, kind: RowKind, row: Row, problem: str) -> None:
    file.counts[kind] += 1
    if len(file.problems) < MOST_PROBLEMS:
        file.problems.append({"row": row.number, "kind": str(kind), "problem": problem})


def _gather_sources(file: OpenFile, readings: Sequence[Reading]) -> None:
    """The sources that the import would create; a column with very many is no source."""
    said = {reading.get("source") for reading in readings} - {None}
    if not said:
        return
    catalogue = sources.known()
    for value in said:
        code = sources.code_of(value)
        if code not in catalogue:
            file.new_sources.setdefault(code, value)
    if len(file.new_sources) > MOST_NEW_SOURCES:
        words = {"most": MOST_NEW_SOURCES}
        raise UnusableFile(
            _("More than %(most)d new sources: is the right column matched to the source?") % words
        )


def same_as_row(number: int) -> str:
    return _("row %(row)d is the same person: e-mail, phone or external id") % {"row": number}


def _part(readings: Sequence[Reading]) -> tuple[list[Reading], list[Reading]]:
    """The rows that are new, and those that the organisation knows already."""
    keys = {id(reading): list(columns.keys_of(reading)) for reading in readings}
    known = bulk_capture.known_keys([key for of_row in keys.values() for key in of_row])
    is_known = [any(key in known for key in keys[id(reading)]) for reading in readings]
    fresh = [reading for reading, here in zip(readings, is_known, strict=True) if not here]
    return fresh, [reading for reading, here in zip(readings, is_known, strict=True) if here]


# -- The import


def import_batch(run: ImportRun, file: OpenFile, *, at: datetime) -> None:
    """Write the next rows: new leads, and the rejected rows with why. Progress goes with them."""
    begins, rows = file.position, file.batch()
    rejects: list[ImportReject] = []
    candidates: list[Reading] = []
    for place, row in enumerate(rows, start=begins):
        reading = file.reader.read(row)
        if reading.problems:
            rejects.append(_reject(run, RowKind.WRONG, row, "; ".join(reading.problems)))
        elif first := file.repeated[place]:
            rejects.append(_reject(run, RowKind.DUPLICATE, row, same_as_row(first)))
        else:
            candidates.append(reading)
    fresh, known = _part(candidates)
    rejects += [
        _reject(run, RowKind.KNOWN, r.row, _("known already: e-mail, phone or external id"))
        for r in known
    ]
    created, refused = _store(run, fresh, at=at)
    ImportReject.objects.bulk_create(rejects + refused)
    counts = Counter(run.done) + Counter(str(reject.kind) for reject in rejects + refused)
    counts[RowKind.NEW.value] += created
    run.done = {kind: counts[kind] for kind in RowKind.values}
    run.rows_done, run.failures = file.position, 0
    if len(rows) < BATCH:
        _end_import(run, at=at)
    fields = [
        "done",
        "rows_done",
        "failures",
        "state",
        "finished_at",
        "sample",
        "duplicates",
        "worker",
        "busy_until",
    ]
    run.save(
        update_fields=(
            fields if run.state == ImportState.DONE else [f for f in fields if f != "duplicates"]
        )
    )


def _reject(run: ImportRun, kind: RowKind, row: Row, problem: str) -> ImportReject:
    cells = [cell.replace("\0", "").encode("utf-8", "ignore").decode() for cell in row.cells]
    return ImportReject(run=run, number=row.number, kind=kind, problem=problem, cells=cells)


def _store(
    run: ImportRun, readings: list[Reading], *, at: datetime
) -> tuple[int, list[ImportReject]]:
    """Capture ``readings``. Where the database refuses, halve until the one row is found."""
    if not readings:
        return 0, []
    try:
        with transaction.atomic():
            return bulk_capture.capture(run, readings, by=run.created_by, at=at), []
    except (DataError, IntegrityError) as error:
        if len(readings) == 1:
            words = {"reason": str(error).partition("\n")[0]}
            problem = _("the database refuses the row: %(reason)s") % words
            return 0, [_reject(run, RowKind.WRONG, readings[0].row, problem)]
    half = len(readings) // 2
    (first, refused), (second, others) = (
        _store(run, readings[:half], at=at),
        _store(run, readings[half:], at=at),
    )
    return first + second, refused + others


def _end_import(run: ImportRun, *, at: datetime) -> None:
    run.state, run.finished_at, run.worker, run.busy_until = ImportState.DONE, at, "", None
    run.sample, run.duplicates = [], b""
    stored_file.drop(run)
    payload = {"file": run.name, "sha256": run.sha256, "team": run.team_id, **run.done}
    record("leads_imported", run, by=run.created_by, at=at, payload=payload)


# -- Undoing it


def undo_batch(run: ImportRun, *, at: datetime) -> None:
    """Archive the next leads of the import; those with anything but the import in their history
    stay.
    """
    after = run.done.get("after", 0)
    rows = run.leads.filter(pk__gt=after, archived_at__isnull=True).order_by("pk")
    leads = list(rows.select_for_update(no_key=True).only("pk", "stage")[:BATCH])
    keys = [lead.pk for lead in leads]
    moved_on = set(
        Event.objects.filter(lead__in=keys)
        .exclude(at=F("lead__created_at"))
        .values_list("lead_id", flat=True)
    )
    gone = [lead for lead in leads if lead.pk not in moved_on]
    Lead.objects.filter(pk__in=[lead.pk for lead in gone]).update(
        archived_at=at, version=F("version") + 1
    )
    Event.objects.bulk_create(_archived(run, gone, at=at))
    run.done |= {
        "after": keys[-1] if keys else after,
        "archived": run.done.get("archived", 0) + len(gone),
        "left": run.done.get("left", 0) + len(moved_on),
    }
    run.rows_done += len(leads)
    if len(leads) < BATCH:
        run.state, run.undone_at, run.worker, run.busy_until = ImportState.UNDONE, at, "", None
        stored_file.drop(run)
        payload = {"archived": run.done["archived"], "left": run.done["left"]}
        record("import_leads_archived", run, by=run.undone_by, at=at, payload=payload)
    run.save(update_fields=["done", "rows_done", "state", "undone_at", "worker", "busy_until"])


def _archived(run: ImportRun, leads: Sequence[Lead], *, at: datetime) -> Iterator[Event]:
    on = events.today(at)
    for lead in leads:
        payload = {"import": run.pk}
        yield Event(
            lead=lead,
            kind=EventKind.ARCHIVED,
            actor=run.undone_by,
            at=at,
            occurred_on=on,
            from_state=lead.stage,
            to_state=lead.stage,
            payload=payload,
        )
