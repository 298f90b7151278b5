"""Tables in every shape that real CSV files come in, and every one that is refused.

tests/leads/imports/nasty_files.py has more of them, and XLSX files.
"""

from __future__ import annotations

import pytest
from django.utils.translation import override

from crm.lib.files.detect import guess
from crm.lib.files.layout import Layout, Limits, Row, UnusableFile
from crm.lib.files.table import Table


@pytest.fixture(autouse=True)
def in_english():
    with override("en"):
        yield


@pytest.fixture
def read(tmp_path):
    def reading(data: bytes, limits: Limits | None = None) -> tuple[Layout, list[str], list[Row]]:
        path = tmp_path / "file.csv"
        path.write_bytes(data)
        chosen = limits or Limits(size=1_000_000, columns=2_000)
        layout = guess(path, chosen)
        with Table(path, layout, chosen) as table:
            header, rows = table.rows()
            return layout, header, list(rows)

    return reading


@pytest.mark.parametrize(
    ("data", "encoding", "delimiter"),
    [
        ("id,name\n1,Peña\n".encode(), "utf-8", ","),
        ("id,name\r\n1,Peña\r\n".encode("utf-8-sig"), "utf-8", ","),
        ("id;name\n1;Peña\n".encode("cp1252"), "cp1252", ";"),
        ("id;name\n1;Peña\n".encode("cp850"), "cp850", ";"),
        ("id|name\n1|Peña\n".encode(), "utf-8", "|"),
        ("id\tname\r1\tPeña\r".encode(), "utf-8", "\t"),
        ("id\tname\r\n1\tPeña".encode("utf-16"), "utf-16", "\t"),
        ("id\tname\r\n1\tPeña".encode("utf-16-le"), "utf-16-le", "\t"),
        ("\r\n\r\nid,name\n\n1,Peña\n".encode(), "utf-8", ","),
        ('"id";"name";"a,b,c,d,e"\n1;Peña\n'.encode(), "utf-8", ";"),
        ("sep=;\nid;name\n1;Peña\n".encode(), "utf-8", ";"),
        ("Fair of March,\nid,name\n1,Peña\n".encode(), "utf-8", ","),
    ],
)
def test_encoding_delimiter_and_header_are_detected(read, data, encoding, delimiter):
    layout, header, rows = read(data)
    assert (layout.encoding, layout.delimiter) == (encoding, delimiter)
    assert header[:2] == ["id", "name"]
    assert [row.cells for row in rows] == [["1", "Peña"]]


def test_rows_are_numbered_as_in_a_spreadsheet_and_empty_ones_left_out(read):
    _layout, _header, rows = read('id,note\n1,"two\nlines"\n,\n\n2,x\u2028y\n'.encode())
    assert rows == [Row(2, ["1", "two\nlines"]), Row(5, ["2", "x\u2028y"])]


def test_header_only_has_no_rows(read):
    assert read(b"id,name\n")[1:] == (["id", "name"], [])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "The file is empty."),
        (b" \r\n\r\n ", "The file is empty."),
        (b",,\n,,\n", "The file is empty."),
        (
            b"id,name\n1,Ana\x00Ruiz\n2,Bea\n",
            "The file has NUL bytes, so it is no CSV text. Save it as CSV in UTF-8.",
        ),
        ("id\nPeña\nÍñigo\n".encode() + b"Pe\xf1a\n", "Line 4 is broken UTF-8 text."),
        (
            b"x," * 2000 + b"x\n",
            "The file has more than 2000 columns. Delete those that you do not need.",
        ),
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
def test_unusable_files_are_refused_with_the_reason(read, data, message):
    with pytest.raises(UnusableFile) as refused:
        read(data)
    assert str(refused.value.message) == message


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(size=1_000_000, columns=9, rows=1), "The file has more than 1 rows: split it."),
        (Limits(size=10, columns=9), "The file is larger than 0 MB: split it."),
    ],
)
def test_limits_are_those_of_the_caller(read, limits, message):
    with pytest.raises(UnusableFile) as refused:
        read(b"id,name\n1,Ana\n2,Bea\n", limits)
    assert str(refused.value.message) == message


def test_missing_file_and_folder_are_named(tmp_path):
    for path, message in (
        (tmp_path / "none.csv", f"There is no file {tmp_path}/none.csv."),
        (tmp_path, f"{tmp_path} cannot be read: Is a directory."),
    ):
        with pytest.raises(UnusableFile) as refused:
            guess(path)
        assert str(refused.value.message) == message


def test_text_that_does_not_fit_the_chosen_encoding_names_the_row(tmp_path):
    path = tmp_path / "file.csv"
    path.write_bytes("id\nPeña\n".encode("cp1252"))
    with pytest.raises(UnusableFile) as refused, Table(path, Layout()) as table:
        list(table.records())
    assert str(refused.value.message) == "From row 1 on the file is not UTF-8 text."
