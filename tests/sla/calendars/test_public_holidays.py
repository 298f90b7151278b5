"""Holidays to copy: plausible lists in the organisation's language; countries without a list."""

from __future__ import annotations

from datetime import date

import pytest

from sla.calendars.public_holidays import of_country, regions


@pytest.mark.parametrize(
    ("country", "day", "name", "low", "high"),
    [
        ("MX", "2026-09-16", "Día de la Independencia", 7, 9),
        ("CO", "2026-07-20", "Día de la Independencia", 17, 20),
        ("CL", "2026-09-18", "Día de la Independencia", 14, 19),
        ("AR", "2026-05-25", "Día de la Revolución de Mayo", 14, 20),
        ("PE", "2026-07-28", "Día de la Independencia", 15, 19),
        ("ES", "2026-10-12", "Fiesta Nacional de España", 8, 11),
        ("BR", "2026-09-07", "Independência do Brasil", 9, 12),
        ("US", "2026-07-04", "Independence Day", 10, 14),
    ],
)
def test_country_has_a_plausible_list(
    country: str, day: str, name: str, low: int, high: int
) -> None:
    found = of_country(country, [2026], language="es")
    assert low <= len(found) <= high
    assert dict(found)[date.fromisoformat(day)] == name
    assert date(2026, 1, 1) in dict(found)


def test_list_is_in_english_where_the_organisation_is() -> None:
    assert dict(of_country("MX", [2026], language="en"))[date(2026, 12, 25)] == "Christmas Day"


def test_list_covers_the_years_asked_for() -> None:
    assert {day.year for day, _name in of_country("MX", [2026, 2027], language="es")} == {
        2026,
        2027,
    }


@pytest.mark.parametrize("country", ["", "AC", "QQ"])
def test_country_without_a_list_has_none(country: str) -> None:
    assert of_country(country, [2026], language="es") == []


def test_regions_are_named_where_names_are_known() -> None:
    assert ("MD", "Madrid") in regions("ES")
    assert (regions("CO"), regions("QQ")) == ([], [])


def test_region_adds_its_own_days() -> None:
    country, region = (
        dict(of_country("ES", [2026], language="es", region=code)) for code in ("", "MD")
    )
    assert {day.isoformat() for day in region.keys() - country.keys()} >= {"2026-05-02"}
