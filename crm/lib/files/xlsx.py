"""XLSX files read row by row in constant memory: the values that the sheet shows, as text.

A library that loads the sheet (calamine, openpyxl) holds all of it at once: some hundred MB for
200,000 rows. Here the parts stream through expat, and shared strings lie in a temporary file. What
the package unpacks to is measured before.
"""

from __future__ import annotations

import os
import re
import tempfile
import zipfile
import zlib
from array import array
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import TracebackType
from typing import IO, Any
from xml.etree import ElementTree
from xml.parsers import expat

from django.utils.translation import gettext as _

from crm.lib.files.csv import Row, UnusableFile

LARGEST_UNPACKED = 500_000_000  # bytes
LARGEST_DIRECTORY = 1_000_000
LARGEST_PART = 20_000_000  # of the small parts, which are read at once
LONGEST_CELL = 131_072  # characters, as for CSV
MOST_MERGED = 20_000
BLOCK = 65_536
DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}  # ECMA-376, 18.8.30
NOT_SHOWN = re.compile(r'"[^"]*"|\\.|\[(?!h+\]|m+\]|s+\])[^\]]*\]|_.|\*.', re.IGNORECASE)
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
MERGED = re.compile(
    rb"<(?:\w+:)?mergeCell\s[^>]*?ref=\"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})\""
)
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"


def broken() -> UnusableFile:
    return UnusableFile(
        _("The Excel file is damaged. Open it in Excel, save it as a new .xlsx file and try again.")
    )


class Strings:
    """The shared strings in a temporary file; the few thousand asked for last also in memory."""

    def __init__(self) -> None:
        self.file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the workbook
        self.ends = array("Q", [0])
        self.recent: dict[int, str] = {}

    def add(self, text: str) -> None:
        self.ends.append(self.ends[-1] + self.file.write(text.encode("utf-8", "surrogatepass")))

    def get(self, number: int) -> str:
        found = self.recent.get(number)
        if found is None:
            if not 0 <= number < len(self.ends) - 1:
                raise broken()
            start, end = self.ends[number], self.ends[number + 1]
            found = os.pread(self.file.fileno(), end - start, start).decode(
                "utf-8", "surrogatepass"
            )
            if len(self.recent) > 5_000:
                self.recent.clear()
            self.recent[number] = found
        return found


class Workbook:
    """An open file. ``sheets``: the names of its sheets, in order; ``fraction``: how much of the
    sheet is read.
    """

    def __init__(self, path: Path) -> None:
        _check_directory(path)
        try:
            self.zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            raise broken() from None
        self.strings: Strings | None = None
        self.fraction = 0.0
        try:
            self._open()
        except BaseException:
            self.zip.close()
            raise

    def __enter__(self) -> Workbook:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.zip.close()
        if self.strings:
            self.strings.file.close()

    def _open(self) -> None:
        names = {info.filename for info in self.zip.infolist()}
        if sum(info.file_size for info in self.zip.infolist()) > LARGEST_UNPACKED:
            most = LARGEST_UNPACKED // 1_000_000
            raise UnusableFile(
                _("The file unpacks to more than %(most)d MB. Split it, or save it as CSV.")
                % {"most": most}
            )
        if "xl/workbook.xml" not in names:
            raise UnusableFile(_what_it_is(self.zip, names))
        book = self._small("xl/workbook.xml")
        targets = {
            each.get("Id"): each.get("Target", "")
            for each in self._small("xl/_rels/workbook.xml.rels")
            if each.get("Id")
        }
        self.parts: dict[str, str] = {}
        for sheet in book.iter():
            if _local(sheet.tag) == "sheet":
                target = targets.get(sheet.get(RELATION) or sheet.get(STRICT_RELATION), "")
                part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
                if part in names and "worksheets" in part:
                    self.parts[sheet.get("name") or part] = part
        if not self.parts:
            raise broken()
        self.sheets = list(self.parts)
        self.from_1904 = any(
            _local(e.tag) == "workbookPr" and e.get("date1904") in ("1", "true")
            for e in book.iter()
        )
        self.shapes = self._styles() if "xl/styles.xml" in names else []

    def _small(self, part: str) -> ElementTree.Element:
        """A small part, read at once."""
        try:
            info = self.zip.getinfo(part)
            data = self.zip.read(info) if info.file_size <= LARGEST_PART else b""
            if not data or b"<!DOCTYPE" in data:
                raise broken()
            return ElementTree.fromstring(data)
        except (
            KeyError,
            ElementTree.ParseError,
            zipfile.BadZipFile,
            zlib.error,
            RuntimeError,
            NotImplementedError,
        ):
            raise broken() from None

    def _styles(self) -> list[str]:
        """For each cell format "" (plain), "date", or as many zeros as its numbers have digits."""
        root = self._small("xl/styles.xml")
        codes = {
            e.get("numFmtId"): e.get("formatCode", "")
            for e in root.iter()
            if _local(e.tag) == "numFmt"
        }
        shapes: list[str] = []
        for formats in (e for e in root if _local(e.tag) == "cellXfs"):
            for each in formats:
                number = each.get("numFmtId", "0")
                shapes.append(
                    _shape(int(number) if number.isdecimal() else 0, codes.get(number, ""))
                )
        return shapes

    def rows(self, sheet: str) -> Iterator[Row]:
        """The rows of ``sheet`` that have any text, numbered as Excel does.

        Vertically merged cells repeat theirs.
        """
        part = self.parts.get(sheet)
        if part is None:
            raise UnusableFile(_("The file has no sheet “%(sheet)s”.") % {"sheet": sheet})
        if self.strings is None:
            self.strings = self._shared()
        yield from _Filler(self._merged(part)).fill(_Sheet(self).rows(part))

    def _shared(self) -> Strings:
        found = Strings()
        name = next(
            (
                n
                for n in ("xl/sharedStrings.xml", "xl/SharedStrings.xml")
                if n in self.zip.namelist()
            ),
            None,
        )
        if name:
            reader = _Texts(found.add)
            for _block in self.feed(name, reader.parser):
                pass
        found.file.flush()
        return found

    def _merged(self, part: str) -> list[tuple[int, int, int]]:
        """(column, first row, last row) of every vertical merge; they stand at the end of
        the part.
        """
        found: list[tuple[int, int, int]] = []
        rest = b""
        for block in self.blocks(part):
            text = rest + block
            last = 0
            for match in MERGED.finditer(text) if b"mergeCell" in text else ():
                last = match.end()
                if match[2] != match[4]:
                    found.append((column_number(match[1].decode()), int(match[2]), int(match[4])))
            if len(found) > MOST_MERGED:
                raise UnusableFile(
                    _(
                        "The sheet has too many merged cells. Unmerge them in Excel and save it"
                        " again."
                    )
                )
            rest = text[max(last, len(text) - 200) :]
        return found

    def blocks(self, part: str) -> Iterator[bytes]:
        size, read = max(self.zip.getinfo(part).file_size, 1), 0
        try:
            with self.zip.open(part) as file:
                while block := file.read(BLOCK):
                    read += len(block)
                    self.fraction = min(read / size, 1.0)
                    yield block
        except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError):
            raise broken() from None

    def feed(self, part: str, parser: expat.XMLParserType) -> Iterator[None]:
        """Parse ``part`` block by block."""
        try:
            for block in self.blocks(part):
                parser.Parse(block, False)
                yield
            parser.Parse(b"", True)
        except expat.ExpatError:
            raise broken() from None


def column_number(letters: str) -> int:
    """ "A" -> 0, "AA" -> 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _local(tag: str) -> str:
    return tag.rpartition("}")[2].rpartition(":")[2]


def _shape(number: int, code: str) -> str:
    plain = NOT_SHOWN.sub("", code.split(";")[0])
    if code:
        if re.search(r"[dmyhs]", plain, re.IGNORECASE) and not re.search(
            r"general|[#?]", plain, re.IGNORECASE
        ):
            return "date"
        return plain if plain and set(plain) == {"0"} and len(plain) <= 40 else ""
    return "date" if number in DATES else ""


def _check_directory(path: Path) -> None:
    """Refuse a package whose table of contents alone is huge, before anything reads it."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 66_000, 0))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise broken()
    if int.from_bytes(tail[at + 12 : at + 16], "little") > LARGEST_DIRECTORY:
        raise UnusableFile(
            _("The file has too many parts for an Excel file. Save it as a new .xlsx file.")
        )


def _what_it_is(package: zipfile.ZipFile, names: set[str]) -> str:
    kind = (
        package.read("mimetype")[:80]
        if "mimetype" in names and package.getinfo("mimetype").file_size < 200
        else b""
    )
    if b"opendocument" in kind:
        return _("This is an OpenDocument file (.ods). Save it as .xlsx or CSV and upload that.")
    if "xl/workbook.bin" in names:
        return _("This is a binary Excel file (.xlsb). Save it as .xlsx and upload that.")
    if any(name.startswith("Index/") for name in names):
        return _("This is a Numbers file. Export it as .xlsx or CSV and upload that.")
    return _(
        "This is a ZIP archive and no Excel file. Unpack it and upload the .xlsx or .csv file"
        " in it."
    )


def _parser(
    start: Callable[..., Any], end: Callable[..., Any], text: Callable[..., Any]
) -> expat.XMLParserType:
    def refuse(*_said: object) -> None:
        raise broken()

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = text, refuse
    return parser


class _Texts:
    """Collects each shared string: its runs joined, without phonetic hints."""

    def __init__(self, take: Callable[[str], None]) -> None:
        self.take, self.pieces, self.length = take, [""], 0
        self.is_open = self.is_hint = False
        self.parser = _parser(self.start, self.end, self.text)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if tag == "si":
            self.pieces, self.length = [], 0
        elif tag == "rPh":
            self.is_hint = True
        self.is_open = tag == "t" and not self.is_hint

    def text(self, text: str) -> None:
        if self.is_open:
            self.length += len(text)
            if self.length > LONGEST_CELL:
                raise too_long_cell()
            self.pieces.append(text)

    def end(self, name: str) -> None:
        tag = name.rpartition(":")[2]
        self.is_open = False
        if tag == "rPh":
            self.is_hint = False
        elif tag == "si":
            self.take(plain("".join(self.pieces)))


def too_long_cell(row: int = 0) -> UnusableFile:
    words = {"most": LONGEST_CELL, "row": row}
    if row:
        return UnusableFile(
            _("A cell of row %(row)d has more than %(most)d characters. Shorten it.") % words
        )
    return UnusableFile(_("A cell has more than %(most)d characters. Shorten it.") % words)


def plain(text: str) -> str:
    """Text with Excel's escapes (_x000D_) undone; a pair of escaped surrogates becomes its
    character.
    """
    if "_x" not in text:
        return text
    text = ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        return text


class _Sheet:
    """One pass over a sheet's part."""

    def __init__(self, book: Workbook) -> None:
        self.book, self.ready = book, list[Row]()
        self.columns: dict[str, int] = {}
        self.number, self.column, self.length = 0, -1, 0
        self.cells: list[str] = []
        self.pieces: list[str] = []
        self.kind, self.style = "", 0
        self.is_open = self.is_hint = self.is_formula = False

    def rows(self, part: str) -> Iterator[Row]:
        for _block in self.book.feed(part, _parser(self.start, self.end, self.text)):
            ready, self.ready = self.ready, []
            yield from ready
        yield from self.ready

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if tag == "c":
            self.column = self._column(attributes.get("r", ""))
            self.kind, self.style = attributes.get("t", "n"), int(attributes.get("s") or 0)
            self.pieces, self.length, self.is_formula = [], 0, False
        elif tag == "row":
            given = attributes.get("r", "")
            self.number = int(given) if given.isdecimal() else self.number + 1
            self.cells, self.column = [], -1
        elif tag == "f":
            self.is_formula = True
        elif tag == "rPh":
            self.is_hint = True
        self.is_open = tag in ("v", "t") and not self.is_hint

    def _column(self, place: str) -> int:
        if not place:
            return self.column + 1
        letters = place.rstrip("0123456789")
        found = self.columns.get(letters)
        if found is None:
            if not re.fullmatch("[A-Z]{1,3}", letters):
                raise broken()
            found = self.columns[letters] = column_number(letters)
        return found

    def text(self, text: str) -> None:
        if self.is_open:
            self.length += len(text)
            if self.length > LONGEST_CELL:
                raise too_long_cell(self.number)
            self.pieces.append(text)

    def end(self, name: str) -> None:
        tag = name.rpartition(":")[2]
        self.is_open = False
        if tag == "c":
            if value := self._value("".join(self.pieces)):
                while len(self.cells) <= self.column:
                    self.cells.append("")
                self.cells[self.column] = value
        elif tag == "row":
            if self.cells:
                self.ready.append(Row(self.number, self.cells))
        elif tag == "rPh":
            self.is_hint = False

    def _value(self, text: str) -> str:
        if not text:
            return (
                "#VALUE!" if self.is_formula and self.kind == "n" else ""
            )  # a formula that was never worked out
        if self.kind == "s":
            assert self.book.strings is not None
            return self.book.strings.get(int(text)) if text.strip().isdecimal() else ""
        if self.kind in ("str", "inlineStr"):
            return plain(text)
        if self.kind == "b":
            return "true" if text.strip() == "1" else "false"
        if self.kind in ("e", "d"):
            return text
        shape = self.book.shapes[self.style] if self.style < len(self.book.shapes) else ""
        return number_text(text, shape, from_1904=self.book.from_1904)


def number_text(text: str, shape: str = "", *, from_1904: bool = False) -> str:
    """A stored number as text: whole ones without exponent or ".0", dates as ISO, leading zeros of
    the format kept.
    """
    try:
        value = Decimal(text)
        if not value.is_finite() or abs(value) >= Decimal("1e40"):
            return text
    except InvalidOperation:
        return text
    if shape == "date" and 0 <= value < 2_958_466:
        return _date(float(value), from_1904)
    if value == value.to_integral_value():
        return str(int(value)).zfill(len(shape) if shape != "date" else 0)
    return format(Decimal(repr(float(value))), "f")


def _date(serial: float, from_1904: bool) -> str:
    """Days since Excel's epoch; its calendar has a 29 February 1900 that never was."""
    if serial < 1:
        return (datetime(1900, 1, 1) + timedelta(days=serial)).time().isoformat("minutes")
    epoch = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30 if serial >= 60 else 31)
    found = epoch + timedelta(seconds=round(serial * 86_400))
    return (
        found.date().isoformat()
        if found.time() == datetime.min.time()
        else found.isoformat(" ", "seconds")
    )


class _Filler:
    """Repeats the value of a vertically merged cell in each of its rows, as the sheet shows it."""

    def __init__(self, merged: list[tuple[int, int, int]]) -> None:
        self.merged = sorted(merged, key=lambda range_: range_[1], reverse=True)
        self.held: list[tuple[int, int, str]] = []  # column, last row, text

    def fill(self, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            for column, last, text in self.held:
                if row.number <= last:
                    row.cells.extend([""] * (column + 1 - len(row.cells)))
                    row.cells[column] = row.cells[column] or text
            self.held = [range_ for range_ in self.held if range_[1] > row.number]
            while self.merged and self.merged[-1][1] <= row.number:
                column, first, last = self.merged.pop()
                if first == row.number and column < len(row.cells):
                    self.held.append((column, last, row.cells[column]))
            yield row
