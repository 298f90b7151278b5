"""Stored values of XLSX cells as the text that the sheet shows."""

from __future__ import annotations

import pytest

from crm.lib.files.xlsx_values import (
    DATE,
    GENERAL,
    NumberFormat,
    column_number,
    number_format,
    number_text,
    unescape,
)


@pytest.mark.parametrize(
    ("stored", "shown_as", "text"),
    [
        ("5.255400010E+9", GENERAL, "5255400010"),
        ("525540001234", GENERAL, "525540001234"),
        ("5255400010.0", GENERAL, "5255400010"),
        ("0.1", GENERAL, "0.1"),
        ("0.30000000000000004", GENERAL, "0.30000000000000004"),
        ("1E-7", GENERAL, "0.0000001"),
        ("12345", NumberFormat(digits=8), "00012345"),
        ("46083", DATE, "2026-03-02"),
        ("46083.4375", DATE, "2026-03-02 10:30:00"),
        ("59", DATE, "1900-02-28"),
        ("61", DATE, "1900-03-01"),
        ("0.5", DATE, "12:00"),
        ("no number", GENERAL, "no number"),
        ("1e41", GENERAL, "1e41"),
    ],
)
def test_number_is_written_as_the_sheet_shows_it(
    stored: str, shown_as: NumberFormat, text: str
) -> None:
    assert number_text(stored, shown_as) == text


def test_dates_of_old_macs_count_from_1904() -> None:
    assert number_text("44621", DATE, from_1904=True) == "2026-03-02"


@pytest.mark.parametrize(
    ("number", "code", "shown_as"),
    [
        (0, "", GENERAL),
        (14, "", DATE),
        (164, "dd/mm/yyyy", DATE),
        (165, "[h]:mm", DATE),
        (166, "00000", NumberFormat(digits=5)),
        (167, '"day "0', NumberFormat(digits=1)),
        (168, "[Red]#,##0.00", GENERAL),
        (169, "General", GENERAL),
        (170, '0"m"', NumberFormat(digits=1)),
    ],
)
def test_format_is_a_date_or_a_number_of_digits(
    number: int, code: str, shown_as: NumberFormat
) -> None:
    assert number_format(number, code) == shown_as


def test_column_letters_count() -> None:
    assert [column_number(letters) for letters in ("A", "Z", "AA", "XFD")] == [0, 25, 26, 16383]


def test_escapes_are_undone() -> None:
    assert unescape("a_x000D_b") == "a\rb"
    assert unescape("_xD83E__xDD9C_") == "🦜"
    assert unescape("_x41_") == "_x41_"
