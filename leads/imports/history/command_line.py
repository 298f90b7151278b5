"""The command line's entrance to the pipeline: one file and one mapping in, one report out.

Wrong rows never stop the file; they go to the rejects file. Each batch is one transaction and
what is recorded already is left alone, so an import that was killed is simply run again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from django.db import Error, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts import people
from crm.accounts.models import Team, User
from crm.accounts.states import Side
from crm.lib import clock
from crm.lib.errors import Conflict, DomainError
from crm.lib.files import csv, detect
from crm.lib.files.layout import Layout, Limits, UnusableFile
from crm.lib.files.table import Table
from leads import events
from leads.imports import pipeline, problems
from leads.imports.columns import readers
from leads.imports.columns.targets import LEAD_FIELDS, OUTCOME_FIELDS
from leads.imports.history import mapping_file
from leads.imports.history.leads import ImportedLeads
from leads.imports.history.mapping_file import MappingFile
from leads.imports.history.outcomes import ImportedOutcomes
from leads.imports.history.stored_parts import Origin, Tally
from leads.imports.identity.duplicate_rows import EarlierRow, Rows
from leads.imports.notes import NoteLog, of_log
from leads.imports.parsers import Parser
from leads.imports.pipeline import BatchResult, Importer
from leads.imports.readings import Reading, RowReader
from leads.models import CustomField

# More than for an upload: the file is on the server already, and no request waits.
LIMITS = Limits(size=200_000_000, columns=2_000)


class ImportIsRunning(Conflict):
    code = "import_is_running"
    message = gettext_lazy("Another import is running. Try again when it has ended.")


class NoSuchTeam(DomainError):
    code = "no_such_team"


@dataclass(frozen=True)
class Report:
    """What became of a whole file. ``rejects`` is the file of rejected rows, None without any."""

    file: str
    layout: Layout
    team: Team | None
    tally: Tally
    rejects: Path | None
    notes: NoteLog
    seconds: float


def report_text(report: Report) -> str:
    """Return the report as lines for people. A number that is usually 0 is left out at 0."""
    tally = report.tally
    lines: list[tuple[str, object]] = [
        (_("file"), f"{report.file} ({_layout_text(report.layout)})"),
        (_("rows read"), tally.read),
        (_("new"), tally.new),
        (_("already known"), tally.known),
        (_("without an outcome yet"), tally.undecided or None),
        (_("rejected"), tally.rejected),
        (_("  contradict what is recorded"), tally.contradicting or None),
        (_("  written to"), report.rejects),
        (_("won before first seen"), tally.flagged or None),
        (_("won, amount unknown"), tally.unpriced or None),
        (_("people created"), tally.people or None),
        (_("sources created"), tally.sources or None),
        (_("marketing team"), report.team),
        (_("seconds"), f"{report.seconds:.1f}"),
    ]
    shown = [(label, value) for label, value in lines if value is not None]
    width = max(len(label) for label, _value in shown)
    return "\n".join(
        [*(f"{label:<{width}}  {value}" for label, value in shown), *_note_lines(report)]
    )


def _note_lines(report: Report) -> list[str]:
    """Return how many notes of each kind there are, and the first notes with their row."""
    notes = of_log(report.notes)
    lines = [f"{each.field}: {each.text}: {each.count}" for each in notes.counts]
    for each in notes.first:
        row = _("row %(row)d") % {"row": each.row}
        lines.append(f"  {row}: {each.field}: {each.text}")
    return lines


def _layout_text(layout: Layout) -> str:
    if layout.kind == "xlsx":
        return f"xlsx, {layout.sheet}"
    delimiter = {"\t": _("tab")}.get(layout.delimiter, layout.delimiter)
    return f"{layout.encoding}, {delimiter}"


# -- The two imports


def import_leads(
    path: Path,
    mapping_path: Path,
    *,
    by: User | None,
    at: datetime,
    team: Team | None = None,
    rejects: Path | None = None,
) -> Report:
    """Import the leads of a file. ``team`` is the marketing team that brought them.

    ``by`` None: the system. ``rejects``: where rejected rows go, by default the current folder.
    Raises UnusableFile, UnusableMapping or ImportIsRunning before anything is written.
    """
    mapping = mapping_file.load(mapping_path, LEAD_FIELDS)
    importer = ImportedLeads(mapping, by=by, at=at, team=team)
    job = _Job("leads_imported", path, mapping, LEAD_FIELDS, importer, team=team)
    return job.carry_out(by=by, at=at, rejects=rejects or default_rejects(path))


def import_outcomes(
    path: Path, mapping_path: Path, *, by: User | None, at: datetime, rejects: Path | None = None
) -> Report:
    """Import what became of leads that are here already. As :func:`import_leads`."""
    mapping = mapping_file.load(mapping_path, OUTCOME_FIELDS)
    importer = ImportedOutcomes(mapping, by=by, at=at)
    job = _Job("outcomes_imported", path, mapping, OUTCOME_FIELDS, importer)
    return job.carry_out(by=by, at=at, rejects=rejects or default_rejects(path))


def default_rejects(path: Path) -> Path:
    """Return the file in the current folder where rejected rows of ``path`` go."""
    return Path(f"{path.stem}.rejects.csv")


def marketing_team(name: str | None) -> Team | None:
    """Return the marketing team called ``name``; without a name the only one there is, or None.

    Raises NoSuchTeam.
    """
    teams = Team.objects.filter(side=Side.MARKETING, archived_at__isnull=True)
    if name is None:
        if len(teams) == 1:
            return teams[0]
        return None
    team = teams.filter(name__iexact=name.strip()).first()
    if team is None:
        known = ", ".join(each.name for each in teams) or "–"
        raise NoSuchTeam(
            _("There is no marketing team “%(name)s”; there are: %(known)s.")
            % {"name": name, "known": known}
        )
    return team


@dataclass
class _Job:
    """One file on its way in. ``verb`` names the audit entry."""

    verb: str
    path: Path
    mapping: MappingFile
    fields: Mapping[str, Parser]
    importer: Importer
    team: Team | None = None

    def carry_out(self, *, by: User | None, at: datetime, rejects: Path) -> Report:
        begun = clock.wall()
        layout = detect.guess(self.path, LIMITS)
        header = self._check_to_the_end(layout)
        reader = self._reader(header, layout, at)
        # At its end the writer gives its file this name; the imported file would be lost.
        if rejects.resolve() == self.path.resolve():
            raise UnusableFile(_("The rejects cannot go into the file they are from."))
        with _lock_imports(), csv.Writer(rejects, [_("row"), _("problem"), *header]) as writer:
            tally, notes = self._import(layout, reader, writer, by=by, at=at)
        return Report(
            file=self.path.name,
            layout=layout,
            team=self.team,
            tally=tally,
            rejects=rejects if tally.rejected else None,
            notes=notes,
            seconds=(clock.wall() - begun).total_seconds(),
        )

    def _check_to_the_end(self, layout: Layout) -> list[str]:
        """Return the header. Reads the whole file, so that no fault is met half-way later."""
        with Table(self.path, layout, LIMITS) as table:
            header, rows = table.rows()
            for _row in rows:
                pass
        return header

    def _reader(self, header: list[str], layout: Layout, at: datetime) -> RowReader:
        customs = list(CustomField.objects.filter(archived_at__isnull=True))
        return mapping_file.reader(
            self.mapping,
            self.fields,
            header,
            attributes=readers.attribute_parsers(customs),
            latest=events.today(at) + timedelta(days=1),
            is_sheet=layout.kind == "xlsx",
            assumed=people.organisation().country,
        )

    def _import(
        self,
        layout: Layout,
        reader: RowReader,
        writer: csv.Writer,
        *,
        by: User | None,
        at: datetime,
    ) -> tuple[Tally, NoteLog]:
        """Import the rows and record each batch, and the whole, in the audit record."""
        earlier_rows = Rows(self.importer.system)
        origin = self._origin()
        before = origin.stored_by_killed_runs()

        def earlier_row(reading: Reading) -> EarlierRow | None:
            if reading.problems:
                return None
            return earlier_rows.earlier(reading)

        total = Tally()
        notes = NoteLog()
        with Table(self.path, layout, LIMITS) as table:
            _header, rows = table.rows()
            while batch := list(islice(rows, pipeline.BATCH)):
                result = BatchResult()
                usable = pipeline.sort_out(batch, reader, earlier_row, result)
                with transaction.atomic():
                    result.add(pipeline.store(self.importer, usable))
                    stored = _tally(len(batch), result)
                    origin.record_batch(stored, by=by, at=at)
                _set_aside(result, writer)
                total += stored
                for row, note in result.notes:
                    notes.add(row, [note])
        origin.record_end(total.with_earlier(before), by=by, at=at)
        return total, notes

    def _origin(self) -> Origin:
        with self.path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        of = {
            "file": self.path.name,
            "sha256": sha256,
            "system": self.mapping.system,
            "team": self.team.pk if self.team else None,
        }
        return Origin(self.verb, of)


def _set_aside(result: BatchResult, writer: csv.Writer) -> None:
    """Write the rejected rows in the order of the file."""
    # The rows that the database refused come after those that the reader refused.
    for rejection in sorted(result.rejections, key=lambda each: each.row.number):
        problem = problems.joined(rejection.problems, str)
        writer.write([rejection.row.number, problem, *rejection.row.cells])


def _tally(read: int, result: BatchResult) -> Tally:
    contradicting = sum(rejection.contradicts for rejection in result.rejections)
    return Tally(
        read=read,
        rejected=len(result.rejections),
        contradicting=contradicting,
        **result.counts,
    )


@contextmanager
def _lock_imports() -> Iterator[None]:
    """Hold the lock of imports. Raises ImportIsRunning where another import has it.

    The lock ends with the connection.
    """
    with connection.cursor() as cursor:
        # A lock of the session, because the import has a transaction for each batch.
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [pipeline.LOCK])
        if not cursor.fetchone()[0]:
            raise ImportIsRunning
        try:
            yield
        finally:
            # A connection that broke has released the lock.
            with suppress(Error):
                cursor.execute("SELECT pg_advisory_unlock(%s)", [pipeline.LOCK])
