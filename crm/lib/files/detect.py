"""Tables that people upload, CSV or XLSX: what a file is, how it is best read, and its rows one
after the other.

Content decides, never the name. A file is understood or refused in words that say what to do.
Nothing holds the whole of it in memory.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any

from charset_normalizer import from_bytes
from django.utils.translation import gettext as _

from crm.lib.files.csv import QUOTED, Row, UnusableFile, unneutral
from crm.lib.files.xlsx import Workbook
from crm.lib.text import clean_line

LARGEST = 50_000_000  # bytes
MOST_ROWS = 200_000
MOST_COLUMNS = 200
SAMPLE = 65_536
FIRST = 20  # rows that the names of the columns are looked for in
DELIMITERS = (",", ";", "\t", "|")
ENCODINGS = {
    "utf-8": "UTF-8",
    "cp1252": "Windows-1252",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
    "cp850": "DOS (cp850)",
    "mac_roman": "Mac Roman",
}
ONE_BYTE = ("cp1252", "cp850", "mac_roman")
LETTERS = set("áéíóúüñçãõâêôàÁÉÍÓÚÜÑÇÃÕÂÊÔÀ¿¡ªº°€–—“”’")
SEP_LINE = re.compile(r"sep=([,;\t|])\r?\n", re.IGNORECASE)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
FOREIGN = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x1f\x8b",
    b"7z\xbc\xaf",
    b"Rar!",
    b"{\\rtf",
)


@dataclass(frozen=True)
class Layout:
    """How a file is read. ``header_row``: the number of the row that names the columns, as a
    spreadsheet counts.
    """

    kind: str = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    sheet: str = ""
    header_row: int = 1
    sheets: list[str] = field(default_factory=list)
    decimal: str = "."  # the sign before decimals
    day_first: bool = True  # 3/4/2026 is 3 April

    @property
    def dates(self) -> list[str]:
        """The forms in which dates are read."""
        named = "%d/%m/%Y" if self.day_first else "%m/%d/%Y"
        return [
            "%Y-%m-%d",
            "%Y-%m-%d %H:%M:%S",
            named,
            named.replace("/", "-"),
            named.replace("/", "."),
        ]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def guess(path: Path) -> Layout:
    """What the file at ``path`` is and how it is best read. Raises UnusableFile."""
    size = path.stat().st_size
    if size > LARGEST:
        raise UnusableFile(
            _("The file is larger than %(most)d MB: split it.") % {"most": LARGEST // 1_000_000}
        )
    with path.open("rb") as file:
        head = file.read(SAMPLE)
    if not head.strip():
        raise UnusableFile(_("The file is empty."))
    if head.startswith(b"PK"):
        with Workbook(path) as book:
            layout = Layout(kind="xlsx", sheets=book.sheets, sheet=book.sheets[0])
    else:
        _refuse_foreign(path, head)
        encoding = _encoding(path, head)
        text = codecs.getincrementaldecoder(_codec(encoding))("replace").decode(head)
        delimiter = _delimiter(text)
        layout = Layout(
            encoding=encoding, delimiter=delimiter, decimal="," if delimiter == ";" else "."
        )
        if SEP_LINE.match(text):
            return replace(layout, header_row=2)
    return replace(layout, header_row=_header_row(path, layout))


def _refuse_foreign(path: Path, head: bytes) -> None:
    if head.startswith(OLE):
        with path.open("rb") as file:
            is_locked = any(
                "EncryptedPackage".encode("utf-16-le") in block
                for block in iter(lambda: file.read(1 << 20), b"")
            )
        if is_locked:
            raise UnusableFile(
                _("The file is protected with a password. Upload a copy without password.")
            )
        raise UnusableFile(
            _("This is an old Excel file (.xls). Save it as .xlsx or CSV and upload that.")
        )
    if head.startswith(FOREIGN):
        raise UnusableFile(
            _("This is neither CSV nor Excel. Save the table as .xlsx or CSV and upload that.")
        )
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()[:200].lower()
    if start.startswith((b"<!doctype", b"<html", b"<table", b"<?xml", b"<meta", b"<div")):
        raise UnusableFile(
            _("This is a web page, whatever its name says. Open it in Excel and save it as .xlsx.")
        )


def _encoding(path: Path, head: bytes) -> str:
    """The encoding of the whole file: by its mark, else UTF-8 if all of it is, else the
    best guess.
    """
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in head:
        odd, even = head[1::2].count(0), head[::2].count(0)
        if max(odd, even) > len(head) * 0.15 and min(odd, even) < len(head) * 0.02:
            return "utf-16-le" if odd > even else "utf-16-be"
    decoder, sample, line = codecs.getincrementaldecoder("utf-8")(), b"", 1
    is_utf8 = True
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            if b"\0" in block:
                raise UnusableFile(
                    _("The file has NUL bytes, so it is no CSV text. Save it as CSV in UTF-8.")
                )
            try:
                if is_utf8:
                    decoder.decode(block)
                    line += block.count(b"\n")
            except UnicodeDecodeError as error:
                is_utf8, broken = False, line + block[: error.start].count(b"\n")
            if not is_utf8 and len(sample) < SAMPLE:
                sample += b"\n".join(part for part in block.split(b"\n") if not part.isascii())[
                    :SAMPLE
                ]
    if is_utf8:
        return "utf-8"
    text = sample.decode("utf-8", "replace")
    if sum(character > "\x7f" for character in text) > 2 * text.count(
        "\ufffd"
    ):  # damaged, and no other encoding
        raise UnusableFile(_("Line %(line)d is broken UTF-8 text.") % {"line": broken})
    return _one_byte(sample)


def _one_byte(sample: bytes) -> str:
    """Which encoding of one byte makes letters of the bytes, and no signs."""
    scores = {}
    for name in ONE_BYTE:
        try:
            found = [character for character in sample.decode(name) if ord(character) > 127]
        except UnicodeDecodeError:
            continue
        scores[name] = sum(1 if c in LETTERS else 0 if c.isalpha() else -1 for c in found)
    best = max(scores.values())
    names = [name for name, score in scores.items() if score == best]
    if len(names) == 1:
        return names[0]
    match = from_bytes(sample, cp_isolation=names).best()
    return match.encoding if match and match.encoding in names else names[0]


def _delimiter(text: str) -> str:
    """Which sign parts most cells of the line that has most of it; signs inside quotes do not
    count.
    """
    if found := SEP_LINE.match(text):
        return found[1]
    lines = [line for line in re.split(r"\r\n|\r|\n", QUOTED.sub("", text)) if line.strip()][:FIRST]
    header = {sign: lines[0].count(sign) if lines else 0 for sign in DELIMITERS}
    most = {sign: max((line.count(sign) for line in lines), default=0) for sign in DELIMITERS}
    return max(DELIMITERS, key=lambda sign: (header[sign], most[sign]))


def _header_row(path: Path, layout: Layout) -> int:
    """The first row with text, or the one below where that is a title: one cell above several."""
    with Table(path, layout) as table:
        first = list(islice(table.records(), FIRST))
    if not first:
        raise UnusableFile(_("The file is empty."))
    filled = [sum(1 for cell in row.cells if cell.strip()) for row in first]
    widest = max(filled)
    found = next((row for row, count in zip(first, filled, strict=True) if count > 1), first[0])
    return found.number if filled[0] == 1 and widest > 1 else first[0].number


def _codec(encoding: str) -> str:
    return "utf-8-sig" if encoding == "utf-8" else encoding


class Table:
    """An open file read by a layout, used as a context manager.

    Everything raises UnusableFile in words for people.
    """

    def __init__(self, path: Path, layout: Layout) -> None:
        self.path, self.layout = path, layout
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
        """How much of the file is read, from 0 to 1."""
        if self.book:
            return self.book.fraction
        return self.raw.tell() / max(self.path.stat().st_size, 1) if self.raw else 0.0

    def records(self) -> Iterator[Row]:
        """All rows with any text, from the top of the file."""
        rows = self.book.rows(self.layout.sheet) if self.book else self._csv()
        return (row for row in rows if any(cell.strip() for cell in row.cells))

    def _csv(self) -> Iterator[Row]:
        self.raw = self.path.open("rb")
        text = self.stack.enter_context(
            io.TextIOWrapper(self.raw, encoding=_codec(self.layout.encoding), newline="")
        )  # held by the stack: else the file closes with the last row
        reader = csv.reader(text, delimiter=self.layout.delimiter, strict=True)
        number = 0
        try:
            for number, cells in enumerate(reader, start=1):
                yield Row(number, [unneutral(cell) for cell in cells])
        except csv.Error as error:
            words = {"line": reader.line_num, "reason": error}
            raise UnusableFile(
                _("A quote is not closed or out of place up to line %(line)d: %(reason)s.") % words
            ) from None
        except UnicodeError:
            words = {
                "row": number + 1,
                "encoding": ENCODINGS.get(self.layout.encoding, self.layout.encoding),
            }
            raise UnusableFile(
                _("From row %(row)d on the file is not %(encoding)s text.") % words
            ) from None

    def rows(self) -> tuple[list[str], Iterator[Row]]:
        """The names of the columns, and the rows below them."""
        records = self.records()
        header = next((row for row in records if row.number >= self.layout.header_row), None)
        if header is None or header.number != self.layout.header_row:
            words = {"row": self.layout.header_row}
            raise UnusableFile(_("Row %(row)d is empty: it cannot name the columns.") % words)
        names = [clean_line(cell) for cell in header.cells]
        while names and not names[-1]:
            names.pop()
        if len(names) > MOST_COLUMNS:
            words = {"most": MOST_COLUMNS}
            raise UnusableFile(
                _("The file has more than %(most)d columns. Delete those that you do not need.")
                % words
            )
        return names, self._limited(records)

    def _limited(self, records: Iterator[Row]) -> Iterator[Row]:
        for count, row in enumerate(records, start=1):
            if count > MOST_ROWS:
                raise UnusableFile(
                    _("The file has more than %(most)d rows: split it.") % {"most": MOST_ROWS}
                )
            yield row
