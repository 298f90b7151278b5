"""XLSX workbooks, read row by row in constant memory. The door to xlsx_sheet and xlsx_values.

Our own reader, chosen over two libraries by measuring (200,000 rows of 12 columns, 14 MB):

- python-calamine needs 2 s of CPU, but 220 MB. It loads the rectangle around all cells, so that a
  file of 5 kB with one cell at XFD1048576 aborts the process. It drops error values, and the
  leading zeros that a number format shows.
- openpyxl in its read-only mode needs 23 to 29 s of CPU and up to 160 MB; it does not know merged
  cells, and the same small file exhausts the memory.
- This reader needs 9 to 12 s of CPU and 8 MB.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from xml.etree import ElementTree

from django.utils.translation import gettext as _

from crm.lib.files.layout import Row, UnusableFile
from crm.lib.files.xlsx_sheet import (
    MergeFiller,
    SharedStrings,
    SharedStringsReader,
    SheetReader,
    damaged_file,
    feed,
    find_merges,
)
from crm.lib.files.xlsx_values import NumberFormat, number_format

LARGEST_UNPACKED = 500_000_000  # bytes
LARGEST_DIRECTORY = 1_000_000  # bytes
LARGEST_SMALL_PART = 20_000_000  # bytes
BLOCK = 65_536  # bytes
SHARED_STRINGS = ("xl/sharedStrings.xml", "xl/SharedStrings.xml")
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
# The record at the end of a ZIP file (APPNOTE.TXT, 4.3.16): its sign, its size without the comment,
# and the place of the size of the directory.
END_RECORD = b"PK\x05\x06"
END_RECORD_SIZE = 22
LONGEST_END = 66_000  # the record and its longest comment
DIRECTORY_SIZE = slice(12, 16)
# What zipfile raises for a damaged or encrypted member.
UNREADABLE = (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError)


class Workbook:
    """An open XLSX file, as a context manager.

    ``sheets`` are the names of its sheets, in order; ``fraction`` is how much of the sheet in hand
    has been read. Raises UnusableFile.
    """

    def __init__(self, path: Path) -> None:
        _check_directory(path)
        try:
            self.zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            raise damaged_file() from None
        self.names = set(self.zip.namelist())
        self.strings: SharedStrings | None = None
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

    @property
    def sheets(self) -> list[str]:
        return list(self.parts)

    def rows(self, sheet: str) -> Iterator[Row]:
        """Yield the rows of ``sheet`` that have any text, numbered as Excel does.

        A vertically merged cell has its text in each of its rows.
        """
        part = self.parts.get(sheet)
        if part is None:
            raise UnusableFile(_("The file has no sheet “%(sheet)s”.") % {"sheet": sheet})
        if self.strings is None:
            self.strings = self._shared_strings()
        merges = find_merges(self._blocks(part))
        yield from MergeFiller(merges).fill(self._sheet_rows(part, self.strings))

    # -- Opening

    def _open(self) -> None:
        self._check_size()
        if "xl/workbook.xml" not in self.names:
            raise UnusableFile(_name_other_format(self.zip, self.names))
        book = self._small_part("xl/workbook.xml")
        self.parts = self._sheet_parts(book)
        if not self.parts:
            raise damaged_file()
        self.from_1904 = _counts_from_1904(book)
        self.formats: list[NumberFormat] = []
        if "xl/styles.xml" in self.names:
            self.formats = _number_formats(self._small_part("xl/styles.xml"))

    def _check_size(self) -> None:
        """Refuse a package that unpacks to very much, before anything of it is unpacked."""
        unpacked = sum(info.file_size for info in self.zip.infolist())
        if unpacked > LARGEST_UNPACKED:
            megabytes = LARGEST_UNPACKED // 1_000_000
            raise UnusableFile(
                _("The file unpacks to more than %(most)d MB. Split it, or save it as CSV.")
                % {"most": megabytes}
            )

    def _sheet_parts(self, book: ElementTree.Element) -> dict[str, str]:
        """Return the part of each sheet, by the sheet's name."""
        targets: dict[str, str] = {}
        for relation in self._small_part("xl/_rels/workbook.xml.rels"):
            targets[relation.get("Id", "")] = relation.get("Target", "")
        parts: dict[str, str] = {}
        for element in book.iter():
            if _local_name(element.tag) != "sheet":
                continue
            relation_id = element.get(RELATION) or element.get(STRICT_RELATION) or ""
            part = _part_name(targets.get(relation_id, ""))
            if part in self.names and "worksheets" in part:
                parts[element.get("name") or part] = part
        return parts

    def _small_part(self, part: str) -> ElementTree.Element:
        """Return a small part as a tree. Raises UnusableFile where it is large, or not XML."""
        try:
            info = self.zip.getinfo(part)
            if info.file_size > LARGEST_SMALL_PART:
                raise damaged_file()
            data = self.zip.read(info)
            # A document type could define entities that unfold to gigabytes.
            if b"<!DOCTYPE" in data:
                raise damaged_file()
            return ElementTree.fromstring(data)
        except (KeyError, ElementTree.ParseError, *UNREADABLE):
            raise damaged_file() from None

    # -- Reading

    def _shared_strings(self) -> SharedStrings:
        strings = SharedStrings()
        for name in SHARED_STRINGS:
            if name in self.names:
                reader = SharedStringsReader(strings.add)
                for _block in feed(reader.parser, self._blocks(name)):
                    pass
                break
        strings.file.flush()
        return strings

    def _sheet_rows(self, part: str, strings: SharedStrings) -> Iterator[Row]:
        reader = SheetReader(strings, self.formats, from_1904=self.from_1904)
        for _block in feed(reader.parser, self._blocks(part)):
            yield from reader.take_rows()
        yield from reader.take_rows()

    def _blocks(self, part: str) -> Iterator[bytes]:
        size = max(self.zip.getinfo(part).file_size, 1)
        done = 0
        try:
            with self.zip.open(part) as file:
                while block := file.read(BLOCK):
                    done += len(block)
                    self.fraction = min(done / size, 1.0)
                    yield block
        except UNREADABLE:
            raise damaged_file() from None


def _check_directory(path: Path) -> None:
    """Refuse a package whose directory alone is huge, before zipfile reads it into memory."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - LONGEST_END, 0))
        tail = file.read()
    begin = tail.rfind(END_RECORD)
    record = tail[begin : begin + END_RECORD_SIZE]
    if begin < 0 or len(record) < END_RECORD_SIZE:
        raise damaged_file()
    if int.from_bytes(record[DIRECTORY_SIZE], "little") > LARGEST_DIRECTORY:
        raise UnusableFile(
            _("The file has too many parts for an Excel file. Save it as a new .xlsx file.")
        )


def _name_other_format(package: zipfile.ZipFile, names: set[str]) -> str:
    """Return a message that names what a package without a workbook is."""
    kind = b""
    if "mimetype" in names and package.getinfo("mimetype").file_size < 200:
        kind = package.read("mimetype")[:80]
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


def _local_name(tag: str) -> str:
    """Return the name of an element without its namespace, as ElementTree or expat write it."""
    return tag.rpartition("}")[2].rpartition(":")[2]


def _part_name(target: str) -> str:
    """Return the member that a relation of the workbook points to."""
    if target.startswith("/"):
        return target.lstrip("/")
    return f"xl/{target}"


def _counts_from_1904(book: ElementTree.Element) -> bool:
    """Return whether dates count from 1904, as in files of old Macs."""
    for element in book.iter():
        if _local_name(element.tag) == "workbookPr" and element.get("date1904") in ("1", "true"):
            return True
    return False


def _number_formats(styles: ElementTree.Element) -> list[NumberFormat]:
    """Return the number format of each cell style, in order."""
    codes: dict[str, str] = {}
    for element in styles.iter():
        if _local_name(element.tag) == "numFmt":
            codes[element.get("numFmtId", "")] = element.get("formatCode", "")
    formats: list[NumberFormat] = []
    for group in styles:
        if _local_name(group.tag) != "cellXfs":
            continue
        for style in group:
            number = style.get("numFmtId", "0")
            code = codes.get(number, "")
            formats.append(number_format(int(number) if number.isdecimal() else 0, code))
    return formats
