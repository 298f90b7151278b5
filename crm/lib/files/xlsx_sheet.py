"""The parts of an XLSX file that can be large, read as a stream: the sheet and the shared strings.

Each class here is fed by an expat parser, block by block, and keeps only what is not complete yet.
"""

from __future__ import annotations

import os
import re
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO
from xml.parsers import expat

from django.utils.translation import gettext as _

from crm.lib.files.layout import LONGEST_CELL, Row, UnusableFile
from crm.lib.files.xlsx_values import GENERAL, NumberFormat, column_number, number_text, unescape

MOST_MERGES = 20_000
RECENT_STRINGS = 5_000
LONGEST_MERGE_TAG = 200  # bytes
COLUMN = re.compile("[A-Z]{1,3}")
MERGE = re.compile(
    rb"<(?:\w+:)?mergeCell\s[^>]*?ref=\"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})\""
)

Merge = tuple[int, int, int]  # column, first row, last row


def damaged_file() -> UnusableFile:
    return UnusableFile(
        _("The Excel file is damaged. Open it in Excel, save it as a new .xlsx file and try again.")
    )


class SharedStrings:
    """The texts that cells refer to by number, in a temporary file.

    The few thousand that were asked for last are kept in memory, too.
    """

    def __init__(self) -> None:
        self.file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the workbook
        self.ends = array("Q", [0])
        self.recent: dict[int, str] = {}

    def add(self, text: str) -> None:
        # Excel stores lone surrogates, which UTF-8 refuses; crm.lib.text removes them later.
        size = self.file.write(text.encode("utf-8", "surrogatepass"))
        self.ends.append(self.ends[-1] + size)

    def get(self, number: int) -> str:
        """Return the text with this number. Raises UnusableFile where there is none."""
        text = self.recent.get(number)
        if text is None:
            text = self._read(number)
            if len(self.recent) >= RECENT_STRINGS:
                self.recent.clear()
            self.recent[number] = text
        return text

    def _read(self, number: int) -> str:
        if not 0 <= number < len(self.ends) - 1:
            raise damaged_file()
        start = self.ends[number]
        size = self.ends[number + 1] - start
        return os.pread(self.file.fileno(), size, start).decode("utf-8", "surrogatepass")


class ElementReader:
    """Collect the text of the element that the parser is in. The base of the two readers below."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.length = 0
        self.row_number = 0  # named in the message about a cell that is too long
        self.is_open = False
        self.is_hint = False
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text
        # No file of Excel has a document type: it would only define entities that explode.
        self.parser.StartDoctypeDeclHandler = self.refuse

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Begin the element ``name``, which may have a namespace prefix."""
        raise NotImplementedError

    def end(self, name: str) -> None:
        """End the element ``name``."""
        raise NotImplementedError

    def text(self, text: str) -> None:
        if not self.is_open:
            return
        self.length += len(text)
        if self.length > LONGEST_CELL:
            raise too_long_cell(self.row_number)
        self.pieces.append(text)

    def refuse(self, *_declaration: object) -> None:
        raise damaged_file()


def too_long_cell(row: int = 0) -> UnusableFile:
    """Return the error for a cell of ``row``, or of an unknown row (0)."""
    numbers = {"most": LONGEST_CELL, "row": row}
    if row:
        return UnusableFile(
            _("A cell of row %(row)d has more than %(most)d characters. Shorten it.") % numbers
        )
    return UnusableFile(_("A cell has more than %(most)d characters. Shorten it.") % numbers)


class SharedStringsReader(ElementReader):
    """Pass each shared string to ``take``: its runs joined, without phonetic hints."""

    def __init__(self, take: Callable[[str], None]) -> None:
        super().__init__()
        self.take = take

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if tag == "si":
            self.pieces = []
            self.length = 0
        elif tag == "rPh":
            self.is_hint = True
        self.is_open = tag == "t" and not self.is_hint

    def end(self, name: str) -> None:
        tag = name.rpartition(":")[2]
        self.is_open = False
        if tag == "rPh":
            self.is_hint = False
        elif tag == "si":
            self.take(unescape("".join(self.pieces)))


class SheetReader(ElementReader):
    """Collect the rows of one sheet; take_rows() hands over those that are complete."""

    def __init__(
        self, strings: SharedStrings, formats: Sequence[NumberFormat], *, from_1904: bool
    ) -> None:
        super().__init__()
        self.strings = strings
        self.formats = formats
        self.from_1904 = from_1904
        self.positions: dict[str, int] = {}
        self.ready: list[Row] = []
        self.cells: list[str] = []
        self.column = -1
        self.kind = ""
        self.style = 0
        self.is_formula = False

    def take_rows(self) -> list[Row]:
        rows = self.ready
        self.ready = []
        return rows

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if tag == "c":
            self._start_cell(attributes)
        elif tag == "row":
            self._start_row(attributes)
        elif tag == "f":
            self.is_formula = True
        elif tag == "rPh":
            self.is_hint = True
        self.is_open = tag in ("v", "t") and not self.is_hint

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self.column = self._position(attributes.get("r", ""))
        self.kind = attributes.get("t", "n")
        self.style = int(attributes.get("s") or 0)
        self.pieces = []
        self.length = 0
        self.is_formula = False

    def _start_row(self, attributes: dict[str, str]) -> None:
        number = attributes.get("r", "")
        if number.isdecimal():
            self.row_number = int(number)
        else:
            self.row_number += 1
        self.cells = []
        self.column = -1

    def _position(self, place: str) -> int:
        """Return the column of a cell at ``place`` ("B7"); a cell without one follows the last."""
        if not place:
            return self.column + 1
        letters = place.rstrip("0123456789")
        position = self.positions.get(letters)
        if position is None:
            if not COLUMN.fullmatch(letters):
                raise damaged_file()
            position = column_number(letters)
            self.positions[letters] = position
        return position

    def end(self, name: str) -> None:
        tag = name.rpartition(":")[2]
        self.is_open = False
        if tag == "c":
            self._end_cell()
        elif tag == "row":
            if self.cells:
                self.ready.append(Row(self.row_number, self.cells))
        elif tag == "rPh":
            self.is_hint = False

    def _end_cell(self) -> None:
        value = self._value("".join(self.pieces))
        if not value:
            return
        missing = self.column + 1 - len(self.cells)
        self.cells.extend([""] * missing)
        self.cells[self.column] = value

    def _value(self, text: str) -> str:
        if not text:
            # A formula that no program has calculated yet has no value to show.
            if self.is_formula and self.kind == "n":
                return "#VALUE!"
            return ""
        if self.kind == "s":
            if text.strip().isdecimal():
                return self.strings.get(int(text))
            return ""
        if self.kind in ("str", "inlineStr"):
            return unescape(text)
        if self.kind == "b":
            return {"1": "true"}.get(text.strip(), "false")
        if self.kind in ("e", "d"):
            return text
        return number_text(text, self._format(), from_1904=self.from_1904)

    def _format(self) -> NumberFormat:
        if self.style < len(self.formats):
            return self.formats[self.style]
        return GENERAL


def find_merges(blocks: Iterable[bytes]) -> list[Merge]:
    """Return every vertical merge of a sheet. Raises UnusableFile for too many.

    They stand at the end of the part, behind all rows, so the sheet is read once for them alone.
    """
    merges: list[Merge] = []
    rest = b""
    for block in blocks:
        text = rest + block
        last = 0
        if b"mergeCell" in text:
            for match in MERGE.finditer(text):
                last = match.end()
                merges.extend(_vertical(match))
        if len(merges) > MOST_MERGES:
            raise UnusableFile(
                _("The sheet has too many merged cells. Unmerge them in Excel and save it again.")
            )
        # A tag may begin in this block and end in the next one.
        rest = text[max(last, len(text) - LONGEST_MERGE_TAG) :]
    return merges


def _vertical(match: re.Match[bytes]) -> Iterator[Merge]:
    first_row = int(match[2])
    last_row = int(match[4])
    if first_row != last_row:
        yield column_number(match[1].decode()), first_row, last_row


class MergeFiller:
    """Repeat the value of a vertically merged cell in each of its rows, as the sheet shows it."""

    def __init__(self, merges: Iterable[Merge]) -> None:
        self.waiting = sorted(merges, key=lambda merge: merge[1], reverse=True)
        self.active: list[tuple[int, int, str]] = []  # column, last row, text

    def fill(self, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            for column, _last, text in self._reaching(row.number):
                missing = column + 1 - len(row.cells)
                row.cells.extend([""] * missing)
                row.cells[column] = row.cells[column] or text
            self._begin(row)
            yield row

    def _reaching(self, number: int) -> list[tuple[int, int, str]]:
        self.active = [merge for merge in self.active if merge[1] >= number]
        return self.active

    def _begin(self, row: Row) -> None:
        while self.waiting and self.waiting[-1][1] <= row.number:
            column, first, last = self.waiting.pop()
            if first == row.number and column < len(row.cells):
                self.active.append((column, last, row.cells[column]))


def feed(parser: expat.XMLParserType, blocks: Iterable[bytes]) -> Iterator[None]:
    """Parse ``blocks``, with a pause after each. Raises UnusableFile for what is not XML."""
    try:
        for block in blocks:
            parser.Parse(block, False)
            yield
        parser.Parse(b"", True)
    except expat.ExpatError:
        raise damaged_file() from None
