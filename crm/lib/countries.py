"""Countries to choose from: ISO 3166-1 alpha-2 codes, named by the Unicode CLDR (package Babel)."""

from __future__ import annotations

from functools import lru_cache

from babel import Locale
from django.utils.translation import get_language

from crm.lib.text import fold

# Codes of CLDR that are no country: groups, reserved and test codes.
NOT_COUNTRIES = {
    "AC",
    "CP",
    "CQ",
    "DG",
    "EA",
    "EU",
    "EZ",
    "IC",
    "QO",
    "TA",
    "UN",
    "XA",
    "XB",
    "XK",
    "ZZ",
}


@lru_cache(maxsize=4)
def _names(language: str) -> dict[str, str]:
    territories = Locale.parse(language).territories
    return {
        code: name
        for code, name in territories.items()
        if len(code) == 2 and code.isalpha() and code not in NOT_COUNTRIES
    }


def choices() -> list[tuple[str, str]]:
    """(code, name) in the active language, by name."""
    return sorted(_names((get_language() or "es")[:2]).items(), key=lambda pair: fold(pair[1]))


def name(code: str) -> str:
    """The country's name in the active language; an unknown code stays as it is."""
    return _names((get_language() or "es")[:2]).get(code, code)


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    """Code by folded name in either language, by the code itself, and by what people write
    besides.
    """
    found = {
        fold(name): code for language in ("en", "es") for code, name in _names(language).items()
    }
    found |= {code.lower(): code for code in _names("en")}
    return found | {"usa": "US", "ee uu": "US", "eeuu": "US", "uk": "GB", "rep dominicana": "DO"}


def find(text: str) -> str:
    """The code of the country that ``text`` names, by its code or its name in Spanish or English;
    else "".
    """
    return _codes().get(fold(text), "")
