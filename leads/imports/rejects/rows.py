"""The rows that an import did not take, in the language of the person who reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from crm.accounts.models import User
from leads.imports import problems
from leads.imports.columns import headers
from leads.imports.columns.labels import labels as labels_of
from leads.imports.columns.targets import SKIP
from leads.imports.problems import Label, Problem
from leads.imports.states import RowKind
from leads.models import ImportReject, ImportRun, Lead

ON_A_PAGE = 20
MOST_CELLS = 30  # of one row
IN_MEMORY = 2000  # rows of a file that is being written


def label_of(run: ImportRun) -> Label:
    """Return the function from a field that ``run`` fills to its label. At most one query."""
    labels = labels_of(run.columns)

    def label(code: str) -> str:
        return labels.get(code, code)

    return label


def problem_text(reject: ImportReject, label: Label) -> str:
    """Return why the row was not taken, in the active language."""
    # Rows of earlier versions have a text in the language of their time.
    if reject.problem:
        return reject.problem
    return _text(reject.problems, label)


def _text(stored: Iterable[Mapping[str, Any]], label: Label) -> str:
    return problems.joined((Problem.from_json(each) for each in stored), label)


@dataclass(frozen=True)
class CheckedRow:
    """A row with its result in the check. ``lead``: the match, if the reader may see it."""

    row: int
    kind: RowKind
    cells: str
    problem: str
    lead: Lead | None


def found_by_check(run: ImportRun, user: User) -> list[CheckedRow]:
    """Return the first rows of each kind from the check of ``run``."""
    label = label_of(run)
    stored = run.checked.get("rows", [])
    leads = matched_leads(user, [checked.get("lead") for checked in stored])
    rows = []
    for checked in stored:
        row = CheckedRow(
            row=checked["row"],
            kind=RowKind(checked["kind"]),
            cells=checked["cells"],
            problem=_text(checked.get("problems", []), label),
            lead=leads.get(checked.get("lead") or 0),
        )
        rows.append(row)
    return rows


def lines(run: ImportRun) -> Iterator[list[str]]:
    """Yield the rejected rows as lines of a table, the header first.

    A line has the row number, what the row is, the problem, and the original cells. Where the file
    was one of rejected rows itself, the columns that it had more are not repeated.
    """
    # Translated now: when the response streams the lines, no language is active any more.
    added = headers.added_columns(run.header)
    header = [_("row"), _("what it is"), _("problem"), *run.header[added:]]
    kinds = {kind.value: str(kind.label) for kind in RowKind}
    return _lines(run, header, kinds, label_of(run), get_language() or "", added=added)


def _lines(
    run: ImportRun,
    header: list[str],
    kinds: Mapping[str, str],
    label: Label,
    language: str,
    *,
    added: int,
) -> Iterator[list[str]]:
    yield header
    for reject in _stored(run):
        with override(language):
            problem = problem_text(reject, label)
        yield [str(reject.number), kinds[reject.kind], problem, *reject.cells[added:]]


def _stored(run: ImportRun) -> Iterator[ImportReject]:
    """Yield the rejected rows in order, IN_MEMORY of them at a time."""
    rows = ImportReject.objects.filter(run=run).order_by("number")
    batch = list(rows[:IN_MEMORY])
    while batch:
        yield from batch
        batch = list(rows.filter(number__gt=batch[-1].number)[:IN_MEMORY])


# -- What a page shows


@dataclass(frozen=True)
class RejectShown:
    """A rejected row on a page. ``lead``: the one that it matched, if the reader may see it.

    ``positions`` are the cells that may be wrong.
    """

    reject: ImportReject
    kind: str
    problem: str
    lead: Lead | None
    positions: Sequence[int]

    def cell(self, position: int) -> str:
        """Return the cell, empty behind the end of the row."""
        if position < len(self.reject.cells):
            return str(self.reject.cells[position])
        return ""


def page(run: ImportRun, user: User, *, after: int) -> tuple[list[RejectShown], int]:
    """Return the next rejected rows behind the row ``after``, and where to go on, 0 at the end."""
    stored = ImportReject.objects.filter(run=run, number__gt=after).order_by("number")
    rejects = list(stored[: ON_A_PAGE + 1])
    shown = shown_to(user, run, rejects[:ON_A_PAGE])
    go_on = 0
    if len(rejects) > ON_A_PAGE:
        go_on = rejects[ON_A_PAGE - 1].number
    return shown, go_on


def with_numbers(run: ImportRun, user: User, numbers: Iterable[int]) -> list[RejectShown]:
    """Return the rejected rows with these numbers that are still there."""
    stored = ImportReject.objects.filter(run=run, number__in=list(numbers))
    return shown_to(user, run, list(stored.order_by("number")))


def shown_to(user: User, run: ImportRun, rejects: Sequence[ImportReject]) -> list[RejectShown]:
    """Return rejected rows of ``run`` in the words of ``user``. At most two queries."""
    label = label_of(run)
    leads = matched_leads(user, [reject.matched_lead_id for reject in rejects])
    shown = []
    for reject in rejects:
        row = RejectShown(
            reject=reject,
            kind=str(RowKind(reject.kind).label),
            problem=problem_text(reject, label),
            lead=leads.get(reject.matched_lead_id or 0),
            positions=_positions(run, reject),
        )
        shown.append(row)
    return shown


def matched_leads(user: User, pks: Iterable[int | None]) -> dict[int, Lead]:
    """Return those of the leads that ``user`` may see, by id."""
    wanted = {pk for pk in pks if pk}
    if not wanted:
        return {}
    return Lead.objects.visible_to(user).with_names().in_bulk(wanted)


def _positions(run: ImportRun, reject: ImportReject) -> list[int]:
    """Return the positions of the cells that may be wrong; of all that are imported if unknown."""
    positions = {problem.get("position") for problem in reject.problems} - {None}
    fields = {problem.get("field") for problem in reject.problems} | {reject.matched_field}
    for position, field in enumerate(run.columns):
        if field != SKIP and field in fields:
            positions.add(position)
    if not positions:
        positions = {position for position, field in enumerate(run.columns) if field != SKIP}
    return sorted(positions)[:MOST_CELLS]


def any_left(run: ImportRun) -> bool:
    """Return whether rows of ``run`` are still left out."""
    return ImportReject.objects.filter(run=run).exists()
