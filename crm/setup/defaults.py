"""What a new organisation probably is, guessed from the browser; every guess can be changed.

Fallback: Mexico.
"""

from __future__ import annotations

import re
from functools import lru_cache
from zoneinfo import available_timezones

from babel.core import get_global
from babel.numbers import get_territory_currencies

from crm.lib import countries

COUNTRY, ZONE, CURRENCY = "MX", "America/Mexico_City", "MXN"
REGION = re.compile(r"[a-z]{2,3}[-_]([A-Z]{2})\b")
# Houses of mail for everybody: their names say nothing about the firm.
PUBLIC_MAIL = {
    "gmail",
    "googlemail",
    "hotmail",
    "outlook",
    "live",
    "msn",
    "yahoo",
    "ymail",
    "icloud",
    "me",
    "proton",
    "protonmail",
    "aol",
    "gmx",
    "zoho",
    "mail",
    "example",
    "localhost",
}


def country(zone: str, languages: str) -> str:
    """ISO code of the country of the IANA ``zone``, else of the first region in ``languages``
    (Accept-Language).
    """
    found = get_global("zone_territories").get(zone, "") if zone in available_timezones() else ""
    regions = [found, *REGION.findall(languages)]
    return next((code for code in regions if code in dict(countries.choices())), COUNTRY)


def zone(given: str, code: str) -> str:
    """``given`` where it is a place's zone, else one of the country ``code``."""
    territories = get_global("zone_territories")
    if given in available_timezones() and given in territories:
        return given
    return (
        ZONE
        if code == COUNTRY
        else next((z for z, where in sorted(territories.items()) if where == code), ZONE)
    )


def currency(code: str) -> str:
    """The currency of a country."""
    return next(iter(get_territory_currencies(code)), CURRENCY)


@lru_cache(maxsize=1)
def currencies() -> tuple[str, ...]:
    """Every currency that is legal tender somewhere today."""
    return tuple(
        sorted({each for code, _ in countries.choices() for each in get_territory_currencies(code)})
    )


def firm(email: str, otherwise: str) -> str:
    """The firm's name as its mail domain tells it: "ana@cafe-andino.com.mx" gives "Cafe Andino"."""
    word = email.rpartition("@")[2].split(".")[0].lower()
    if not word or word in PUBLIC_MAIL:
        return otherwise
    return " ".join(part.capitalize() for part in re.split(r"[-_]+", word) if part)[:120]
