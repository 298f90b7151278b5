"""Detect how an uploaded table is best read: CSV or XLSX, encoding, delimiter, row of the header.

The content decides, never the name. Nothing here holds a whole file in memory.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from charset_normalizer import from_bytes
from django.utils.translation import gettext as _

from crm.lib.files.csv import codec_of
from crm.lib.files.layout import DELIMITERS, UPLOAD_LIMITS, Layout, Limits, UnusableFile
from crm.lib.files.table import Table
from crm.lib.files.xlsx import Workbook

SAMPLE = 65_536  # bytes
BLOCK = 1 << 20
FIRST_ROWS = 20  # rows that the names of the columns are looked for in
ONE_BYTE = ("cp1252", "cp850", "mac_roman")
LETTERS = set("áéíóúüñçãõâêôàÁÉÍÓÚÜÑÇÃÕÂÊÔÀ¿¡ªº°€–—“”’")
QUOTED = re.compile(r'"[^"]*"')
# A first line by which Excel names the delimiter.
SEP_LINE = re.compile(r"sep=([,;\t|])\r?\n", re.IGNORECASE)
# First bytes of other formats: of OLE (old Excel, encrypted Excel), and of files that are no table.
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
WEB_PAGE = (b"<!doctype", b"<html", b"<table", b"<?xml", b"<meta", b"<div")


def guess(path: Path, limits: Limits = UPLOAD_LIMITS) -> Layout:
    """Return how the file at ``path`` is best read. Raises UnusableFile."""
    head = _read_head(path, limits)
    if head.startswith(b"PK"):
        with Workbook(path) as book:
            layout = Layout(kind="xlsx", sheets=book.sheets, sheet=book.sheets[0])
    else:
        _refuse_other_formats(path, head)
        encoding = _encoding(path, head)
        text = codecs.getincrementaldecoder(codec_of(encoding))("replace").decode(head)
        layout = _layout_of_text(text, encoding)
        if SEP_LINE.match(text):
            return replace(layout, header_row=2)
    return replace(layout, header_row=_header_row(path, layout, limits))


def _read_head(path: Path, limits: Limits) -> bytes:
    """Return the first bytes of the file. Raises UnusableFile for none, too many, or no file."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(SAMPLE)
    except FileNotFoundError:
        raise UnusableFile(_("There is no file %(path)s.") % {"path": path}) from None
    except OSError as error:
        details = {"path": path, "reason": error.strerror}
        raise UnusableFile(_("%(path)s cannot be read: %(reason)s.") % details) from None
    if size > limits.size:
        megabytes = limits.size // 1_000_000
        raise UnusableFile(
            _("The file is larger than %(most)d MB: split it.") % {"most": megabytes}
        )
    if not head.strip():
        raise UnusableFile(_("The file is empty."))
    return head


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def _refuse_other_formats(path: Path, head: bytes) -> None:
    if head.startswith(OLE):
        marker = "EncryptedPackage".encode("utf-16-le")
        if any(marker in block for block in _blocks(path)):
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
    if start.startswith(WEB_PAGE):
        raise UnusableFile(
            _("This is a web page, whatever its name says. Open it in Excel and save it as .xlsx.")
        )


# -- Encoding


def _encoding(path: Path, head: bytes) -> str:
    """Return the encoding of the whole file.

    A byte order mark decides; else the file is UTF-8 if all of it is; else the encoding of one byte
    that fits best.
    """
    utf16 = _utf16(head)
    if utf16:
        return utf16
    scan = _Utf8Scan()
    for block in _blocks(path):
        scan.take(block)
    if scan.is_utf8:
        return "utf-8"
    text = scan.sample.decode("utf-8", "replace")
    letters = sum(character > "\x7f" for character in text)
    # Mostly valid UTF-8 letters: the file is damaged, and no other encoding would read it.
    if letters > 2 * text.count("\ufffd"):
        raise UnusableFile(_("Line %(line)d is broken UTF-8 text.") % {"line": scan.broken_line})
    return _one_byte(scan.sample)


def _utf16(head: bytes) -> str:
    """Return the kind of UTF-16 that ``head`` is, "" for none."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Without a mark: Latin letters have a NUL in every second byte.
    odd = head[1::2].count(0)
    even = head[::2].count(0)
    if max(odd, even) > len(head) * 0.15 and min(odd, even) < len(head) * 0.02:
        if odd > even:
            return "utf-16-le"
        return "utf-16-be"
    return ""


@dataclass
class _Utf8Scan:
    """Decide block by block whether a file is UTF-8, and keep a sample of its other lines."""

    is_utf8: bool = True
    broken_line: int = 1
    sample: bytes = b""
    decoder: codecs.IncrementalDecoder = field(
        default_factory=codecs.getincrementaldecoder("utf-8")
    )

    def take(self, block: bytes) -> None:
        """Read on. Raises UnusableFile for a NUL byte, which no text has."""
        if b"\0" in block:
            raise UnusableFile(
                _("The file has NUL bytes, so it is no CSV text. Save it as CSV in UTF-8.")
            )
        if self.is_utf8:
            self._decode(block)
        if not self.is_utf8 and len(self.sample) < SAMPLE:
            lines = [line for line in block.split(b"\n") if not line.isascii()]
            self.sample += b"\n".join(lines)[:SAMPLE]

    def _decode(self, block: bytes) -> None:
        try:
            self.decoder.decode(block)
        except UnicodeDecodeError as error:
            self.is_utf8 = False
            self.broken_line += block[: error.start].count(b"\n")
        else:
            self.broken_line += block.count(b"\n")


def _one_byte(sample: bytes) -> str:
    """Return the encoding of one byte that makes most letters, and fewest signs, of ``sample``."""
    scores: dict[str, int] = {}
    for name in ONE_BYTE:
        try:
            text = sample.decode(name)
        except UnicodeDecodeError:
            continue
        scores[name] = sum(_score(character) for character in text if ord(character) > 127)
    best = max(scores.values())
    names = [name for name, score in scores.items() if score == best]
    if len(names) > 1:
        match = from_bytes(sample, cp_isolation=names).best()
        if match and match.encoding in names:
            return match.encoding
    return names[0]


def _score(character: str) -> int:
    """Return how likely a person wrote ``character``: 1 a usual letter, 0 another, -1 a sign."""
    if character in LETTERS:
        return 1
    if character.isalpha():
        return 0
    return -1


# -- Delimiter and header


def _layout_of_text(text: str, encoding: str) -> Layout:
    delimiter = _delimiter(text)
    # Where the comma is the decimal sign, Excel separates cells with semicolons.
    decimal = {";": ","}.get(delimiter, ".")
    return Layout(encoding=encoding, delimiter=delimiter, decimal=decimal)


def _delimiter(text: str) -> str:
    """Return the sign that is most frequent in the first line, then in any of the first lines.

    Signs inside quotes do not count.
    """
    named = SEP_LINE.match(text)
    if named:
        return named[1]
    unquoted = QUOTED.sub("", text)
    lines = [line for line in re.split(r"\r\n|\r|\n", unquoted) if line.strip()][:FIRST_ROWS]

    def frequency(sign: str) -> tuple[int, int]:
        counts = [line.count(sign) for line in lines]
        return counts[0], max(counts)

    if not lines:
        return DELIMITERS[0]
    return max(DELIMITERS, key=frequency)


def _header_row(path: Path, layout: Layout, limits: Limits) -> int:
    """Return the number of the first row with text, or of the one below it where that is a title.

    A title is one filled cell above rows with several.
    """
    with Table(path, layout, limits) as table:
        first = list(islice(table.records(), FIRST_ROWS))
    if not first:
        raise UnusableFile(_("The file is empty."))
    filled = [sum(1 for cell in row.cells if cell.strip()) for row in first]
    if filled[0] == 1:
        for row, count in zip(first, filled, strict=True):
            if count > 1:
                return row.number
    return first[0].number
