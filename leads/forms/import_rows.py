"""The form that corrects rejected rows of an import: a field for each cell that may be wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from crm.lib.forms import Lines
from leads.imports.rejects.rows import RejectShown

LONGEST = 20_000  # characters of a cell


def name_of(number: int, position: int) -> str:
    """Return the name of the field of one cell."""
    return f"cell-{number}-{position}"


class RejectedRowsForm(forms.Form):
    """Rejected rows of one page, with the cells as they are stored."""

    def __init__(
        self, *args: Any, rows: Sequence[RejectShown], header: Sequence[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.shown = rows
        for row in rows:
            for position in row.positions:
                title = _("Column %(number)d") % {"number": position + 1}
                if position < len(header) and header[position]:
                    title = header[position]
                cell = row.cell(position)
                # A control of one line would drop the line breaks of a note.
                widget: forms.Widget = forms.TextInput()
                if "\n" in cell:
                    widget = forms.Textarea(attrs={"rows": 3})
                self.fields[name_of(row.reject.number, position)] = Lines(
                    label=title,
                    required=False,
                    max_length=LONGEST,
                    initial=cell,
                    widget=widget,
                )

    def rows(self) -> list[tuple[RejectShown, list[forms.BoundField]]]:
        """Return each row with the fields of its cells."""
        rows = []
        for row in self.shown:
            names = [name_of(row.reject.number, position) for position in row.positions]
            rows.append((row, [self[name] for name in names]))
        return rows

    @property
    def typed(self) -> Mapping[int, Mapping[int, str]]:
        """The cleaned cells, by the number of the row and their position."""
        typed: dict[int, dict[int, str]] = {}
        for row in self.shown:
            number = row.reject.number
            cells = {place: self.cleaned_data[name_of(number, place)] for place in row.positions}
            typed[number] = cells
        return typed
