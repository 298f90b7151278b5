"""A table file as data: how it is read, how large it may be, and its rows."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, field
from typing import Any

from crm.lib.errors import DomainError

ENCODINGS = {
    "utf-8": "UTF-8",
    "cp1252": "Windows-1252",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
    "cp850": "DOS (cp850)",
    "mac_roman": "Mac Roman",
}
DELIMITERS = (",", ";", "\t", "|")
# The default of csv.field_size_limit(); XLSX cells are held to the same number.
LONGEST_CELL = 131_072  # characters


class UnusableFile(DomainError):
    """The file as a whole cannot be read; nothing of it was used."""

    code = "unusable_file"


@dataclass(frozen=True)
class Row:
    """One row of a table. ``number`` counts as a spreadsheet does: the first row is 1."""

    number: int
    cells: list[str]


@dataclass(frozen=True)
class Limits:
    """The largest file that is accepted; ``size`` in bytes."""

    size: int
    columns: int
    rows: int = sys.maxsize


UPLOAD_LIMITS = Limits(size=50_000_000, columns=200, rows=200_000)


@dataclass(frozen=True)
class Layout:
    """How a file is read.

    ``kind`` is "csv" or "xlsx". ``header_row`` is the number of the row that names the columns.
    ``sheets`` lists the sheets of a workbook, ``sheet`` is the one to read. ``decimal`` is the sign
    before decimals, as far as the delimiter shows it.
    """

    kind: str = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    sheet: str = ""
    header_row: int = 1
    sheets: list[str] = field(default_factory=list)
    decimal: str = "."

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
