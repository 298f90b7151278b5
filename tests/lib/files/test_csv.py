"""CSV cells that a spreadsheet would run, and files written for one."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from django.utils.translation import override

from crm.lib.files import csv as csv_files
from crm.lib.files.detect import guess
from crm.lib.files.layout import UnusableFile
from crm.lib.files.table import Table


@pytest.fixture(autouse=True)
def in_english():
    with override("en"):
        yield


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        " =1+1",
        "\t@SUM(A1)",
        "\u200b-2+3",
        "＝cmd|'/c'!A1",
        "+52 55 4000",
        "-",
        "'=1",
        "''+a",
    ],
)
def test_formulas_are_neutralised_and_read_back(cell):
    assert csv_files.neutral(cell) == f"'{cell}"
    assert csv_files.unneutral(f"'{cell}") == cell


@pytest.mark.parametrize(
    "cell", ["", "-12.5", "+525540001001", "1-2", "O'Hara", "'s-Hertogenbosch", "   "]
)
def test_harmless_cells_stay(cell):
    assert csv_files.neutral(cell) == csv_files.unneutral(cell) == cell


def test_written_file_reads_back_and_appears_only_when_it_has_rows(tmp_path):
    path = tmp_path / "out.csv"
    with csv_files.Writer(path, ["row", "name"]):
        pass
    assert list(tmp_path.iterdir()) == []
    with csv_files.Writer(path, ["row", "name"]) as writer:
        writer.write([2, '=HYPERLINK("x")'])
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [["row", "name"], ["2", '\'=HYPERLINK("x")']]
    with Table(path, guess(path)) as table:
        _header, rows = table.rows()
        assert [row.cells for row in rows] == [["2", '=HYPERLINK("x")']]
    assert list(tmp_path.iterdir()) == [path]


def test_folder_that_cannot_be_written_is_named():
    path = Path("/nowhere/out.csv")
    with pytest.raises(UnusableFile) as refused, csv_files.Writer(path, ["row"]):
        pass
    assert (
        str(refused.value.message)
        == "/nowhere/out.csv cannot be written: No such file or directory."
    )
