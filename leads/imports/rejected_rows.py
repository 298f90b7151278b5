"""The rows that an import did not take, in the language of the person who reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from leads.imports import problems
from leads.imports.columns.labels import labels as labels_of
from leads.imports.problems import Label, Problem
from leads.imports.states import RowKind
from leads.models import ImportReject, ImportRun


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


def found_by_check(run: ImportRun) -> list[dict[str, Any]]:
    """Return the first problems of a check, each as number, kind and text."""
    label = label_of(run)
    rows = []
    for found in run.checked.get("problems", []):
        # A check of an earlier version has stored a text.
        text = found.get("problem") or _text(found["problems"], label)
        rows.append({"row": found["row"], "kind": RowKind(found["kind"]), "problem": text})
    return rows


def lines(run: ImportRun) -> Iterator[list[str]]:
    """Yield the rejected rows as lines of a table, the header first.

    A line has the row number, what the row is, the problem, and the original cells.
    """
    # Translated now: when the response streams the lines, no language is active any more.
    header = [_("row"), _("what it is"), _("problem"), *run.header]
    kinds = {kind.value: str(kind.label) for kind in RowKind}
    return _lines(run, header, kinds, label_of(run), get_language() or "")


def _lines(
    run: ImportRun, header: list[str], kinds: Mapping[str, str], label: Label, language: str
) -> Iterator[list[str]]:
    yield header
    rows = ImportReject.objects.filter(run=run).order_by("number")
    for reject in rows.iterator(chunk_size=2000):
        with override(language):
            problem = problem_text(reject, label)
        yield [str(reject.number), kinds[reject.kind], problem, *reject.cells]
