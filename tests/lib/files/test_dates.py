"""Dates in the spellings that files have, and which order a column is written in."""

from __future__ import annotations

from datetime import date

import pytest

from crm.lib.files import dates

OCTOBER_5 = date(2026, 10, 5)
APRIL_15 = date(2021, 4, 15)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("2026-10-05", OCTOBER_5),
        ("2026/10/05", OCTOBER_5),
        ("2026.10.5", OCTOBER_5),
        ("20261005", OCTOBER_5),
        ("2026-10-05T17:11:09-06:00", OCTOBER_5),
        ("2026-10-05T17:11:09.123Z", OCTOBER_5),
        ("2026-10-05T17:11:09-0600", OCTOBER_5),
        ("2026-10-05 17:11", OCTOBER_5),
        ("2026-10-05 17:11:09", OCTOBER_5),
        ("2026-10-05 17:11:09 UTC", OCTOBER_5),
        ("2026-10-05 17:11:09 +0000", OCTOBER_5),
        ("15 Apr, 2021 00:03:00", APRIL_15),
        ("15 Apr 2021", APRIL_15),
        ("15 April 2021", APRIL_15),
        ("15th April 2021", APRIL_15),
        ("Apr 15, 2021", APRIL_15),
        ("April 15, 2021 5:03 PM", APRIL_15),
        ("Apr 15, 2021 at 5:03 PM", APRIL_15),
        ("Thu, 15 Apr 2021 00:03:00 GMT", APRIL_15),
        ("Thursday, April 15, 2021", APRIL_15),
        ("15-abr-2021", APRIL_15),
        ("15/abr/2021", APRIL_15),
        ("15-abr-21", APRIL_15),
        ("15 de abril de 2021", APRIL_15),
        ("jueves, 15 de abril de 2021", APRIL_15),
        ("15 abr. 2021", APRIL_15),
        ("quinta-feira, 15 de abril de 2021", APRIL_15),
        ("sábado, 15 de abril de 2021", APRIL_15),
        ("jueves 15/4/2021", APRIL_15),
        ("miércoles, 15/04/2021 17:11", APRIL_15),
        ("Thu Apr 15 00:03:00 2021", APRIL_15),
        ("Thu Apr 15 00:03:00 +0000 2021", APRIL_15),
        ("Thu Apr 15 00:03:00 UTC 2021", APRIL_15),
        ("1ro de abril de 2021", date(2021, 4, 1)),
        ("1er abril 2021", date(2021, 4, 1)),
        ("15 abr. 2021 5:11 p. m.", APRIL_15),
        ("15 de abril de 2021 às 17:11", APRIL_15),
        ("05 Oct 2026", OCTOBER_5),
        ("05 out 2026", OCTOBER_5),
        ("5 de outubro de 2026", OCTOBER_5),
        ("5 octubre 2026", OCTOBER_5),
        ("4/15/2021", APRIL_15),
        ("15/4/2021", APRIL_15),
        ("15.04.2021", APRIL_15),
        ("15-04-2021 17:11", APRIL_15),
        ("4/15/21", APRIL_15),
        ("4/15/2021, 5:11:09 PM", APRIL_15),
        ("4/4/2021", date(2021, 4, 4)),
        ("31/12/99", date(1999, 12, 31)),
        ("10/5/2026", None),
        ("05/10/2026 5:11:09 p. m.", None),
        ("30/2/2021", None),
        ("13/13/2021", None),
        ("2021-02-30", None),
        ("15 foo 2021", None),
        ("Apr 2021", None),
        ("2021", None),
        ("5555501001", None),
        ("+52 55 5550 1001", None),
        ("192.168.0.1", None),
        ("mayo", None),
        ("12/2026", None),
        ("", None),
    ],
)
def test_date_is_read_where_it_can_be_read_in_one_way(cell: str, value: date | None) -> None:
    assert dates.read(cell) == value


@pytest.mark.parametrize("cell", ["10/5/2026", "10-05-2026 17:11", "10/05/2026 5:11:09 p. m."])
def test_order_decides_a_date_of_two_readings(cell: str) -> None:
    both = (dates.read(cell, month_first=True), dates.read(cell, month_first=False))
    assert both == (OCTOBER_5, date(2026, 5, 10))


@pytest.mark.parametrize(
    ("cells", "month_first", "examples"),
    [
        (["10/5/2026", "10/15/2026", "11/4/2026"], True, ()),
        (["4/15/2021", "10/5/2026", "2026-10-05", "05/10/2026 5:11:09 p. m."], True, ()),
        (["10/5/2026", "15/10/2026"], False, ()),
        (["10/5/2026", "11/4/2026", "10/5/2026"], None, ("10/5/2026", "11/4/2026")),
        (["10/5/2026", "10/15/2026", "15/10/2026"], None, ("10/5/2026",)),
        (["4/4/2026", "2026-10-05", "5 Oct 2026", "x", ""], None, ()),
        (["13/1/2026", "1/1/2026"], False, ()),
    ],
)
def test_column_decides_the_order_or_leaves_it_open(
    cells: list[str], month_first: bool | None, examples: tuple[str, ...]
) -> None:
    order = dates.order_of(cells)
    assert (order.month_first, order.examples) == (month_first, examples)
    assert order.is_open == bool(examples)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("44301", APRIL_15),
        ("44301.75", APRIL_15),
        ("44301,75", APRIL_15),
        ("1618491600", APRIL_15),
        ("1618491600000", APRIL_15),
        ("1618491600.0", APRIL_15),
        ("06100", None),
        ("99999", None),
        ("5555501001", None),
        ("2021", None),
        ("120", None),
    ],
)
def test_dates_that_programs_count(cell: str, value: date | None) -> None:
    assert dates.counted(cell) == value
    assert dates.readings(cell) == ()
