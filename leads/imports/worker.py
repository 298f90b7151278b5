"""Work on the imports of the browser: one batch of 1,000 rows per transaction.

Any number of workers may run (Celery, the watchdog, the request that asked): the row of an import
is claimed with SKIP LOCKED, and its progress is stored with the batch.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from crm.lib import clock
from crm.lib.db import availability
from crm.lib.files.layout import UnusableFile
from leads.imports import batches, pipeline
from leads.imports.batches import RunFile
from leads.imports.states import IMPORT_WORK, ImportState
from leads.models import ImportRun

log = logging.getLogger("relevo.import")

LEASE = timedelta(seconds=60)  # how long a silent worker keeps an import from the others
MOST_FAILURES = 5
FIRST_WAIT = 15  # seconds; doubled with each failure
LONGEST_WAIT = 3600
AT_ONCE = 400_000  # bytes: a file up to this size is imported in the request itself
AT_ONCE_FOR = 5  # seconds


class Worker:
    """Work on imports batch by batch; the file of the current one stays open in between.

    ``only`` restricts the worker to one import.
    """

    def __init__(self, only: int | None = None) -> None:
        self.name = uuid.uuid4().hex
        self.only = only
        self.file: RunFile | None = None

    def work(self, seconds: float) -> int:
        """Work for about ``seconds``, or until nothing is left; return the number of batches.

        The current import stays claimed, for LEASE at most: call again soon, or close().
        """
        until = clock.wall() + timedelta(seconds=seconds)
        done = 0
        while clock.wall() < until:
            if not self.step():
                self.close()
                break
            done += 1
        return done

    def step(self) -> bool:
        """Do one batch of the oldest import that no other worker has. False for none."""
        run = None
        try:
            run = self._reserve()
            if run is None:
                return False
            # Here, since the database ends a transaction that is idle for as long as a large file
            # takes to open.
            if not self._is_ready(run):
                with translation.override(run.created_by.language):
                    self._open(run)
            with transaction.atomic():
                run = self._claim(clock.wall(), reserved=run)
                if run is None:
                    return False
                # Problems are stored as text; the person who uploaded the file reads them.
                with translation.override(run.created_by.language):
                    return self._advance(run)
        except UnusableFile as error:
            assert run is not None
            self._give_up(run, str(error.message))
        except Exception as error:
            if run is None or not availability.blames_row(error):
                raise
            log.exception("import %s failed", run.pk)
            self._put_off(run, error)
        return True

    def close(self) -> None:
        """Release the current import, so that another worker may continue it."""
        if self.file is None:
            return
        self.file.close()
        # Only if still ours: after a long silence another worker may have claimed it.
        rows = ImportRun.objects.filter(pk=self.file.run_pk, worker=self.name)
        rows.update(worker="", busy_until=None)
        self.file = None

    @transaction.atomic
    def _reserve(self) -> ImportRun | None:
        """Claim the next import until its file is open; return None if there is none."""
        run = self._claim(clock.wall())
        if run is not None and not self._is_ready(run):
            run.save(update_fields=["worker", "busy_until"])
        return run

    def _is_ready(self, run: ImportRun) -> bool:
        """Return whether the file of ``run`` is open at its stored progress, or not needed."""
        if run.state == ImportState.UNDOING:
            return True
        return self.file is not None and self.file.is_at(run)

    def _claim(self, wall: datetime, *, reserved: ImportRun | None = None) -> ImportRun | None:
        """Claim the import that is ``reserved`` for this worker, or the oldest that is free."""
        is_free = Q(busy_until__isnull=True) | Q(busy_until__lt=wall) | Q(worker=self.name)
        is_ready = Q(next_try_at__isnull=True) | Q(next_try_at__lte=wall)
        rows = ImportRun.objects.filter(is_free, is_ready, state__in=IMPORT_WORK)
        if self.only:
            rows = rows.filter(pk=self.only)
        if reserved is not None:
            rows = rows.filter(pk=reserved.pk)
        related = ("team", "created_by", "source", "first_action", "undone_by")
        rows = rows.select_related(*related).defer("duplicates").order_by("id")
        # Only the import's row: its people and teams belong to others, and some are null. Another
        # worker that looks for work holds a reserved row for a moment.
        run = rows.select_for_update(
            skip_locked=reserved is None, no_key=True, of=("self",)
        ).first()
        if run:
            run.worker = self.name
            run.busy_until = wall + LEASE
        return run

    def _advance(self, run: ImportRun) -> bool:
        if run.state == ImportState.UNDOING:
            batches.undo_batch(run, at=clock.now())
            return True
        if run.state == ImportState.RUNNING and not _lock_imports():
            return False
        file = self._open(run)
        if run.state == ImportState.CHECKING:
            batches.check_batch(run, file)
        else:
            batches.import_batch(run, file, at=clock.now())
        return True

    def _open(self, run: ImportRun) -> RunFile:
        """Return the file of ``run`` at its stored progress: the open one, if it is there."""
        if self.file and self.file.is_at(run):
            return self.file
        if self.file:
            self.file.close()
        self.file = RunFile(run)
        return self.file

    def _give_up(self, run: ImportRun, problem: str) -> None:
        """Stop: back to the person, who reads the reason."""
        self.close()
        run.refresh_from_db(fields=["state"])
        if run.state == ImportState.CHECKING:
            _release(run, ImportState.DRAFT, problem=problem, finished_at=None)
        else:
            _release(run, ImportState.FAILED, problem=problem, finished_at=clock.now())

    def _put_off(self, run: ImportRun, error: Exception) -> None:
        """Try again later; after some failures leave it to the person."""
        self.close()
        # The batch has changed the object and was rolled back: the row alone knows the state, and
        # how often the work has failed.
        run.refresh_from_db(fields=["state", "failures", "rows_done"])
        failures = run.failures + 1
        # An undo cannot fail (IMPORT_MOVES): it is tried until it has ended.
        if failures >= MOST_FAILURES and run.state != ImportState.UNDOING:
            with translation.override(run.created_by.language):
                problem = _(
                    "Something went wrong on our side after row %(row)d. What is imported so far is"
                    " kept."
                )
            self._give_up(run, problem % {"row": run.rows_done})
            return
        wait = timedelta(seconds=min(FIRST_WAIT * 2**failures, LONGEST_WAIT))
        # The wall clock, as for the lease: how our processes fare is no business time.
        next_try_at = clock.wall() + wait
        _release(run, ImportState(run.state), failures=failures, next_try_at=next_try_at)


def at_once(run: ImportRun) -> None:
    """Work on a small file in the request itself, for a few seconds; workers do the rest."""
    if run.size <= AT_ONCE:
        work(AT_ONCE_FOR, only=run.pk)
        run.refresh_from_db()


def work(seconds: float, *, only: int | None = None) -> int:
    """Work on imports for about ``seconds``, then release them; return the number of batches."""
    worker = Worker(only)
    try:
        return worker.work(seconds)
    finally:
        worker.close()


def _release(run: ImportRun, state: ImportState, **fields: Any) -> None:
    rows = ImportRun.objects.filter(pk=run.pk, state=run.state)
    rows.update(state=state, worker="", busy_until=None, **fields)


def _lock_imports() -> bool:
    """Return whether this transaction may import: one batch at a time in the organisation."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [pipeline.LOCK])
        return bool(cursor.fetchone()[0])
