"""Files as people really send them, and as they never should: one table, generated.

``names`` are the leads that have to stand in the database afterwards, letter by letter; None: the
upload is refused with words that hold ``says``.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import xlsxwriter

HEADER = ["Nombre", "Correo", "Teléfono", "Empresa", "País"]
ÑANDÚ = ["Íñigo Peña Núñez", "inigo@a.test", "+525540001234", "Ñandú Güemes", "México"]
JOSÉ = ["José Ángel Ibáñez", "jose@a.test", "+525540001235", "Cámara Española", "Perú"]
NAMES = [ÑANDÚ[0], JOSÉ[0]]
TABLE = [HEADER, ÑANDÚ, JOSÉ]
PHONES = ["+525540001234", "+525540001235"]


@dataclass(frozen=True)
class Nasty:
    name: str
    given: bytes | Callable[[], bytes]
    names: list[str] | None = None
    says: str = ""
    wrong: int = 0
    duplicate: int = 0
    phones: list[str] | None = None

    @property
    def data(self) -> bytes:
        return self.given if isinstance(self.given, bytes) else self.given()


def csv(
    rows: list[list[str]] = TABLE, delimiter: str = ",", encoding: str = "utf-8", end: str = "\r\n"
) -> bytes:
    return "".join(delimiter.join(row) + end for row in rows).encode(encoding)


def xlsx(
    write: Callable[[Any, Any], None] | None = None, rows: list[list[Any]] = TABLE, **options: Any
) -> bytes:  # type: ignore[assignment]
    """A workbook with ``rows`` on its first sheet; ``write(book, sheet)`` adds to it."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, **options})
    sheet = book.add_worksheet("Hoja1")
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    if write:
        write(book, sheet)
    book.close()
    return out.getvalue()


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in files.items():
            package.writestr(name.replace("__", "/").replace("_DOT_", "."), data)
    return out.getvalue()


def changed(data: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """The package with one part changed."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return out.getvalue()


@cache
def bomb() -> bytes:
    """A sheet that unpacks to 600 MB. Made when a test asks for it: it takes a second."""
    out = io.BytesIO()
    block = b" " * 10_000_000
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        package.writestr("xl/workbook.xml", b"<workbook/>")
        with package.open("xl/worksheets/sheet1.xml", "w") as part:
            for _block in range(60):
                part.write(block)
    return out.getvalue()


def phones_as_numbers(book: Any, sheet: Any) -> None:
    sheet.write_number(1, 2, 525540001234)
    sheet.write_number(2, 2, 14000123, book.add_format({"num_format": "000000000"}))


def formulas(book: Any, sheet: Any) -> None:
    sheet.write_formula(1, 0, '=CONCAT("Íñigo"," Peña Núñez")', None, ÑANDÚ[0])
    sheet.write_formula(2, 1, '=LOWER("JOSE@A.TEST")', None, "jose@a.test")


def merged(book: Any, sheet: Any) -> None:
    sheet.merge_range("D2:D3", "Ñandú Güemes")


def titled(book: Any, sheet: Any) -> None:
    sheet.merge_range("A1:E1", "Feria de León, noviembre 2026")


def error_cell(book: Any, sheet: Any) -> None:
    sheet.write_formula(2, 0, "=1/0", None, "#DIV/0!")


def dates(book: Any, sheet: Any) -> None:
    for row in (1, 2):
        sheet.write_datetime(
            row, 5, date(2026, 3, row), book.add_format({"num_format": "dd/mm/yyyy"})
        )


def with_row(*row: str) -> list[list[str]]:
    return [*TABLE, list(row)]


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
LONG = "x" * 10_000_000
FILES = [
    # -- CSV that is understood
    Nasty("utf-8.csv", csv(), NAMES, phones=PHONES),
    Nasty("bom.csv", b"\xef\xbb\xbf" + csv(), NAMES),
    Nasty("cp1252 semicolons.csv", csv(delimiter=";", encoding="cp1252"), NAMES),
    Nasty("dos.csv", csv(delimiter=";", encoding="cp850"), NAMES),
    Nasty("old mac.csv", csv(encoding="mac_roman", end="\r"), NAMES),
    Nasty("utf-16 tabs.txt", csv(delimiter="\t", encoding="utf-16"), NAMES),
    Nasty("utf-16 without mark.txt", csv(delimiter="\t", encoding="utf-16-le"), NAMES),
    Nasty(
        "decomposed.csv",
        csv([HEADER, ["I\u0301n\u0303igo Pen\u0303a Nu\u0301n\u0303ez", *ÑANDÚ[1:]], JOSÉ]),
        NAMES,
    ),
    Nasty("sep.csv", b"sep=;\r\n" + csv(delimiter=";"), NAMES),
    Nasty("bars.csv", csv(delimiter="|"), NAMES),
    Nasty("empty rows.csv", csv([[], HEADER, [], ÑANDÚ, ["", "", "", "", ""], JOSÉ, []]), NAMES),
    Nasty("trailing columns.csv", csv([[*row, "", ""] for row in TABLE]), NAMES),
    Nasty(
        "duplicate headers.csv",
        csv([["Nombre", "Nombre", "Correo"], ["Íñigo Peña Núñez", "x", "a@a.test"]]),
        NAMES[:1],
    ),
    Nasty(
        "same person twice.csv",
        csv(with_row("J. A. Ibáñez", "JOSE@a.test", "", "", "")),
        NAMES,
        duplicate=1,
    ),
    Nasty(
        "same row twice.csv",
        csv([["Nombre"], ["Íñigo Peña Núñez"], ["Íñigo Peña Núñez"]]),
        NAMES[:1],
        duplicate=1,
    ),
    Nasty("short row.csv", csv(with_row("Ana")), NAMES, wrong=1),
    Nasty("long row.csv", csv(with_row("Ana", "", "", "", "", "more")), NAMES, wrong=1),
    Nasty("bidi.csv", csv(with_row("Ana \u202egpj.exe", "", "", "", "")), [*NAMES, "Ana gpj.exe"]),
    Nasty(
        "bad mail and country.csv",
        csv(with_row("Ana", "ana(at)a.test", "", "", "Atlantis")),
        [*NAMES, "Ana"],
    ),
    Nasty("too long a name.csv", csv(with_row("x" * 161, "", "", "", "")), NAMES, wrong=1),
    Nasty(
        "line break in a name.csv",
        csv(with_row('"Ana\r\nRuiz"', "", "", "", "")),
        [*NAMES, "Ana Ruiz"],
    ),
    Nasty(
        "formula.csv", csv(with_row("'=HYPERLINK(1)", "", "", "", "")), [*NAMES, "=HYPERLINK(1)"]
    ),
    Nasty("../../x", csv(), NAMES),
    # -- CSV that is refused
    Nasty("empty.csv", b"", says="empty"),
    Nasty("blank.csv", b"\r\n \r\n", says="empty"),
    Nasty("header only.csv", csv([HEADER]), says="no rows"),
    Nasty("unclosed quote.csv", csv(with_row('"Ana', "", "", "", "")), says="quote is not closed"),
    Nasty(
        "a million columns.csv",
        ",".join(["x"] * 1_000_000).encode() + b"\r\n1\r\n",
        says="more than 200 columns",
    ),
    Nasty("nul.csv", csv(with_row("Ana\0Ruiz", "", "", "", "")), says="NUL"),
    Nasty("surrogates.csv", csv() + b"\xed\xa0\x80,,,,\r\n", says="broken UTF-8"),
    Nasty("10 MB cell.csv", csv(with_row(LONG, "", "", "", "")), says="field larger than"),
    Nasty("photo.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), says="neither CSV nor Excel"),
    Nasty("web page.xls", b"<html><table><tr><td>Ana</td></tr></table></html>", says="web page"),
    # -- XLSX that is understood
    Nasty("plain.xlsx", xlsx(), NAMES, phones=PHONES),
    Nasty("inline strings.xlsx", xlsx(constant_memory=True), NAMES),
    Nasty("renamed.csv", xlsx(), NAMES),
    Nasty(
        "phones as numbers.xlsx",
        xlsx(phones_as_numbers),
        NAMES,
        phones=["+525540001234", "+5114000123"],
    ),
    Nasty("formulas.xlsx", xlsx(formulas), NAMES),
    Nasty("merged.xlsx", xlsx(merged), NAMES),
    Nasty("titled.xlsx", xlsx(titled, [[], [], *TABLE]), NAMES),
    Nasty("error.xlsx", xlsx(error_cell), [NAMES[0], ""]),
    Nasty("dates.xlsx", xlsx(dates, [[*HEADER, "Fecha"], ÑANDÚ, JOSÉ]), NAMES),
    Nasty("empty rows.xlsx", xlsx(rows=[[], HEADER, [], ÑANDÚ, [" "], JOSÉ]), NAMES),
    Nasty(
        "escapes.xlsx",
        xlsx(rows=[*TABLE, ["Ana_x0000__x202E_ Ruiz\ud83d"[:-1]]]),
        [*NAMES, "Ana_x0000__x202E_ Ruiz"],
    ),
    # -- XLSX that is refused, and what only looks like it
    Nasty("bomb.xlsx", bomb, says="unpacks to more than"),
    Nasty("truncated.xlsx", xlsx()[:-200], says="damaged"),
    Nasty(
        "entities.xlsx",
        changed(xlsx(), "xl/workbook.xml", lambda xml: b'<!DOCTYPE x [<!ENTITY a "b">]>' + xml),
        says="damaged",
    ),
    Nasty("header only.xlsx", xlsx(rows=[HEADER]), says="no rows"),
    Nasty("locked.xlsx", OLE + "EncryptedPackage".encode("utf-16-le"), says="password"),
    Nasty("old.xls", OLE, says=".xls"),
    Nasty(
        "sheet.ods",
        zipped(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"),
        says="OpenDocument",
    ),
    Nasty("archive.zip", zipped(a_DOT_csv=csv()), says="ZIP archive"),
]
