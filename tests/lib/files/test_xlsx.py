"""Reading of XLSX in constant memory, held against calamine, which loads the whole sheet."""

from __future__ import annotations

import io
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from crm.lib.files.csv import UnusableFile
from crm.lib.files.xlsx import Workbook, column_number, number_text, plain

VALUES: list[list[Any]] = [
    ["Íñigo", "ñ", "  blanks  ", "a\nb", "<&>\"'", "🦜"],
    [0, 1, -7, 123456789012345, 5.255e10, 1e-7],
    [1.5, 0.1, 1 / 3, True, False, "007"],
    [date(2026, 3, 2), datetime(2026, 3, 2, 10, 30), date(1999, 12, 31), "", "", "last"],
    [],
    ["", "", "", "", "", "", "", "", "far"],
]


def book(rows: list[list[Any]], **options: Any) -> bytes:
    out = io.BytesIO()
    made = xlsxwriter.Workbook(
        out, {"in_memory": True, "default_date_format": "dd/mm/yy hh:mm", **options}
    )
    sheet = made.add_worksheet("Uno")
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    made.add_worksheet("Dos").write(0, 0, "second")
    made.close()
    return out.getvalue()


def read(path: Path, sheet: str = "Uno") -> dict[int, list[str]]:
    with Workbook(path) as opened:
        return {row.number: row.cells for row in opened.rows(sheet)}


def in_text(value: Any) -> str:
    """A value of calamine as this reader writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return number_text(repr(value)) if isinstance(value, float | int) else value


@pytest.mark.parametrize("options", [{}, {"constant_memory": True}, {"date_1904": True}])
def test_reads_what_calamine_reads(tmp_path: Path, options: dict[str, Any]) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(book(VALUES, **options))
    rows = (
        CalamineWorkbook.from_path(path).get_sheet_by_name("Uno").to_python(skip_empty_area=False)
    )
    theirs = {
        number: [in_text(value) for value in row]
        for number, row in enumerate(rows, start=1)
        if any(row)
    }
    ours = {number: cells + [""] * (9 - len(cells)) for number, cells in read(path).items()}
    assert ours == theirs


def test_sheets_are_chosen_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(book(VALUES))
    with Workbook(tmp_path / "a.xlsx") as opened:
        assert opened.sheets == ["Uno", "Dos"]
    assert read(tmp_path / "a.xlsx", "Dos") == {1: ["second"]}
    with pytest.raises(UnusableFile):
        read(tmp_path / "a.xlsx", "Tres")


@pytest.mark.parametrize(
    ("stored", "shape", "said"),
    [
        ("5.255400010E+9", "", "5255400010"),
        ("525540001234", "", "525540001234"),
        ("5255400010.0", "", "5255400010"),
        ("0.1", "", "0.1"),
        ("0.30000000000000004", "", "0.30000000000000004"),
        ("1E-7", "", "0.0000001"),
        ("12345", "00000000", "00012345"),
        ("46083", "date", "2026-03-02"),
        ("46083.4375", "date", "2026-03-02 10:30:00"),
        ("59", "date", "1900-02-28"),
        ("61", "date", "1900-03-01"),
        ("0.5", "date", "12:00"),
        ("no number", "", "no number"),
    ],
)
def test_number_is_written_as_it_is_meant(stored: str, shape: str, said: str) -> None:
    assert number_text(stored, shape) == said


def test_column_letters_count() -> None:
    assert [column_number(letters) for letters in ("A", "Z", "AA", "XFD")] == [0, 25, 26, 16383]


def test_escapes_are_undone() -> None:
    assert (plain("a_x000D_b"), plain("_xD83E__xDD9C_"), plain("_x41_")) == ("a\rb", "🦜", "_x41_")


def test_vertically_merged_cells_stand_in_each_row(tmp_path: Path) -> None:
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = made.add_worksheet("Uno")
    sheet.write_column(0, 0, ["a", "b", "c", "d"])
    sheet.merge_range("B1:B3", "Ñ")
    made.close()
    (tmp_path / "a.xlsx").write_bytes(out.getvalue())
    assert read(tmp_path / "a.xlsx") == {1: ["a", "Ñ"], 2: ["b", "Ñ"], 3: ["c", "Ñ"], 4: ["d"]}
