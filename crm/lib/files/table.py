"""The reader of table files, CSV or XLSX: rows one after the other, in constant memory."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from django.utils.translation import gettext as _

from crm.lib.files import csv
from crm.lib.files.layout import UPLOAD_LIMITS, Layout, Limits, Row, UnusableFile
from crm.lib.files.xlsx import Workbook
from crm.lib.text import clean_line

# What reports of other tools write below the table; a person or company is not called so.
FOOTER = re.compile(
    r"(copyright|©|\(c\) ?\d{4}|confidential information|informaci[oó]n confidencial"
    r"|(generated|exported|generado|exportado|gerado) (by|on|por|el|em)\b|grand total|total general"
    r"|total de registros|record count|filtered by|filtrado por)",
    re.IGNORECASE,
)


class Table:
    """A file that is read by a layout, as a context manager.

    Reading raises UnusableFile with a message that says what to do.
    """

    def __init__(self, path: Path, layout: Layout, limits: Limits = UPLOAD_LIMITS) -> None:
        self.path = path
        self.layout = layout
        self.limits = limits
        self.book: Workbook | None = None
        self.raw: io.BufferedReader | None = None
        self.stack = ExitStack()

    def __enter__(self) -> Table:
        if self.layout.kind == "xlsx":
            self.book = self.stack.enter_context(Workbook(self.path))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stack.close()

    @property
    def fraction(self) -> float:
        """How much of the file has been read, from 0 to 1."""
        if self.book:
            return self.book.fraction
        if self.raw:
            return self.raw.tell() / max(self.path.stat().st_size, 1)
        return 0.0

    def records(self) -> Iterator[Row]:
        """Yield every row that has any text, from the top of the file."""
        rows = self.book.rows(self.layout.sheet) if self.book else self._csv_rows()
        for row in rows:
            if any(cell.strip() for cell in row.cells):
                yield row

    def _csv_rows(self) -> Iterator[Row]:
        encoding = self.layout.encoding
        self.raw = self.path.open("rb")
        # The stack holds the file open: `fraction` is asked for after the last row, too.
        text = self.stack.enter_context(
            io.TextIOWrapper(self.raw, encoding=csv.codec_of(encoding), newline="")
        )
        return csv.read_rows(text, self.layout.delimiter, encoding)

    def rows(self) -> tuple[list[str], Iterator[Row]]:
        """Return the names of the columns, and an iterator over the rows below them."""
        records = self.records()
        names = self._header(records)
        while names and not names[-1]:
            names.pop()
        if len(names) > self.limits.columns:
            numbers = {"most": self.limits.columns}
            raise UnusableFile(
                _("The file has more than %(most)d columns. Delete those that you do not need.")
                % numbers
            )
        return names, self._limited(records)

    def _header(self, records: Iterator[Row]) -> list[str]:
        wanted = self.layout.header_row
        for row in records:
            if row.number == wanted:
                return [clean_line(cell) for cell in row.cells]
            if row.number > wanted:
                break
        raise UnusableFile(_("Row %(row)d is empty: it cannot name the columns.") % {"row": wanted})

    def _limited(self, records: Iterator[Row]) -> Iterator[Row]:
        most = self.limits.rows
        rows = (row for row in records if not _is_footer(row))
        for count, row in enumerate(rows, start=1):
            if count > most:
                raise UnusableFile(
                    _("The file has more than %(most)d rows: split it.") % {"most": most}
                )
            yield row


def _is_footer(row: Row) -> bool:
    """Return whether a row is a line below the table, as reports have: one cell of known words."""
    filled = [cell for cell in row.cells if cell.strip()]
    return len(filled) == 1 and bool(FOOTER.match(filled[0].strip()))
