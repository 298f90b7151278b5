"""What every import does with a batch of rows, from the browser or the command line.

1. Read each row (RowReader); set aside wrong rows and those that repeat an earlier row (sort_out).
2. Compare the rest with the database and write what is new, in one transaction (store).
3. Report the counts and the rejected rows.

The callers are leads.imports.batches (browser) and leads.imports.history.command_line. Each has an
Importer of its own: its identity rule, and what it writes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from django.db import DataError, IntegrityError, transaction

from crm.lib.files.layout import Row
from leads.imports.identity.duplicate_rows import EarlierRow
from leads.imports.notes import Note
from leads.imports.problems import DeferredText, Problem
from leads.imports.problems import deferred as _
from leads.imports.readings import PHONE, Reading, RowReader
from leads.imports.states import RowKind
from leads.records.identity.rules import Field

BATCH = 1_000  # rows in one transaction
# The advisory lock of imports; any number that nothing else locks. Two imports at once would create
# the same people, companies and sources twice.
LOCK = 20_180_226
TAKEN_ID = "lead_external_once_per_team"  # the constraint of external ids


@dataclass(frozen=True)
class Rejection:
    """A row that was not taken, and why.

    ``contradicts``: other values are recorded already. ``matched_field`` is the field by which it
    is a lead or an earlier row, ``matched_lead`` the id of that lead; "" and None for other kinds.
    """

    row: Row
    kind: RowKind
    problems: Sequence[Problem]
    contradicts: bool = False
    matched_field: str = ""
    matched_lead: int | None = None


@dataclass
class BatchResult:
    """The result of a batch: how many rows of each kind, the rejected ones, and the notes."""

    counts: Counter[str] = field(default_factory=Counter)
    rejections: list[Rejection] = field(default_factory=list)
    notes: list[tuple[int, Note]] = field(default_factory=list)

    def count(self, **numbers: int) -> None:
        self.counts.update(numbers)

    def reject(
        self,
        reading: Reading,
        problem: DeferredText | Sequence[Problem],
        kind: RowKind = RowKind.WRONG,
        *,
        contradicts: bool = False,
        matched_field: str = "",
        matched_lead: int | None = None,
    ) -> None:
        if isinstance(problem, DeferredText):
            problem = [Problem(problem)]
        rejection = Rejection(
            reading.row,
            kind,
            problem,
            contradicts,
            matched_field,
            matched_lead,
        )
        self.rejections.append(rejection)

    def note(self, reading: Reading, *more: Note) -> None:
        """Take over the notes of a row, and ``more`` of them."""
        self.notes.extend((reading.row.number, note) for note in (*reading.notes, *more))

    def add(self, other: BatchResult) -> None:
        self.counts.update(other.counts)
        self.rejections.extend(other.rejections)
        self.notes.extend(other.notes)


class Importer(Protocol):
    """What is particular to one kind of import. ``system``: the one of the file's external ids."""

    system: str

    def write(self, readings: Sequence[Reading]) -> BatchResult:
        """Write what is new of ``readings``. May be called again with a part of them."""


def sort_out(
    rows: Iterable[Row],
    reader: RowReader,
    earlier_row: Callable[[Reading], EarlierRow | None],
    result: BatchResult,
) -> list[Reading]:
    """Return the readings of the rows that may be written; the others go to ``result``.

    ``earlier_row`` returns the earlier row of the file that a reading repeats. It is called once
    for every row, in order; for a wrong row it has to return None.
    """
    usable: list[Reading] = []
    for row in rows:
        reading = reader.read(row)
        earlier = earlier_row(reading)
        if reading.problems:
            result.reject(reading, reading.problems)
        elif earlier is None:
            usable.append(reading)
        elif earlier.is_same:
            _reject_duplicate(reading, earlier, result)
        else:
            reading.note(PHONE, "phone_of_row", row=earlier.row)
            usable.append(reading)
    return usable


def _reject_duplicate(reading: Reading, earlier: EarlierRow, result: BatchResult) -> None:
    field = earlier.field or Field.WHOLE_ROW
    why = _("row %(row)d is the same person") % {"row": earlier.row}
    problem = Problem(why, field=field)
    if field == Field.WHOLE_ROW:
        problem = Problem(_("row %(row)d says the same") % {"row": earlier.row})
    result.reject(reading, [problem], RowKind.DUPLICATE, matched_field=field.value)


def store(importer: Importer, readings: Sequence[Reading]) -> BatchResult:
    """Write ``readings`` in one transaction.

    Where the database refuses, the batch is halved until the one row is alone; it is rejected.
    """
    if not readings:
        return BatchResult()
    try:
        with transaction.atomic():
            return importer.write(readings)
    # Only these: a lost connection must not make wrong rows of good ones.
    except (DataError, IntegrityError) as error:
        if len(readings) == 1:
            return _refused(readings[0], error)
    # Outside of the transaction that failed: PostgreSQL accepts no statement in it any more.
    half = len(readings) // 2
    result = store(importer, readings[:half])
    result.add(store(importer, readings[half:]))
    return result


def _refused(reading: Reading, error: Exception) -> BatchResult:
    result = BatchResult()
    first_line = str(error).partition("\n")[0]
    # A lead that the importer may not see may have it, so the text names no lead.
    if TAKEN_ID in first_line:
        result.reject(reading, [Problem(_("is in use already"), field=Field.EXTERNAL_ID)])
        return result
    problem = _("the database refuses the row: %(reason)s") % {"reason": first_line}
    result.reject(reading, problem)
    return result
