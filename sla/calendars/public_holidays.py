"""The public holidays of a country and region, to be copied into calendars.

They are copied, so that deadlines do not move when the library of holidays is upgraded.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from types import ModuleType

NAME_LENGTH = 120


def of_country(
    code: str,
    years: Iterable[int],
    *,
    language: str,
    region: str = "",
) -> list[tuple[date, str]]:
    """Return the holidays of a country, and of its ``region``, as (date, name).

    ``language``: "es" or "en", where the list has it; ``region``: a code of :func:`regions`. Empty
    for a country without a list. Raises NotImplementedError for an unknown region.
    """
    holidays = _library()
    try:
        country = holidays.country_holidays(code)
    except NotImplementedError:
        return []
    languages = [each for each in country.supported_languages if each.startswith(language)]
    days = holidays.country_holidays(
        code,
        subdiv=region or None,
        years=list(years),
        language=languages[0] if languages else country.default_language,
    )
    return sorted((day, name[:NAME_LENGTH]) for day, name in days.items())


def regions(code: str) -> list[tuple[str, str]]:
    """Return the regions with holidays of their own as (code, name), by name.

    The code stands in where no name is known.
    """
    try:
        country = _library().country_holidays(code)
    except NotImplementedError:
        return []
    names = country.get_subdivision_aliases()
    named = []
    for region in country.subdivisions:
        aliases = [*names.get(region, ()), region]
        named.append((region, aliases[0]))
    return sorted(named, key=lambda pair: pair[1])


def _library() -> ModuleType:
    # Importing it takes an eighth of a second, which only these pages should pay for.
    import holidays

    return holidays
