"""Typed numbers: grouping, decimal signs, and texts that may be either."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crm.lib.numbers import typed

WHOLE = {
    "1000": 1000,
    "1.000": 1000,
    "1,000": 1000,
    "1 000": 1000,
    "1\u00a0000": 1000,
    "1\u202f000": 1000,
    "1'000": 1000,
    "12.345.678": 12_345_678,
    "12,345,678": 12_345_678,
    " 250 ": 250,
    "-1.000": -1000,
    "\N{MINUS SIGN}5": -5,
    "+5": 5,
    "007": 7,
    "5.0": 5,
    "5,00": 5,
    "1.000,00": 1000,
    "1,000.00": 1000,
}
NOT_WHOLE = ("1.5", "1,25", "0.500", "1.000,5", "1234.567", "1,000.250")
NO_NUMBER = (
    "",
    "-",
    ".",
    "5.",
    "x",
    "1e3",
    "1_000",
    "0x10",
    "NaN",
    "Infinity",
    "1.00.000",
    "1,00,000",
    "1.000,000.000",
    "1.000 000",
    "0.123.456",
    "1..000",
    "1.000,",
    "٣٤",
    "１２",
    "5 000 000 x",
    "1" * 41,
)


@pytest.mark.parametrize(("text", "value"), WHOLE.items())
def test_whole_number_takes_groups_of_either_sign(text: str, value: int) -> None:
    assert typed.read_whole(text) == value


@pytest.mark.parametrize("text", NOT_WHOLE)
def test_whole_number_refuses_decimals(text: str) -> None:
    with pytest.raises(typed.NotWhole):
        typed.read_whole(text)


@pytest.mark.parametrize("text", NO_NUMBER)
def test_text_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(typed.NotANumber):
        typed.read_whole(text)
    for decimal in typed.DECIMAL_SIGNS:
        with pytest.raises(typed.NotANumber):
            typed.read_decimal(text, decimal)


# The value with a decimal comma (es-CO) and with a decimal point (es-MX, en-US); None: refused.
DECIMALS = {
    "1000": ("1000", "1000"),
    "1.000": ("1000", None),
    "1,000": (None, "1000"),
    "50.000": ("50000", None),
    "50,000": (None, "50000"),
    "999.999": ("999999", None),
    "-5.000": ("-5000", None),
    # More than one group can only be groups.
    "1.000.000": ("1000000", "1000000"),
    "1,000,000": ("1000000", "1000000"),
    "1 000": ("1000", "1000"),
    # Both signs: the last one is the decimal sign.
    "1.234,5": ("1234.5", "1234.5"),
    "1,234.5": ("1234.5", "1234.5"),
    "1.234,567": ("1234.567", "1234.567"),
    "1 000,500": ("1000.5", "1000.5"),
    # Other than three digits, a 0 in front or four digits: no group.
    "1.5": ("1.5", "1.5"),
    "1,5": ("1.5", "1.5"),
    "12,25": ("12.25", "12.25"),
    "1.2345": ("1.2345", "1.2345"),
    "0.500": ("0.5", "0.5"),
    "0,500": ("0.5", "0.5"),
    ",500": ("0.5", "0.5"),
    "1234.567": ("1234.567", "1234.567"),
    "1234,567": ("1234.567", "1234.567"),
}


@pytest.mark.parametrize(("text", "values"), DECIMALS.items())
def test_decimal_number_is_read_by_the_region_or_refused(
    text: str, values: tuple[str | None, str | None]
) -> None:
    for decimal, value in zip((",", "."), values, strict=True):
        if value is None:
            with pytest.raises(typed.TwoReadings):
                typed.read_decimal(text, decimal)
        else:
            assert typed.read_decimal(text, decimal) == Decimal(value)


def test_refusal_names_both_readings() -> None:
    with pytest.raises(typed.TwoReadings) as refusal:
        typed.read_decimal("1.000", ".")
    assert (refusal.value.grouped, refusal.value.fraction) == (1000, 1)


@pytest.mark.parametrize("text", ["0", "-1", "1000", "1.000", "0.5", "-12.25"])
def test_number_of_a_program_is_read_with_a_point(text: str) -> None:
    assert typed.read_exact(text) == Decimal(text)


@pytest.mark.parametrize(
    "text",
    ["", "1,000", "1,5", "1 000", " 1", "+1", ".5", "1.", "1e3", "1_0", "٣", "NaN", "1.000.000"],
)
def test_number_of_a_program_has_no_other_form(text: str) -> None:
    with pytest.raises(typed.NotANumber):
        typed.read_exact(text)


COLUMNS = (
    # Nothing depends on the sign.
    ([], "."),
    (["10", "", "1000"], "."),
    # A value with both signs decides.
    (["1.000", "1.234,50"], ","),
    (["1,000", "1,234.50"], "."),
    # Other than three digits behind the sign decide.
    (["1.000", "2.5"], "."),
    (["1,000", "12,25"], ","),
    (["1.000", "3,1234"], ","),
    # Repeated groups, a 0 in front and four digits in front decide, too.
    (["1.000", "1.000.000"], ","),
    (["1,000", "1,000,000"], "."),
    (["1.000", "0.125"], "."),
    (["1.000", "1234.567"], "."),
    # What is around a number does not matter, and other texts are ignored.
    (["$5.000", "USD 1.234,50"], ","),
    (["5,000 €", "n/a", "-"], None),
    (["11-50", "#N/A", "1,000.5"], "."),
    # Thousands or decimals: ask.
    (["1.000"], None),
    (["1.000", "500"], None),
    (["5,000", "12,500"], None),
    # Cells that contradict each other: ask.
    (["1.5", "1,5"], None),
    (["1.234,5", "1,234.5", "7"], None),
)


@pytest.mark.parametrize(("cells", "sign"), COLUMNS)
def test_column_decides_its_decimal_sign(cells: list[str], sign: str | None) -> None:
    assert typed.column_decimal(cells) == sign


def test_cell_is_read_with_the_sign_of_its_column() -> None:
    assert typed.read_in_column("1.250", ".") == Decimal("1.25")
    assert typed.read_in_column("1.250", ",") == 1250
    with pytest.raises(typed.NotANumber):
        typed.read_in_column("1.5", ",")


@pytest.mark.parametrize("decimal", typed.DECIMAL_SIGNS)
@pytest.mark.parametrize(
    "value",
    ["0", "1", "1000", "50000", "1000000", "-5000", "0.5", "1.234", "12.3456", "1234.567", "1.10"],
)
def test_written_number_reads_back_as_the_same_number(value: str, decimal: str) -> None:
    text = typed.write(Decimal(value), decimal)
    assert typed.read_decimal(text, decimal) == Decimal(value)


def test_float_is_written_as_people_know_it() -> None:
    assert [typed.write(value, ",") for value in (0.1, 1e16, 50000.0)] == [
        "0,1",
        "10000000000000000",
        "50000",
    ]


def test_halves_are_rounded_away_from_zero() -> None:
    values = [typed.rounded(Decimal(text), 2) for text in ("2.345", "-2.345", "2", "2.344")]
    assert values == [Decimal("2.35"), Decimal("-2.35"), Decimal("2.00"), Decimal("2.34")]
    assert typed.rounded(Decimal("9" * 34 + ".555"), 2) == Decimal("9" * 34 + ".56")
