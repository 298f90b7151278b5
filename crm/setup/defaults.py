"""Propose the facts of a new organisation from its first admin's browser; the fallback is Mexico.

Every proposal can be changed in the set-up.
"""

from __future__ import annotations

import re
from zoneinfo import available_timezones

from babel.core import get_global
from babel.numbers import get_territory_currencies

from crm.lib import countries

COUNTRY = "MX"
ZONE = "America/Mexico_City"
CURRENCY = "MXN"
REGION = re.compile(r"[a-z]{2,3}[-_]([A-Z]{2})\b")
# Public mail providers: their domain does not name the company.
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
    """Return the ISO code of a country from the IANA ``zone``, else from the first known region.

    ``languages`` is the Accept-Language header.
    """
    known = dict(countries.choices())
    candidates = REGION.findall(languages)
    # The zone first: it says where the device is, "en-US" only in which language it was set up.
    if zone in available_timezones():
        candidates.insert(0, get_global("zone_territories").get(zone, ""))
    return next((code for code in candidates if code in known), COUNTRY)


def zone(of_browser: str, country_code: str) -> str:
    """Return ``of_browser`` when it is the zone of a place, else a zone of the country."""
    territories = get_global("zone_territories")
    if of_browser in available_timezones() and of_browser in territories:
        return of_browser
    if country_code == COUNTRY:  # has several zones; the capital's is not the first one
        return ZONE
    of_country = [name for name, territory in territories.items() if territory == country_code]
    return min(of_country, default=ZONE)


def currency(country_code: str) -> str:
    """Return the currency of a country."""
    return next(iter(get_territory_currencies(country_code)), CURRENCY)


def currencies() -> list[str]:
    """Return every currency that is legal tender in some country today."""
    codes = set()
    for country_code, _name in countries.choices():
        codes.update(get_territory_currencies(country_code))
    return sorted(codes)


def company_name(email: str, otherwise: str) -> str:
    """Return the company's name from its mail domain, or ``otherwise`` for a public provider.

    "ana@cafe-andino.com.mx" gives "Cafe Andino".
    """
    label = email.rpartition("@")[2].split(".")[0].lower()
    if not label or label in PUBLIC_MAIL:
        return otherwise
    parts = [part.capitalize() for part in re.split(r"[-_]+", label) if part]
    return " ".join(parts)[:120]
