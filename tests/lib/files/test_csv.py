"""Reading and writing of CSV files: every shape that real files come in, and every one that is
refused.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from django.utils.translation import override

from crm.lib.files import csv as csvfiles
from crm.lib.files.csv import Row, UnusableFile


@pytest.fixture(autouse=True)
def in_english():
    with override("en"):
        yield


@pytest.fixture
def read(tmp_path):
    def reading(data: bytes) -> csvfiles.Table:
        path = tmp_path / "file.csv"
        path.write_bytes(data)
        return csvfiles.read(path)

    return reading


@pytest.mark.parametrize(
    ("data", "encoding", "delimiter"),
    [
        ("id,name\n1,Peña\n".encode(), "utf-8", ","),
        ("id,name\r\n1,Peña\r\n".encode("utf-8-sig"), "utf-8", ","),
        ("id;name\n1;Peña\n".encode("cp1252"), "cp1252", ";"),
        ("id\tname\r1\tPeña\r".encode(), "utf-8", "\t"),
        ("id\tname\r\n1\tPeña".encode("utf-16"), "utf-16", "\t"),
        ("\r\n\r\nid,name\n\n1,Peña\n".encode(), "utf-8", ","),
        ('"id";"name";"a,b,c,d,e"\n1;Peña\n'.encode(), "utf-8", ";"),
    ],
)
def test_encodings_and_delimiters(read, data, encoding, delimiter):
    table = read(data)
    assert (table.encoding, table.delimiter) == (encoding, delimiter)
    assert table.header[:2] == ["id", "name"]
    assert [row.cells for row in table.rows()] == [["1", "Peña"]]


def test_rows_are_numbered_as_in_a_spreadsheet_and_empty_ones_left_out(read):
    table = read('id,note\n1,"two\nlines"\n,\n\n2,x\u2028y\n'.encode())
    assert list(table.rows()) == [Row(2, ["1", "two\nlines"]), Row(5, ["2", "x\u2028y"])]


def test_header_only_has_no_rows(read):
    assert list(read(b"id,name\n").rows()) == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "The file is empty."),
        (b" \r\n\r\n ", "The file is empty."),
        (b",,\n1,2,3\n", "The first row has to name the columns."),
        (b"id\n1\x00\n", "The file has NUL bytes, so it is no CSV text. Save it as CSV in UTF-8."),
        (
            "id\n1".encode("utf-16-le"),
            "The file has NUL bytes, so it is no CSV text. Save it as CSV in UTF-8.",
        ),
        (
            b"id\n\x81\n",
            "The file is neither UTF-8 nor Windows-1252 text. Save it as CSV in UTF-8.",
        ),
        ("id\nPeña\n".encode() + b"Pe\xf1a\n", "Line 3 is broken UTF-8 text."),
        (b"x," * 2000 + b"x\n", "The file has more than 2000 columns."),
        (
            b'id,name\n1,"Ana\n2,Bea\n',
            "A quote is not closed or out of place up to line 3: unexpected end of data.",
        ),
        (
            b'id,name\n1,"Ana\n2,"Bea"\n',
            "A quote is not closed or out of place up to line 3: ',' expected after '\"'.",
        ),
    ],
)
def test_unusable_files_are_refused_in_words(read, data, message):
    with pytest.raises(UnusableFile) as refused:
        read(data)
    assert str(refused.value.message) == message


def test_missing_file_and_folder_are_named(tmp_path):
    for path, message in (
        (tmp_path / "none.csv", f"There is no file {tmp_path}/none.csv."),
        (tmp_path, f"{tmp_path} cannot be read: Is a directory."),
    ):
        with pytest.raises(UnusableFile) as refused:
            csvfiles.read(path)
        assert str(refused.value.message) == message


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
    assert csvfiles.neutral(cell) == f"'{cell}"
    assert csvfiles.unneutral(f"'{cell}") == cell


@pytest.mark.parametrize(
    "cell", ["", "-12.5", "+525540001001", "1-2", "O'Hara", "'s-Hertogenbosch", "   "]
)
def test_harmless_cells_stay(cell):
    assert csvfiles.neutral(cell) == csvfiles.unneutral(cell) == cell


def test_written_file_reads_back_and_appears_only_when_it_has_rows(tmp_path):
    path = tmp_path / "out.csv"
    with csvfiles.Writer(path, ["row", "name"]):
        pass
    assert list(tmp_path.iterdir()) == []
    with csvfiles.Writer(path, ["row", "name"]) as writer:
        writer.write([2, '=HYPERLINK("x")'])
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [["row", "name"], ["2", '\'=HYPERLINK("x")']]
    assert [row.cells for row in csvfiles.read(path).rows()] == [["2", '=HYPERLINK("x")']]
    assert list(tmp_path.iterdir()) == [path]


def test_folder_that_cannot_be_written_is_named():
    path = Path("/nowhere/out.csv")
    with pytest.raises(UnusableFile) as refused, csvfiles.Writer(path, ["row"]):
        pass
    assert (
        str(refused.value.message)
        == "/nowhere/out.csv cannot be written: No such file or directory."
    )
