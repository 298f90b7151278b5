"""Whole numbers of addresses and hidden fields."""

from __future__ import annotations

import pytest

from crm.lib.input.numbers import BIGINT, INTEGER, whole


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("007", 7),
        ("9" * BIGINT, 10**BIGINT - 1),
        ("9" * (BIGINT + 1), None),
        ("9" * 5000, None),
        ("", None),
        ("-1", None),
        ("1.0", None),
        (" 1", None),
        ("1_000", None),
        ("\N{ARABIC-INDIC DIGIT FIVE}", None),
        ("\N{SUPERSCRIPT TWO}", None),
        ("1\x00", None),
    ],
)
def test_only_short_ascii_digits_are_a_number(text: str, number: int | None) -> None:
    assert whole(text) == number


def test_caller_says_how_many_digits_its_column_takes() -> None:
    assert whole("9" * INTEGER, digits=INTEGER) == 999_999_999
    assert whole("9" * 10, digits=INTEGER) is None
