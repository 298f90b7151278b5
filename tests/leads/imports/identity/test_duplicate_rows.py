"""Rows of one file that repeat an earlier one."""

from __future__ import annotations

import pytest

from crm.lib.files.layout import Row
from leads.imports.identity.duplicate_rows import DuplicateRows, EarlierRow, Rows
from leads.imports.readings import Reading
from leads.records.identity.rules import Field

PHONE = "+525512345678"


def test_first_row_is_found_among_many() -> None:
    rows = DuplicateRows()
    for number in range(2, 20_000):
        rows.add([f"e:{number}", f"p:{number}"], number)
    rows.add(["p:17", "e:x"], 20_001)
    assert [rows.first(key) for key in ("p:17", "e:19999", "e:x", "e:y")] == [17, 19_999, 20_001, 0]


@pytest.mark.parametrize(
    "earlier",
    [
        EarlierRow(200_001, Field.EXTERNAL_ID),
        EarlierRow(2, Field.WHOLE_ROW),
        EarlierRow(3, Field.PHONE, is_same=False),
        EarlierRow(7),
    ],
)
def test_earlier_row_is_kept_in_four_bytes(earlier: EarlierRow) -> None:
    assert earlier.packed() < 2**32
    assert EarlierRow.unpacked(earlier.packed()) == earlier


def test_number_of_an_import_before_the_upgrade_is_a_row() -> None:
    assert (EarlierRow.unpacked(7), EarlierRow.unpacked(0)) == (EarlierRow(7), None)


def reading(number: int, **facts: str) -> Reading:
    values = {f"person.{name}": value for name, value in facts.items()}
    return Reading(Row(number, []), parsed=values, values=values)


def test_rows_of_one_switchboard_are_different_people() -> None:
    rows = Rows("file")
    assert rows.earlier(reading(2, name="Ana", email="a@a.test", phone=PHONE)) is None
    shared = EarlierRow(2, Field.PHONE, is_same=False)
    assert rows.earlier(reading(3, name="Leo", email="b@a.test", phone=PHONE)) == shared
    assert rows.earlier(reading(4, name="Leo", phone=PHONE)) == EarlierRow(3, Field.PHONE)
    assert rows.earlier(reading(5, name="Eva", email="B@a.test")) == EarlierRow(3, Field.EMAIL)


def test_row_of_a_name_alone_repeats_only_an_equal_row() -> None:
    rows = Rows("file")
    assert rows.earlier(reading(2, name="Ana", job_title="CEO")) is None
    assert rows.earlier(reading(3, name="Ana", job_title="CFO")) is None
    again = rows.earlier(reading(4, name="Ana", job_title="CEO"))
    assert again == EarlierRow(2, Field.WHOLE_ROW)
