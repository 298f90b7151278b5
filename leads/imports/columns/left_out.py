"""The columns of a file that are not imported, with a sample, and how to import one after all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import User
from crm.lib.errors import DomainError
from crm.lib.text import clean_line, fold
from leads.imports import runs
from leads.imports.columns import questions, values
from leads.imports.columns.targets import SKIP, without_place
from leads.imports.shown import lock_as_shown
from leads.models import CustomField, ImportRun
from leads.records import custom_fields

SHOWN_VALUES = 3
ID_WORDS = frozenset(["id", "ids", "codigo", "code", "postal", "zip", "folio"])


@dataclass(frozen=True)
class LeftOut:
    """A column that is not imported. ``needs_company``: only because no column is the company.

    ``type`` is what a custom field for its values would hold.
    """

    position: int
    header: str
    values: list[str]
    needs_company: bool = False
    type: str = CustomField.Type.TEXT


def of_run(run: ImportRun) -> list[LeftOut]:
    """Return the columns of ``run`` that have values and are not imported."""
    unplaced = without_place(run.columns)
    left_out: list[LeftOut] = []
    for position, code in enumerate(run.columns):
        if code != SKIP and code not in unplaced:
            continue
        cells = [row[position] for _number, row in run.sample if position < len(row)]
        filled = values.filled(cells)
        # Exports have many columns without any value; nothing of them is lost.
        if filled:
            column = _column(run, position, filled)
            left_out.append(replace(column, needs_company=code != SKIP))
    return left_out


def _column(run: ImportRun, position: int, filled: list[str]) -> LeftOut:
    name = run.header[position] or _("Column %(number)d") % {"number": position + 1}
    shown = list(dict.fromkeys(filled))[:SHOWN_VALUES]
    type = values.type_of_custom_field(filled)
    # Ids are not for arithmetic, and a large one would not fit a number.
    if ID_WORDS & set(fold(name).split()):
        type = CustomField.Type.TEXT
    return LeftOut(position, name, shown, type=type)


class NotLeftOut(DomainError):
    """The column is imported already, or the file has no such column."""

    code = "not_left_out"
    message = gettext_lazy("This column is imported already.")


@transaction.atomic
def make_custom_field(
    run: ImportRun,
    position: int,
    type: str,
    *,
    by: User,
    at: datetime,
    shown: str | None = None,
) -> CustomField:
    """Create a custom field of this ``type`` for a column that is left out, and match the two.

    The file is then checked again, unless the new field leaves a question open. ``shown``: as in
    leads.imports.runs. Raises NotLeftOut, ImportMovedOn, BadField, NameTaken.
    """
    lock_as_shown(run, shown)
    by_position = {column.position: column for column in of_run(run)}
    column = by_position.get(position)
    if column is None:
        raise NotLeftOut
    name = clean_line(column.header)[: custom_fields.LONGEST]
    custom = custom_fields.create({by.language: name}, type, by=by, at=at)
    columns = list(run.columns)
    columns[position] = f"attributes.{custom.code}"
    asked = questions.of_columns(run, columns, [custom])
    if asked.dates or asked.numbers:
        runs.keep_columns(run, columns)
        return custom
    runs.match(
        run,
        columns,
        source=run.source,
        first_action=run.first_action,
        answers=run.answers,
        by=by,
        at=at,
    )
    return custom
