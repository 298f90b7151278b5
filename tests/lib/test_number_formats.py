"""Regions: numbers, dates and times apart from the language of the words."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from django.utils import translation

from crm.lib import number_formats

AT = datetime(2026, 12, 31, 14, 30)
WRITTEN = {
    "es-MX": ("1,234.50", "31 dic 2026", "2:30\xa0p.m."),
    "es-AR": ("1.234,50", "31 dic 2026", "2:30\xa0p.m."),
    "es-ES": ("1.234,50", "31 dic 2026", "14:30"),
    "en-US": ("1,234.50", "dic 31, 2026", "2:30\xa0p.m."),
    "en-GB": ("1,234.50", "31 dic 2026", "14:30"),
}


@pytest.mark.parametrize("tag", WRITTEN)
def test_region_writes_numbers_dates_and_times(tag: str) -> None:
    with translation.override("es"), number_formats.override(number_formats.of(tag)):
        amount = number_formats.number(Decimal("1234.5"), 2)
        assert (
            amount,
            number_formats.when(AT, "j b Y"),
            number_formats.when(AT, "H:i"),
        ) == WRITTEN[tag]


def test_month_comes_first_in_every_pattern_that_is_used() -> None:
    with translation.override("en"), number_formats.override(number_formats.of("en-US")):
        found = [
            number_formats.when(AT, pattern)
            for pattern in ("D j M Y, H:i", "j M", "j M, H:i", "D H:i", "M Y")
        ]
    assert found == [
        "Thu Dec 31, 2026, 2:30\xa0p.m.",
        "Dec 31",
        "Dec 31, 2:30\xa0p.m.",
        "Thu 2:30\xa0p.m.",
        "Dec 2026",
    ]


def test_without_a_region_the_language_decides() -> None:
    with translation.override("es"):
        assert (number_formats.number(1234), number_formats.when(date(2026, 3, 2), "j b Y")) == (
            "1\xa0234",
            "2 mar 2026",
        )


@pytest.mark.parametrize(
    ("tag", "country", "written"),
    [
        ("", "MX", ("1,234", "14:30")),
        ("", "CL", ("1.234", "14:30")),
        ("en-US", "CL", ("1,234", "2:30\xa0p.m.")),
    ],
)
def test_organisations_country_decides_numbers_only(
    tag: str, country: str, written: tuple[str, str]
) -> None:
    with translation.override("en"), number_formats.override(number_formats.resolve(tag, country)):
        assert (number_formats.number(1234), number_formats.when(AT, "H:i")) == written


def test_unknown_country_or_region_is_none() -> None:
    assert [number_formats.resolve("", ""), number_formats.resolve("xx-YY", "ZZ")] == [None, None]


def test_override_ends_with_its_block() -> None:
    with translation.override("en"):
        with number_formats.override(number_formats.of("es-AR")):
            assert number_formats.number(1234) == "1.234"
        assert number_formats.number(1234) == "1,234"


def test_every_region_is_offered_with_an_example() -> None:
    with translation.override("es"):
        offered = dict(number_formats.choices())
    assert set(offered) == set(number_formats.TAGS)
    assert offered["es-CO"] == "Colombia · 1.234,50 · 31/12/2026 · 2:30\xa0p.m."
