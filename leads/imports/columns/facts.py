"""What the cells of a column say about how to read it: order of day and month, decimal sign.

Where they leave it open, the person is asked once. Pure but for the parsers' idea of an empty cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from crm.lib import countries
from crm.lib.files import dates
from crm.lib.files.layout import Row
from crm.lib.numbers import typed
from leads.imports import parsers
from leads.imports.columns import values
from leads.imports.parsers import Style

ROWS = 5_000  # rows of a file that are looked at
EXAMPLES = 2  # cells that a question shows
MOST_COUNTRIES = 20  # unknown countries that are asked for
LONGEST_COUNTRY = 60  # characters
MOST_DIFFERENT = 300
LONGEST_NUMBER = 40  # characters


@dataclass(frozen=True)
class Facts:
    """The facts of one column.

    ``month_first`` and ``decimal`` are None where the cells do not decide. ``open_dates`` and
    ``open_numbers`` are then cells that can be read in two ways; ``unknown_countries`` are texts
    that name no country, in a column that has some.
    """

    month_first: bool | None = None
    decimal: str | None = None
    open_dates: Sequence[str] = ()
    open_numbers: Sequence[str] = ()
    unknown_countries: Sequence[str] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the known facts alone: most columns have none."""
        stored = {
            "month_first": self.month_first,
            "decimal": self.decimal,
            "open_dates": list(self.open_dates),
            "open_numbers": list(self.open_numbers),
            "unknown_countries": list(self.unknown_countries),
        }
        return {name: value for name, value in stored.items() if value not in (None, [])}

    def style(self, style: Style, answers: Mapping[str, Any]) -> Style:
        """Return how to read the column: as its cells say, else as the person has answered."""
        month_first = self.month_first
        if month_first is None:
            month_first = answers.get("month_first")
        decimal = self.decimal or answers.get("decimal")
        if decimal is None:
            return replace(style, month_first=month_first)
        return replace(style, month_first=month_first, decimal=decimal, is_decided=True)


def of_columns(width: int, rows: Sequence[Row], *, is_sheet: bool) -> list[Facts]:
    """Return the facts of each of the ``width`` columns of a file."""
    facts: list[Facts] = []
    for position in range(width):
        cells = (row.cells[position] for row in rows if position < len(row.cells))
        # Each value once: they repeat, and nothing here counts.
        facts.append(of_cells(dict.fromkeys(values.filled(list(cells))), is_sheet=is_sheet))
    return facts


def of_cells(cells: Iterable[str], *, is_sheet: bool = False) -> Facts:
    """Return the facts of a column from its different cells."""
    different = list(cells)
    numbers = [cell for cell in different if _is_number(cell, is_sheet)]
    order = dates.order_of(different)
    decimal: str | None = None
    open_numbers: list[str] = []
    if numbers:
        decimal = typed.column_decimal(numbers)
        if decimal is None:
            open_numbers = [cell for cell in numbers if len(_readings(cell)) > 1]
    return Facts(
        month_first=order.month_first,
        decimal=decimal,
        open_dates=order.examples[:EXAMPLES],
        open_numbers=open_numbers[:EXAMPLES],
        unknown_countries=_unknown_countries(different),
    )


def _is_number(cell: str, is_sheet: bool) -> bool:
    """Return whether a cell says something about the decimal sign of its column."""
    if len(cell) > LONGEST_NUMBER or not values.has_digit(cell):
        return False
    # A sheet stores its numbers with a point; only its texts follow the habits of people.
    if is_sheet and parsers.SHEET_NUMBER.fullmatch(cell):
        return False
    return bool(_readings(cell))


def _readings(cell: str) -> set[Any]:
    return set(typed.readings(parsers.without_currency(cell)).values())


def _unknown_countries(cells: Sequence[str]) -> list[str]:
    # There are no more countries than that; most columns of a wide file end here.
    if len(cells) > MOST_DIFFERENT:
        return []
    known = [cell for cell in cells if countries.find(cell)]
    unknown = [cell for cell in cells if not countries.find(cell) and values.is_text(cell)]
    # In a column of other texts a country may stand by chance.
    if len(known) < len(unknown) or len(unknown) > MOST_COUNTRIES:
        return []
    return [cell for cell in unknown if len(cell) <= LONGEST_COUNTRY]
