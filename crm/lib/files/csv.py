"""CSV: read the rows of a text file, and write files that a spreadsheet can open safely."""

from __future__ import annotations

import csv
import os
import re
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, TextIO

from django.utils.translation import gettext as _

from crm.lib.files.layout import ENCODINGS, Row, UnusableFile

PLAIN_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*")
FORMULA_SIGNS = "=+-@"


def codec_of(encoding: str) -> str:
    """Return the codec that decodes ``encoding``; a byte order mark of UTF-8 is left out."""
    if encoding == "utf-8":
        return "utf-8-sig"
    return encoding


def read_rows(file: TextIO, delimiter: str, encoding: str) -> Iterator[Row]:
    """Yield each row of ``file``, empty ones too. ``encoding`` is named in the error message.

    Raises UnusableFile for a quote out of place and for bytes that are not text.
    """
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            yield Row(number, [unneutral(cell) for cell in cells])
    except csv.Error as error:
        place = {"line": reader.line_num, "reason": error}
        raise UnusableFile(
            _("A quote is not closed or out of place up to line %(line)d: %(reason)s.") % place
        ) from None
    except UnicodeError:
        place = {"row": number + 1, "encoding": ENCODINGS.get(encoding, encoding)}
        raise UnusableFile(
            _("From row %(row)d on the file is not %(encoding)s text.") % place
        ) from None


# Spreadsheets run cells as formulas, from CSV too (OWASP, "CSV injection").


def neutral(cell: str) -> str:
    """Return ``cell`` with an apostrophe before it where a spreadsheet would run it.

    Spaces, invisible and full-width characters do not hide a formula. :func:`unneutral` undoes
    this exactly.
    """
    if _is_formula(cell.lstrip("'")):
        return f"'{cell}"
    return cell


def unneutral(cell: str) -> str:
    """Return ``cell`` without the apostrophe that neutral(), or a spreadsheet, put before it."""
    if cell.startswith("'") and _is_formula(cell.lstrip("'")):
        return cell[1:]
    return cell


def _is_formula(cell: str) -> bool:
    if not cell or PLAIN_NUMBER.fullmatch(cell):
        return False
    for character in cell:
        # Z and C: separators, controls and invisible characters, which a spreadsheet skips.
        if unicodedata.category(character)[0] not in "ZC":
            return unicodedata.normalize("NFKC", character)[0] in FORMULA_SIGNS
    return False


class Writer:
    """Context manager that writes a CSV in UTF-8 with a byte order mark and commas.

    The file gets its name only at the end, and only if it has rows; only its owner can read it.
    Raises UnusableFile on entering where the folder cannot be written.
    """

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self.path = path
        self.header = header
        self.count = 0
        self.file: IO[str] | None = None

    def __enter__(self) -> Writer:
        try:
            self.file = tempfile.NamedTemporaryFile(
                "w",
                encoding="utf-8-sig",
                newline="",
                dir=self.path.parent,
                prefix=f".{self.path.name}.",
                delete=False,
            )
        except OSError as error:
            details = {"path": self.path, "reason": error.strerror}
            raise UnusableFile(_("%(path)s cannot be written: %(reason)s.") % details) from None
        self.csv = csv.writer(self.file)
        self.csv.writerow(neutral(cell) for cell in self.header)
        return self

    def write(self, cells: Sequence[Any]) -> None:
        """Add one row; cells that a spreadsheet would run are neutralised."""
        self.csv.writerow(neutral(str(cell)) for cell in cells)
        self.count += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self.file is not None
        self.file.close()
        if self.count:
            os.replace(self.file.name, self.path)
        else:
            os.unlink(self.file.name)
