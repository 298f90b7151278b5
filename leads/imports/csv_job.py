"""One run of an import, whatever it brings: read, map, write in batches, set aside what cannot be
taken, report.

A row that cannot be taken never stops the file; it goes to the rejects file. Each batch is one
transaction and what is recorded already is left alone, so an import that was killed is repeated by
running it again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, astuple, dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from operator import add
from pathlib import Path
from typing import Any

from django.db import DataError, Error, IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import Team, User
from crm.audit.entries import record
from crm.lib import clock
from crm.lib.errors import Conflict
from crm.lib.files import csv
from leads import events
from leads.imports import mapping_file as mapping
from leads.imports.mapping_file import MappingFile, Reading
from leads.imports.parsers import Parser
from leads.models import CustomField, FirstTouch

BATCH = 1_000  # rows in one transaction
LOCK = 20_180_226  # any number that is nobody else's: the advisory lock of imports


class ImportIsRunning(Conflict):
    code = "import_is_running"
    message = gettext_lazy("Another import is running. Try again when it has ended.")


@dataclass(frozen=True)
class Tally:
    """How many rows came to what.

    ``known``: recorded already; ``undecided``: without an outcome yet; ``contradicting``: rejected,
    because something else is recorded; ``flagged``: won before first seen; ``unpriced``: newly won,
    amount unknown.
    """

    read: int = 0
    new: int = 0
    known: int = 0
    undecided: int = 0
    rejected: int = 0
    contradicting: int = 0
    flagged: int = 0
    unpriced: int = 0
    people: int = 0
    sources: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*map(add, astuple(self), astuple(other)))


@dataclass
class Rejection:
    reading: Reading
    problem: str


@dataclass
class Result:
    """What became of a batch."""

    tally: Tally = field(default_factory=Tally)
    rejections: list[Rejection] = field(default_factory=list)

    def count(self, **numbers: int) -> None:
        self.tally += Tally(**numbers)

    def reject(self, reading: Reading, problem: str, *, contradicts: bool = False) -> None:
        """Set a row aside. ``contradicts``: it says something else than what is recorded."""
        self.count(rejected=1, contradicting=int(contradicts))
        self.rejections.append(Rejection(reading, problem))

    def with_(self, other: Result) -> Result:
        return Result(self.tally + other.tally, self.rejections + other.rejections)


@dataclass(frozen=True)
class Report:
    """What a whole file came to. ``rejects``: where the rejected rows stand, None without any."""

    table: csv.Table
    team: Team | None
    tally: Tally
    rejects: Path | None
    seconds: float


def in_words(report: Report) -> str:
    """The report as lines for people.

    Numbers that are 0 and say nothing by being so are left out.
    """
    table, tally = report.table, report.tally
    delimiter = {"\t": _("tab")}.get(table.delimiter, table.delimiter)
    lines: list[tuple[str, object]] = [
        (_("file"), f"{table.name} ({table.encoding}, {delimiter})"),
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
    shown = [(str(label), value) for label, value in lines if value is not None]
    width = max(len(label) for label, _value in shown)
    return "\n".join(f"{label:<{width}}  {value}" for label, value in shown)


@dataclass
class Run:
    """What the writing of a batch needs to know. ``at``: when we recorded it all."""

    mapping: MappingFile
    by: User | None
    at: datetime
    team: Team | None
    seen: dict[str, int] = field(default_factory=dict)  # identity -> number of the row

    @property
    def system(self) -> str:
        return self.mapping.system

    @cached_property
    def fingerprints(self) -> set[str]:
        """Of this system's leads that came without an id of their own."""
        rows = FirstTouch.objects.filter(lead__external_system=self.system, lead__external_id="")
        return set(rows.values_list("payload__fingerprint", flat=True))


Write = Callable[[Run, list[Reading]], Result]


def default_rejects(path: Path) -> Path:
    """Where rejected rows of ``path`` go when nobody says where: the current folder."""
    return Path(f"{path.stem}.rejects.csv")


def identity(reading: Reading) -> str:
    """By what a row is known again: its external id, else a hash of all that it says."""
    return reading.get("external_id") or fingerprint(reading)


def fingerprint(reading: Reading) -> str:
    """A hash of everything a row says."""
    said = json.dumps(reading.values, sort_keys=True, default=str, ensure_ascii=False)
    return f"sha256:{hashlib.sha256(said.encode()).hexdigest()}"


def carry_out(
    verb: str,
    path: Path,
    mapping_path: Path,
    known: Mapping[str, Parser],
    write: Write,
    *,
    by: User | None,
    at: datetime,
    team: Team | None = None,
    rejects: Path | None = None,
) -> Report:
    """Import ``path`` and write one audit entry ``verb``.

    Raises UnusableFile, UnusableMapping or ImportIsRunning before anything is written; rows never
    raise.
    """
    begun = clock.wall()
    chosen = mapping.load(mapping_path, known)
    table = csv.read(path)
    rejects = rejects or default_rejects(path)
    if rejects.resolve() == path.resolve():
        raise csv.UnusableFile(_("The rejects cannot go into the file they are from."))
    types = dict(CustomField.objects.filter(archived_at__isnull=True).values_list("code", "type"))
    reader = mapping.Reader(
        chosen, known, table.header, types=types, latest=events.today(at) + timedelta(days=1)
    )
    run, total = Run(chosen, by, at, team), Tally()
    with _alone(), csv.Writer(rejects, ["row", "problem", *table.header]) as aside:
        for batch in _batches(map(reader.read, table.rows())):
            total += _take(run, batch, write, aside)
        record(verb, "import", by=by, at=at, payload=_audited(table, run, total))
    kept = rejects if total.rejected else None
    return Report(table, team, total, kept, (clock.wall() - begun).total_seconds())


def _audited(table: csv.Table, run: Run, total: Tally) -> dict[str, Any]:
    said = {
        "file": table.name,
        "sha256": table.sha256,
        "system": run.system,
        "team": run.team and run.team.pk,
    }
    return said | asdict(total)


def _batches(readings: Iterator[Reading]) -> Iterator[list[Reading]]:
    while batch := list(islice(readings, BATCH)):
        yield batch


def _take(run: Run, batch: list[Reading], write: Write, aside: csv.Writer) -> Tally:
    """Write what can be taken of ``batch`` and set the rest aside, in the order of the file."""
    result = Result(Tally(read=len(batch)))
    usable = [reading for reading in batch if _is_usable(run, reading, result)]
    result = result.with_(_store(run, usable, write))
    for one in sorted(result.rejections, key=lambda rejection: rejection.reading.row.number):
        aside.write([one.reading.row.number, one.problem, *one.reading.row.cells])
    return result.tally


def _is_usable(run: Run, reading: Reading, result: Result) -> bool:
    """Whether the row was read without problems and says something that no earlier row of the file
    is about.
    """
    if reading.problems:
        result.reject(reading, "; ".join(reading.problems))
        return False
    first = run.seen.setdefault(identity(reading), reading.row.number)
    if first == reading.row.number:
        return True
    if reading.get("external_id"):
        result.reject(reading, _("external_id: row %(row)d has the same one") % {"row": first})
    else:
        result.reject(reading, _("row %(row)d says the same") % {"row": first})
    return False


def _store(run: Run, readings: list[Reading], write: Write) -> Result:
    """Write ``readings`` in one transaction.

    Where the database refuses, halve until the one row is found.
    """
    if not readings:
        return Result()
    try:
        with transaction.atomic():
            return write(run, readings)
    except (DataError, IntegrityError) as error:
        if len(readings) == 1:
            refused = Result()
            refused.reject(
                readings[0],
                _("the database refuses the row: %(reason)s") % {"reason": _first_line(error)},
            )
            return refused
    half = len(readings) // 2
    return _store(run, readings[:half], write).with_(_store(run, readings[half:], write))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


@contextmanager
def _alone() -> Iterator[None]:
    """One import at a time: two at once would create the same people and sources.

    Ends with the connection.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise ImportIsRunning
        try:
            yield
        finally:
            with suppress(Error):  # a connection that broke has let go of it
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
