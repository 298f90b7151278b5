"""Rows of one file that repeat an earlier one."""

from __future__ import annotations

from leads.imports.duplicate_rows import DuplicateRows


def test_duplicates_find_the_first_row_among_many() -> None:
    duplicates = DuplicateRows()
    assert [duplicates.first([f"e:{n}", f"p:{n}"], n) for n in range(2, 20_000)] == [0] * 19_998
    assert (duplicates.first(["e:x", "p:17"], 20_001), duplicates.first(["e:x"], 20_002)) == (17, 0)
