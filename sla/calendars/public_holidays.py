"""The public holidays of a country and region, to be copied: deadlines must not move when the
library is upgraded.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

NAME_LENGTH = 120


def of_country(
    code: str, years: Iterable[int], *, language: str, region: str = ""
) -> list[tuple[date, str]]:
    """(date, name) in ``language`` ("es", "en") where the list of the country has it, with those of
    the ``region`` (a code of :func:`regions`); empty for a country without a list. Raises
    NotImplementedError for a wrong region.
    """
    import holidays  # an eighth of a second, which every other process need not spend

    try:
        bare = holidays.country_holidays(code)
    except NotImplementedError:
        return []
    spoken = next(
        (each for each in bare.supported_languages if each.startswith(language)),
        bare.default_language,
    )
    found = holidays.country_holidays(
        code, subdiv=region or None, years=list(years), language=spoken
    )
    return sorted((day, name[:NAME_LENGTH]) for day, name in found.items())


def regions(code: str) -> list[tuple[str, str]]:
    """(code, name) of the regions that have holidays of their own, by name; the code where no name
    is known.
    """
    import holidays

    try:
        bare = holidays.country_holidays(code)
    except NotImplementedError:
        return []
    names = bare.get_subdivision_aliases()
    return sorted(
        ((region, next(iter(names.get(region, ())), region)) for region in bare.subdivisions),
        key=lambda pair: pair[1],
    )
