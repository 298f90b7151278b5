"""Countries to choose from: ISO 3166-1 alpha-2 codes, named by the Unicode CLDR (package Babel)."""

from __future__ import annotations

from functools import lru_cache

from babel import Locale
from django.utils.translation import get_language

from crm.lib.text import fold

# Codes of CLDR that are no country: groups, reserved and test codes.
NO_COUNTRIES = "AC CP CQ DG EA EU EZ IC QO TA UN XA XB XK ZZ"
NOT_COUNTRIES = frozenset(NO_COUNTRIES.split())
# Other ways to write a country, folded as crm.lib.text.fold does.
ALIASES = {"usa": "US", "ee uu": "US", "eeuu": "US", "uk": "GB", "rep dominicana": "DO"}


@lru_cache(maxsize=4)
def _names(language: str) -> dict[str, str]:
    """Return the names of all countries by code."""
    territories = Locale.parse(language).territories
    return {
        code: name
        for code, name in territories.items()
        if len(code) == 2 and code.isalpha() and code not in NOT_COUNTRIES
    }


def choices() -> list[tuple[str, str]]:
    """Return (code, name) of all countries in the active language, by name."""
    return sorted(_names(_language()).items(), key=lambda pair: fold(pair[1]))


def name(code: str) -> str:
    """Return the country's name in the active language; an unknown code stays as it is."""
    return _names(_language()).get(code, code)


def _language() -> str:
    """Return the active language without its variant."""
    return (get_language() or "es")[:2]


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    """Return the codes by folded name in both languages, by code, and by alias."""
    codes: dict[str, str] = {}
    for language in ("en", "es"):
        for code, country in _names(language).items():
            codes[fold(country)] = code
    for code in _names("en"):
        codes[code.lower()] = code
    return codes | ALIASES


def find(text: str) -> str:
    """Return the code of the country that ``text`` names in Spanish, English or by its code.

    Return an empty text for anything else.
    """
    return _codes().get(fold(text), "")
