"""CSV files from other systems, read strictly: a file is either understood or refused in words,
never guessed at.

Text is UTF-8 (with or without a mark), UTF-16 with a mark, else Windows-1252; cells are parted by
comma, semicolon or tab, whichever the header has most of.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from django.utils.translation import gettext as _

from crm.lib.errors import DomainError

DELIMITERS = (",", ";", "\t")
LARGEST_FILE = 200_000_000  # bytes
MOST_COLUMNS = 2_000
QUOTED = re.compile(r'"[^"]*"')
PLAIN_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*")


class UnusableFile(DomainError):
    """The file as a whole cannot be read; nothing of it was used."""

    code = "unusable_file"


@dataclass(frozen=True)
class Row:
    """``number`` as a spreadsheet counts: the header is row 1."""

    number: int
    cells: list[str]


@dataclass(frozen=True)
class Table:
    """A CSV file that parses to its end. ``name`` is the file's name without its folder."""

    name: str
    text: str
    encoding: str
    delimiter: str
    sha256: str
    header: list[str]

    def rows(self) -> Iterator[Row]:
        """The rows below the header; rows without any text are left out, but counted in the
        numbers.
        """
        records = _records(self.text, self.delimiter)
        next(records)
        for number, cells in enumerate(records, start=2):
            if any(cell.strip() for cell in cells):
                yield Row(number, [unneutral(cell) for cell in cells])


def read(path: Path) -> Table:
    """Read and parse the whole of ``path`` once. Raises UnusableFile in words for people."""
    data = _bytes(path)
    text, encoding = _decode(data)
    if not text.strip():
        raise UnusableFile(_("The file is empty."))
    delimiter = _delimiter(text)
    records = _records(text, delimiter)
    header = [cell.strip() for cell in next(records)]
    if not any(header):
        raise UnusableFile(_("The first row has to name the columns."))
    if len(header) > MOST_COLUMNS:
        raise UnusableFile(_("The file has more than %(most)d columns.") % {"most": MOST_COLUMNS})
    for _record in records:
        pass  # to the end, so that a fault in the last line is known before the first row is used
    return Table(path.name, text, encoding, delimiter, hashlib.sha256(data).hexdigest(), header)


def _bytes(path: Path) -> bytes:
    try:
        if path.is_file() and path.stat().st_size > LARGEST_FILE:
            most = LARGEST_FILE // 1_000_000
            raise UnusableFile(_("The file is larger than %(most)d MB: split it.") % {"most": most})
        return path.read_bytes()
    except FileNotFoundError:
        raise UnusableFile(_("There is no file %(path)s.") % {"path": path}) from None
    except OSError as error:
        words = {"path": path, "reason": error.strerror}
        raise UnusableFile(_("%(path)s cannot be read: %(reason)s.") % words) from None


def _decode(data: bytes) -> tuple[str, str]:
    """The text and the name of its encoding. UTF-16 is read only where its mark says so."""
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            if encoding == "utf-8-sig" and _is_mostly_utf8(data):
                line = data[: error.start].count(b"\n") + 1
                raise UnusableFile(
                    _("Line %(line)d is broken UTF-8 text.") % {"line": line}
                ) from None
            continue
        if "\0" in text:
            raise UnusableFile(
                _("The file has NUL bytes, so it is no CSV text. Save it as CSV in UTF-8.")
            )
        return text, encoding.removesuffix("-sig")
    raise UnusableFile(
        _("The file is neither UTF-8 nor Windows-1252 text. Save it as CSV in UTF-8.")
    )


def _is_mostly_utf8(data: bytes) -> bool:
    """Whether bytes that are not UTF-8 hold UTF-8 letters all the same: damaged, and no
    Windows-1252 text.
    """
    text = data.decode("utf-8", errors="replace")
    return any(ord(character) > 127 and character != "\ufffd" for character in text)


def _delimiter(text: str) -> str:
    """Whichever of comma, semicolon and tab parts most cells of the header; inside quotes they do
    not count.
    """
    header = re.split(r"[\r\n]", QUOTED.sub("", text[:1_000_000]).lstrip("\r\n"), maxsplit=1)[0]
    return max(DELIMITERS, key=header.count)


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    """The records, beginning with the header (empty lines above it are skipped); strict about
    quotes.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begun = False
    try:
        for record in reader:
            begun = begun or bool(record)
            if begun:
                yield record
    except csv.Error as error:
        words = {"line": reader.line_num, "reason": error}
        raise UnusableFile(
            _("A quote is not closed or out of place up to line %(line)d: %(reason)s.") % words
        ) from None


def neutral(cell: str) -> str:
    """``cell`` so that no spreadsheet runs it as a formula: an apostrophe goes before what it might
    run.

    Also where spaces, invisible or full-width characters hide the sign. :func:`unneutral` undoes it
    exactly.
    """
    return f"'{cell}" if _is_formula(cell.lstrip("'")) else cell


def unneutral(cell: str) -> str:
    """A cell without the apostrophe that :func:`neutral` (or a spreadsheet) put before a
    formula.
    """
    return cell[1:] if cell.startswith("'") and _is_formula(cell.lstrip("'")) else cell


def _is_formula(cell: str) -> bool:
    if not cell or PLAIN_NUMBER.fullmatch(cell):
        return False
    for character in cell:
        if (
            unicodedata.category(character)[0] not in "ZC"
        ):  # separators, controls and invisible characters
            return unicodedata.normalize("NFKC", character)[0] in "=+-@"
    return False


class Writer:
    """Writes a CSV (UTF-8 with mark, commas) that appears under its name only when complete and not
    empty.

    Used as a context manager; the file is readable by its owner only. Raises UnusableFile where the
    folder cannot be written, before any row is asked for.
    """

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self.path, self.header, self.count = path, header, 0
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
            words = {"path": self.path, "reason": error.strerror}
            raise UnusableFile(_("%(path)s cannot be written: %(reason)s.") % words) from None
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
