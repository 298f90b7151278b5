"""The public holidays of a country, to be copied once: deadlines must not move when the library is upgraded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

NAME_LENGTH = 120


def of_country(code: str, years: Iterable[int], *, language: str) -> list[tuple[date, str]]:
    """(date, name) in ``language`` ("es", "en") where the country's list has it; empty for a country without a list."""
    import holidays  # an eighth of a second, which every other process need not spend

    try:
        bare = holidays.country_holidays(code)
    except NotImplementedError:
        return []
    spoken = next((each for each in bare.supported_languages if each.startswith(language)), bare.default_language)
    found = holidays.country_holidays(code, years=list(years), language=spoken)
    return sorted((day, name[:NAME_LENGTH]) for day, name in found.items())
