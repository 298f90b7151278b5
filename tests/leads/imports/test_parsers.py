"""Cells as values, and the cells that are refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.utils.translation import override

from leads.imports import parsers
from leads.imports.parsers import Style


@pytest.fixture(autouse=True)
def in_english():
    with override("en"):
        yield


STYLE = Style(dates=("%Y-%m-%d", "%d/%m/%Y %H:%M"))
COMMA = Style(decimal=",")
SHEET = Style(decimal=",", is_sheet=True)


@pytest.mark.parametrize(
    ("parse", "style", "cell", "value"),
    [
        (parsers.day, STYLE, "2018-02-26", date(2018, 2, 26)),
        (parsers.day, STYLE, "26/02/2018 23:59", date(2018, 2, 26)),
        (
            parsers.day,
            Style(dates=("%Y-%m-%dT%H:%M:%S%z",)),
            "2018-02-26T23:59:00-0800",
            date(2018, 2, 26),
        ),
        (parsers.amount, STYLE, "1,234,567.5", Decimal("1234567.50")),
        (parsers.amount, STYLE, "100000.0000", Decimal("100000.00")),
        (parsers.amount, COMMA, "1.234,50", Decimal("1234.50")),
        (parsers.amount, STYLE, "0", None),
        (parsers.headcount, STYLE, "120.0", 120),
        (parsers.number, STYLE, "-2.5", -2.5),
        (parsers.email, STYLE, "Ana@Example.COM", "ana@example.com"),
        (parsers.country, STYLE, "mx", "MX"),
        (parsers.country, STYLE, "México", "MX"),
        (parsers.country, STYLE, "united states", "US"),
        (parsers.number, SHEET, "1234.125", 1234.125),
        (parsers.number, SHEET, "1.234,5", 1234.5),
        (parsers.language, STYLE, "ES", "es"),
        (parsers.yes_no, STYLE, "Sí", True),
        (parsers.yes_no, STYLE, "0", False),
    ],
)
def test_cells(parse, style, cell, value):
    assert parse(style, cell) == value


@pytest.mark.parametrize(
    ("parse", "cell"),
    [
        (parsers.day, "2018-02-30"),
        (parsers.day, "0001-01-01"),
        (parsers.day, "02/26/2018 10:00"),
        (parsers.amount, "-1"),
        (parsers.amount, "1.234"),
        (parsers.amount, "1.234,50"),
        (parsers.amount, "12,34"),
        (parsers.amount, "1.23456"),
        (parsers.amount, "NaN"),
        (parsers.amount, "1e5"),
        (parsers.amount, "$ 5"),
        (parsers.amount, "٣"),
        (parsers.amount, "1000000000000"),
        (parsers.amount, "9" * 5000),
        (parsers.headcount, "1.5"),
        (parsers.headcount, "5000001"),
        (parsers.email, "ana"),
        (parsers.country, "Atlantis"),
        (parsers.country, "XX"),
        (parsers.language, "pt"),
        (parsers.yes_no, "maybe"),
        (parsers.outcome, "Won!"),
        (parsers.line(3), "four"),
    ],
)
def test_cells_that_are_refused(parse, cell):
    with pytest.raises(parsers.BadCell):
        parse(STYLE, cell)


@pytest.mark.parametrize("cell", ["#N/A", "#REF!", "#¡VALOR!", "#¿NOMBRE?"])
def test_error_values_of_a_spreadsheet_are_refused(cell):
    with pytest.raises(parsers.BadCell):
        parsers.check_no_error(cell)


@pytest.mark.parametrize("cell", ["#1", "N/A", "#hashtag", ""])
def test_other_texts_with_a_hash_are_no_errors(cell):
    parsers.check_no_error(cell)
