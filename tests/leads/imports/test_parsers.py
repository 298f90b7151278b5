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
DECIDED = Style(is_decided=True)
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
        (parsers.amount, STYLE, "$ 5", Decimal("5.00")),
        (parsers.amount, STYLE, "USD 1,234.50", Decimal("1234.50")),
        (parsers.amount, COMMA, "R$ 1.234,50", Decimal("1234.50")),
        (parsers.amount, COMMA, "1.234,50 €", Decimal("1234.50")),
        (parsers.amount, COMMA, "S/ 1.234,5", Decimal("1234.50")),
        (parsers.amount, STYLE, "1,500.00 MXN", Decimal("1500.00")),
        (parsers.number, DECIDED, "1.234", 1.234),
        (parsers.headcount, STYLE, "120.0", 120),
        (parsers.headcount, STYLE, "1.000", 1000),
        (parsers.headcount, STYLE, "1,000", 1000),
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
        (parsers.yes_no, STYLE, "VERDADERO", True),
        (parsers.yes_no, STYLE, "Não", False),
        (parsers.day, Style(), "15-abr-2021", date(2021, 4, 15)),
        (parsers.day, Style(month_first=True), "10/5/2026", date(2026, 10, 5)),
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
        (parsers.amount, "NaN"),
        (parsers.amount, "1e5"),
        (parsers.amount, "5 people"),
        (parsers.amount, "٣"),
        (parsers.amount, "1000000000000"),
        (parsers.amount, "9" * 5000),
        (parsers.headcount, "1.5"),
        (parsers.headcount, "5000001"),
        # What a spreadsheet makes of "11-50" and "10-11", and what is no number of people.
        (parsers.headcount, "nov-50"),
        (parsers.headcount, "1-oct"),
        (parsers.headcount, "10/11/2026"),
        (parsers.headcount, "2026-10-11 00:00:00"),
        (parsers.headcount, "50%"),
        (parsers.headcount, "1e3"),
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


@pytest.mark.parametrize(
    ("parse", "cell", "value", "code"),
    [
        (parsers.amount, "1.23456", Decimal("1.23"), "rounded"),
        (parsers.number, "0.123456789", 0.1235, "rounded"),
        (parsers.headcount, "51-200", 51, "range"),
        (parsers.headcount, "51 – 200", 51, "range"),
        (parsers.headcount, "11 a 50", 11, "range"),
        (parsers.headcount, "de 11 a 50", 11, "range"),
        (parsers.headcount, "10,001+ employees", 10001, "range"),
        (parsers.headcount, "10.001+ empleados", 10001, "range"),
        (parsers.headcount, "1K-5K", 1000, "range"),
        (parsers.headcount, "más de 500", 500, "range"),
        (parsers.headcount, "> 1000", 1000, "range"),
        (parsers.headcount, "50 empleados", 50, "range"),
        (parsers.headcount, "Self-employed", 1, "range"),
        (parsers.headcount, "Tier 2: 50-100", 50, "range"),
        (parsers.headcount, "size_51_200", 51, "range"),
        (parsers.headcount, "1.5K", 1500, "range"),
        (parsers.headcount, "1,5 mil", 1500, "range"),
        (parsers.headcount, "2 millones", 2_000_000, "range"),
        # At most so many: at least one.
        (parsers.headcount, "<10", 1, "range"),
        (parsers.headcount, "menos de 10", 1, "range"),
        (parsers.headcount, "hasta 10 personas", 1, "range"),
        (parsers.headcount, "less than 10", 1, "range"),
    ],
)
def test_cells_that_are_taken_with_a_note(parse, cell, value, code):
    taken = parse(STYLE, cell)
    assert (taken.value, taken.code, taken.values["cell"]) == (value, code, cell)


def test_no_message_shows_a_form_of_strptime():
    with pytest.raises(parsers.BadCell) as explicit:
        parsers.day(STYLE, "soon")
    with pytest.raises(parsers.BadCell) as usual:
        parsers.day(Style(), "soon")
    with pytest.raises(parsers.BadCell) as open_order:
        parsers.day(Style(), "10/5/2026")
    assert [str(each.value.why) for each in (explicit, usual, open_order)] == [
        "“soon” is no date like 2026-12-31 | 31/12/2026 17:30",
        "“soon” is no date like 2026-12-31, 31/12/2026 or 31 Dec 2026",
        "“10/5/2026” may be 2026-05-10 or 2026-10-05",
    ]


@pytest.mark.parametrize("cell", ["#REF!", "#¡VALOR!", "#¿NOMBRE?"])
def test_error_values_of_a_spreadsheet_are_refused(cell):
    with pytest.raises(parsers.BadCell):
        parsers.check_no_error(cell)


EMPTY = (
    "-|--|—|.|?|N/A|n/a|#N/A|#N/D|n/d|s/d|S/D|N.D.|null|NULL|None|--None--|(vacío)|(vacio)|[blank]"
    "|(en blanco)|vazio|No aplica|não informado|NA|\\N|undefined|no tiene|sin datos|Not Specified"
)


@pytest.mark.parametrize("cell", EMPTY.split("|"))
def test_texts_that_mean_an_empty_cell(cell):
    assert parsers.is_nothing(cell)


@pytest.mark.parametrize("cell", ["0", "no", "Na", "N", "Noemí", "Nulo SA", "A-1", "1", "NO", "+"])
def test_texts_that_are_values(cell):
    assert not parsers.is_nothing(cell)


@pytest.mark.parametrize("cell", ["#1", "N/A", "#hashtag", ""])
def test_other_texts_with_a_hash_are_no_errors(cell):
    parsers.check_no_error(cell)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("-$5", -5),
        ("(1234.50)", -1234.5),
        ("$1,000.00 M.N.", 1000),
        ("5000 pesos", 5000),
        ("Q 500", 500),
        ("L. 500", 500),
        ("B/. 500", 500),
    ],
)
def test_currencies_around_numbers_are_dropped(cell, value):
    assert parsers.number(Style(is_decided=True), cell) == value


@pytest.mark.parametrize("cell", ["46300", "46300.5", "1791158400", "1791158400000"])
def test_dates_that_programs_count_are_read_in_columns_of_dates(cell):
    assert parsers.day(Style(), cell) == date(2026, 10, 5)
