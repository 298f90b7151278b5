"""XLSX files read in constant memory, compared with calamine, which loads the whole sheet."""

from __future__ import annotations

import io
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from crm.lib.files import xlsx_sheet
from crm.lib.files.layout import UnusableFile
from crm.lib.files.xlsx import Workbook
from crm.lib.files.xlsx_values import number_text

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


def test_vertically_merged_cells_stand_in_each_row(tmp_path: Path) -> None:
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = made.add_worksheet("Uno")
    sheet.write_column(0, 0, ["a", "b", "c", "d"])
    sheet.merge_range("B1:B3", "Ñ")
    made.close()
    (tmp_path / "a.xlsx").write_bytes(out.getvalue())
    assert read(tmp_path / "a.xlsx") == {1: ["a", "Ñ"], 2: ["b", "Ñ"], 3: ["c", "Ñ"], 4: ["d"]}


def test_one_cell_in_the_last_corner_costs_nothing(tmp_path: Path) -> None:
    """Libraries that load the rectangle around all cells die of such a file."""
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = made.add_worksheet("Uno")
    sheet.write(0, 0, "a")
    sheet.write(1_048_575, 16_383, "z")
    made.close()
    (tmp_path / "a.xlsx").write_bytes(out.getvalue())
    rows = read(tmp_path / "a.xlsx")
    assert (rows[1], len(rows), rows[1_048_576][-1]) == (["a"], 2, "z")


def test_too_many_merges_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_sheet, "MOST_MERGES", 1)
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = made.add_worksheet("Uno")
    sheet.merge_range("A1:A2", "a")
    sheet.merge_range("B1:B2", "b")
    made.close()
    (tmp_path / "a.xlsx").write_bytes(out.getvalue())
    with pytest.raises(UnusableFile):
        read(tmp_path / "a.xlsx")


def test_merges_are_found_across_blocks() -> None:
    tags = b'<mergeCells><mergeCell ref="B1:B3"/><mergeCell ref="C1:D1"/><mergeCell ref="AA2:AA9"/>'
    for size in range(1, len(tags)):
        blocks = [tags[start : start + size] for start in range(0, len(tags), size)]
        assert xlsx_sheet.find_merges(blocks) == [(1, 1, 3), (26, 2, 9)]
