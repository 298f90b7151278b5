"""Notes on the rows of an import: what was left out or is worth a look, though the row is taken.

A note is stored as a code with its values, so that each reader gets the words in their language.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from crm.accounts.models import User
from leads.imports.columns.labels import labels
from leads.imports.problems import shown
from leads.models import ImportNote, ImportRun, Lead

FIRST = 20  # notes that a page shows
SHOWN = 60  # characters of a cell in a note


@dataclass(frozen=True)
class Words:
    """The words of a code: ``summary`` for a count, ``detail`` for one row, with its values."""

    summary: Promise
    detail: Promise


WORDS: dict[str, Words] = {
    "left_out": Words(
        gettext_lazy("left empty: the value cannot be read"),
        gettext_lazy("“%(cell)s” is left out: %(reason)s"),
    ),
    "phone_placeholder": Words(
        gettext_lazy("no phone: left empty"),
        gettext_lazy("“%(cell)s” is no phone: left empty"),
    ),
    "phone_masked": Words(
        gettext_lazy("a masked phone: left empty"),
        gettext_lazy("“%(cell)s” hides digits: left empty"),
    ),
    "phone_lost_digits": Words(
        gettext_lazy("a spreadsheet dropped digits: left empty"),
        gettext_lazy("“%(cell)s”: a spreadsheet dropped digits, which are lost: left empty"),
    ),
    "phone_wrong_length": Words(
        gettext_lazy("too many or too few digits for its country: left empty"),
        gettext_lazy("“%(cell)s” has too many or too few digits for its country: left empty"),
    ),
    "phone_unread": Words(
        gettext_lazy("no country known: kept as typed"),
        gettext_lazy("“%(cell)s” is kept as typed: its country is not known"),
    ),
    "phone_of_row": Words(
        gettext_lazy("the same phone as another person of the file"),
        gettext_lazy("row %(row)d is another person with the same phone"),
    ),
    "phone_of_lead": Words(
        gettext_lazy("the same phone as another lead"),
        gettext_lazy("another lead has the same phone"),
    ),
    "other_email": Words(
        gettext_lazy("the known lead has another e-mail"),
        gettext_lazy("the lead with this external id has another e-mail than “%(email)s”"),
    ),
    "known": Words(
        gettext_lazy("known already"),
        gettext_lazy("a lead that is here already has the same value"),
    ),
    "no_email": Words(
        gettext_lazy("no e-mail address: left empty"),
        gettext_lazy("“%(cell)s” is no e-mail address: left empty"),
    ),
    "rest_left_out": Words(
        gettext_lazy("more than one value: only the first is taken"),
        gettext_lazy("“%(taken)s” is taken; “%(rest)s” is left out"),
    ),
    "bad_cell": Words(
        gettext_lazy("left empty: the value cannot be read"),
        gettext_lazy("%(reason)s; left empty"),
    ),
    "outcome_apart": Words(
        gettext_lazy("left empty: outcomes come in a file of their own"),
        gettext_lazy("“%(cell)s” is an outcome, which comes in a file of its own; left empty"),
    ),
    "way_out": Words(
        gettext_lazy("left empty: the lead begins anew here"),
        gettext_lazy("“%(cell)s” is no stage to begin with: the lead begins anew; left empty"),
    ),
    "no_company": Words(
        gettext_lazy("left out: the row names no company"),
        gettext_lazy("“%(cell)s” is left out, because the row names no company"),
    ),
    "rounded": Words(
        gettext_lazy("rounded"),
        gettext_lazy("“%(cell)s” was rounded to %(rounded)s"),
    ),
    "range": Words(
        gettext_lazy("a range: its lower end was taken"),
        gettext_lazy("“%(cell)s” was taken as %(people)d"),
    ),
    "cut_off": Words(
        gettext_lazy("cut off"),
        gettext_lazy("only the first %(most)d characters were taken"),
    ),
}


@dataclass(frozen=True)
class Note:
    """A note on the cell of one field. ``values`` fill the words; ``lead`` is one it points at."""

    field: str
    code: str
    values: Mapping[str, Any]
    lead: int | None = None


@dataclass(frozen=True)
class Noted:
    """What a parser returns to take a cell with a note; ``value`` None leaves the field empty."""

    value: Any
    code: str
    values: Mapping[str, Any]


@dataclass
class NoteLog:
    """The notes of a file so far: how many of each kind, and the first ones with their row."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    first: list[tuple[int, Note]] = field(default_factory=list)

    def add(self, row: int, notes: Iterable[Note]) -> None:
        for note in notes:
            self.counts[note.field, note.code] += 1
            if len(self.first) < FIRST:
                self.first.append((row, note))

    def as_json(self) -> dict[str, Any]:
        """Return the log as :func:`of_check` reads it again."""
        first = []
        for row, note in self.first:
            values = dict(note.values)
            first.append([row, note.field, note.code, values, note.lead])
        counts = [[name, code, count] for (name, code), count in self.counts.most_common()]
        return {"first": first, "counts": counts}


def shortened(cell: str) -> str:
    """Return a cell as a note keeps it."""
    if len(cell) > SHOWN:
        return f"{cell[: SHOWN - 1]}…"
    return cell


def text_of(code: str, values: Mapping[str, Any]) -> str:
    """Return the words of one note, in the active language."""
    words = WORDS.get(code)
    # A later version may have stored a code that this one does not know.
    if words is None:
        return code
    return str(words.detail) % {name: shown(value) for name, value in values.items()}


def summary_of(code: str) -> str:
    """Return the words for all notes of one code on one field, in the active language."""
    words = WORDS.get(code)
    if words is None:
        return code
    return str(words.summary)


# -- What a page shows


@dataclass(frozen=True)
class NoteCount:
    """How many notes of one kind a file has. ``field`` is the label of the field."""

    field: str
    text: str
    count: int


@dataclass(frozen=True)
class NoteShown:
    """One note with its row. ``lead``: the one it points at, if the reader may see it."""

    row: int
    field: str
    text: str
    lead: Lead | None


@dataclass(frozen=True)
class NotesShown:
    """The notes of a file: counts of each kind, the largest first, and the first notes."""

    counts: Sequence[NoteCount] = ()
    first: Sequence[NoteShown] = ()

    @property
    def total(self) -> int:
        return sum(each.count for each in self.counts)


def of_check(run: ImportRun, user: User) -> NotesShown:
    """Return the notes of the check of ``run``, as ``user`` may read them."""
    stored = run.checked.get("notes", {})
    notes = [(row, Note(*rest)) for row, *rest in stored.get("first", [])]
    return _shown(stored.get("counts", []), notes, user)


def of_import(run: ImportRun, user: User) -> NotesShown:
    """Return the notes of what ``run`` has imported so far, as ``user`` may read them."""
    rows = ImportNote.objects.filter(run=run)
    counts = rows.order_by().values_list("field", "code").annotate(count=Count("pk"))
    notes = []
    for row in rows.order_by("number", "pk")[:FIRST]:
        notes.append((row.number, Note(row.field, row.code, row.values, row.lead_id)))
    return _shown(sorted(counts, key=lambda each: -each[2]), notes, user)


def of_log(log: NoteLog) -> NotesShown:
    """Return the notes of ``log`` without links to leads, for the command line."""
    counts = [(name, code, count) for (name, code), count in log.counts.most_common()]
    return _shown(counts, log.first, None)


def _shown(
    counts: Iterable[Sequence[Any]], notes: Sequence[tuple[int, Note]], user: User | None
) -> NotesShown:
    counts = list(counts)
    names = labels({name for name, _code, _count in counts})
    leads: dict[int, Lead] = {}
    wanted = {note.lead for _row, note in notes if note.lead}
    if wanted and user is not None:
        # A lead that the reader may not see is not named.
        visible = Lead.objects.visible_to(user).with_names()
        leads = {lead.pk: lead for lead in visible.filter(pk__in=wanted)}
    return NotesShown(
        counts=[NoteCount(names[name], summary_of(code), count) for name, code, count in counts],
        first=[
            NoteShown(
                row,
                names.get(note.field, note.field),
                text_of(note.code, note.values),
                leads.get(note.lead or 0),
            )
            for row, note in notes
        ],
    )
