"""Regions: numbers, dates and times apart from the language of the words."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

import pytest
from django.utils import translation

from crm.lib import number_formats
from tests.sources import name_of, python_files, templates

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
        "Thu, Dec 31, 2026, 2:30\xa0p.m.",
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


@pytest.mark.parametrize(
    ("tag", "country", "language", "written"),
    [
        ("en-US", "MX", "en", "Dec 3, 2026"),
        ("en-GB", "US", "en", "3 Dec 2026"),
        ("", "US", "en", "Dec 3, 2026"),
        ("", "US", "es", "3 Dec 2026"),
        ("", "MX", "en", "3 Dec 2026"),
        ("", "", "en", "3 Dec 2026"),
    ],
)
def test_date_has_the_form_of_the_readers_region(
    tag: str, country: str, language: str, written: str
) -> None:
    region = number_formats.resolve(tag, country, language)
    with translation.override("en"), number_formats.override(region):
        assert number_formats.day_words(date(2026, 12, 3)) == written


def test_dates_have_the_form_of_the_region_everywhere() -> None:
    """A template says |day_words, |absolute or {% moment %}; other forms are for machines."""
    for_people = {
        name_of(path): forms
        for path in templates()
        if (forms := set(re.findall(r"\|date:[\"']([^\"']*)", path.read_text())) - {"Y-m-d", "c"})
    }
    modules = [name_of(path) for path in python_files() if "import date_format" in path.read_text()]
    assert (for_people, modules) == ({}, [])


DURATIONS = [
    # seconds, as it is, rounded up, what is left in English and in Spanish
    (0, "under 1 min", "1 min", "under 1 min left", "Queda menos de 1 min"),
    (59, "under 1 min", "1 min", "under 1 min left", "Queda menos de 1 min"),
    (60, "1 min", "1 min", "1 min left", "Queda 1 min"),
    (119, "1 min", "2 min", "1 min left", "Queda 1 min"),
    (720, "12 min", "12 min", "12 min left", "Quedan 12 min"),
    (3599, "59 min", "1 h", "59 min left", "Quedan 59 min"),
    (3600, "1 h", "1 h", "1 h left", "Queda 1 h"),
    (3660, "1 h 01 min", "1 h 01 min", "1 h 01 min left", "Quedan 1 h 01 min"),
    (5580, "1 h 33 min", "1 h 33 min", "1 h 33 min left", "Quedan 1 h 33 min"),
    (7200, "2 h", "2 h", "2 h left", "Quedan 2 h"),
    (36060, "10 h", "11 h", "10 h left", "Quedan 10 h"),
]


@pytest.mark.parametrize(("seconds", "plain", "at_most", "left", "_spanish"), DURATIONS)
def test_duration_reads_well_in_each_sentence(
    seconds: int, plain: str, at_most: str, left: str, _spanish: str
) -> None:
    with translation.override("en"):
        found = (
            number_formats.duration_words(seconds),
            number_formats.duration_words(seconds, at_most=True),
            number_formats.left_words(seconds),
        )
    assert found == (plain, at_most, left)


@pytest.mark.parametrize(("seconds", "_plain", "_at_most", "_left", "spanish"), DURATIONS)
def test_spanish_verb_agrees_with_what_is_left(
    seconds: int, _plain: str, _at_most: str, _left: str, spanish: str
) -> None:
    with translation.override("es"):
        assert number_formats.left_words(seconds) == spanish


@pytest.mark.parametrize(
    ("seconds", "english", "spanish"),
    [
        (0, "less than a minute left", "falta menos de un minuto"),
        (59.9, "less than a minute left", "falta menos de un minuto"),
        (60, "about 1 min left", "falta alrededor de 1 min"),
        (4800, "about 1 h 20 min left", "faltan alrededor de 1 h 20 min"),
    ],
)
def test_estimate_is_one_sentence_in_both_languages(
    seconds: float, english: str, spanish: str
) -> None:
    found = []
    for language in ("en", "es"):
        with translation.override(language):
            found.append(number_formats.about_left_words(seconds))
    assert found == [english, spanish]


def test_unknown_country_or_region_is_none() -> None:
    assert [number_formats.resolve("", ""), number_formats.resolve("xx-YY", "ZZ")] == [None, None]


@pytest.mark.parametrize("tag", ["es-MX", "es-AR", "en-US", ""])
def test_negative_number_has_a_minus_and_no_hyphen(tag: str) -> None:
    region = number_formats.resolve(tag, "")
    with translation.override("en"), number_formats.override(region):
        assert [number_formats.number(value) for value in (-7, "-0")] == ["−7", "−0"]


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
