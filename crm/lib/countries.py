"""Countries: ISO 3166-1 alpha-2 codes, named by the Unicode CLDR (package Babel)."""

from __future__ import annotations

import re
from functools import lru_cache

from babel import Locale
from babel.core import get_global
from django.utils.translation import get_language

from crm.lib.text import fold

# Codes of CLDR that are no country: groups, reserved and test codes.
NO_COUNTRIES = "AC CP CQ DG EA EU EZ IC QO TA UN XA XB XK ZZ"
NOT_COUNTRIES = frozenset(NO_COUNTRIES.split())
# The languages that a country may be written in.
LANGUAGES = ("en", "es", "pt")
# Other ways to write a country, folded as crm.lib.text.fold does.
ALIASES = {
    "america": "US",
    "argentine republic": "AR",
    "birmania": "MM",
    "bolivia plurinational state": "BO",
    "brasil": "BR",
    "britain": "GB",
    "burma": "MM",
    "cabo verde": "CV",
    "cape verde": "CV",
    "congo brazzaville": "CG",
    "congo democratic republic of the": "CD",
    "congo kinshasa": "CD",
    "corea republica de": "KR",
    "corea": "KR",
    "costa de marfil": "CI",
    "czech republic": "CZ",
    "democratic people s republic of korea": "KP",
    "democratic republic of the congo": "CD",
    "dr congo": "CD",
    "e u a": "US",
    "east timor": "TL",
    "ee uu a": "US",
    "ee uu": "US",
    "eeuu": "US",
    "el reino unido": "GB",
    "emirates": "AE",
    "england": "GB",
    "escocia": "GB",
    "espana": "ES",
    "estados unidos da america": "US",
    "estados unidos de america": "US",
    "estados unidos de norteamerica": "US",
    "estados unidos do brasil": "BR",
    "estados unidos mexicanos": "MX",
    "eua": "US",
    "gra bretanha": "GB",
    "gran bretana": "GB",
    "great britain": "GB",
    "hellenic republic": "GR",
    "holanda": "NL",
    "holland": "NL",
    "hong kong": "HK",
    "inglaterra": "GB",
    "irlanda del norte": "GB",
    "islas malvinas": "FK",
    "ivory coast": "CI",
    "korea republic of": "KR",
    "korea": "KR",
    "kyrgyz republic": "KG",
    "lao people s democratic republic": "LA",
    "macao": "MO",
    "macau": "MO",
    "macedonia": "MK",
    "mejico": "MX",
    "mex": "MX",
    "moldova republic of": "MD",
    "north korea": "KP",
    "northern ireland": "GB",
    "pais de gales": "GB",
    "palestina": "PS",
    "palestine": "PS",
    "people s republic of china": "CN",
    "portuguese republic": "PT",
    "r dominicana": "DO",
    "rd congo": "CD",
    "rep dominicana": "DO",
    "republic of china": "TW",
    "republic of korea": "KR",
    "republic of the congo": "CG",
    "republica argentina": "AR",
    "republica checa": "CZ",
    "republica de china": "TW",
    "republica de corea": "KR",
    "republica del congo": "CG",
    "republica democratica del congo": "CD",
    "republica popular china": "CN",
    "republica tcheca": "CZ",
    "russian federation": "RU",
    "scotland": "GB",
    "slovak republic": "SK",
    "suazilandia": "SZ",
    "swaziland": "SZ",
    "swazilandia": "SZ",
    "swiss confederation": "CH",
    "syrian arab republic": "SY",
    "taiwan province of china": "TW",
    "tanzania united republic of": "TZ",
    "the bahamas": "BS",
    "the gambia": "GM",
    "the netherlands": "NL",
    "the united states": "US",
    "turkey": "TR",
    "u k": "GB",
    "u s a": "US",
    "u s": "US",
    "uae": "AE",
    "uk": "GB",
    "united kingdom of great britain and northern ireland": "GB",
    "united mexican states": "MX",
    "united states of america": "US",
    "usa": "US",
    "vatican": "VA",
    "viet nam": "VN",
    "wales": "GB",
}
# What official names add before the common one, folded: "República Bolivariana de Venezuela".
OFFICIAL = re.compile(
    r"(the )?(federal |oriental |plurinational |bolivarian |federative |democratic |socialist"
    r" |islamic |cooperative |co operative )*"
    r"(republic|republica|kingdom|reino|state|estado|commonwealth|grand duchy|principality"
    r"|principado|mancomunidad|sultanate)( (federal|federativa|oriental|plurinacional"
    r"|bolivariana|democratica|socialista|islamica|cooperativa))*( (of|de|del|do|da|dos|das))"
    r"( (the|la|el|los|las))? "
)
# What official names add behind it: "Bolivia (Plurinational State of)".
WORDS_BEHIND = (
    "of the de del la el do da state estado republic republica rep federation federacion federal"
    " plurinational plurinacional bolivarian bolivariana islamic islamica province federative"
    " federativa oriental united unidos kingdom reino y and"
)
BEHIND = frozenset(WORDS_BEHIND.split())
PARTS = re.compile(r"[,()/\[\]–-]+")


@lru_cache(maxsize=4)
def _names(language: str) -> dict[str, str]:
    """Return the names of all countries by code."""
    territories = Locale.parse(language).territories
    return {
        code: name
        for code, name in territories.items()
        if len(code) == 2 and code.isalpha() and code not in NOT_COUNTRIES
    }


def choices() -> tuple[tuple[str, str], ...]:
    """Return (code, name) of all countries in the active language, by name."""
    return _by_name(_language())


# Sorted once per language: forms ask for it with every request.
@lru_cache(maxsize=4)
def _by_name(language: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(_names(language).items(), key=lambda pair: fold(pair[1])))


def name(code: str) -> str:
    """Return the country's name in the active language; an unknown code stays as it is."""
    return _names(_language()).get(code, code)


def is_code(code: str) -> bool:
    """Return whether ``code`` is the code of a country, in capitals or not."""
    return code.upper() in _names("en")


def _language() -> str:
    """Return the active language without its variant."""
    return (get_language() or "es")[:2]


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    """Return the codes by folded name in each language, by alias, and by ISO code."""
    codes: dict[str, str] = {}
    for language in LANGUAGES:
        for code, country in _names(language).items():
            codes[fold(country)] = code
    known = _names("en")
    # CLDR lists the codes of three letters as aliases: "MEX" of "MX".
    for alias, current in get_global("territory_aliases").items():
        if len(alias) == 3 and alias.isalpha() and current[0] in known:
            codes[alias.lower()] = current[0]
    for code in known:
        codes[code.lower()] = code
    return codes | ALIASES


@lru_cache(maxsize=2048)
def find(text: str) -> str:
    """Return the code of the country that ``text`` names; an empty text for anything else.

    It may be the usual or the official name in English, Spanish or Portuguese, or an ISO code of
    two or three letters, alone or together: "México (MX)".
    """
    whole = _find_name(fold(text))
    if whole:
        return whole
    parts = [fold(part) for part in PARTS.split(text) if fold(part)]
    if len(parts) < 2:
        return ""
    first = _find_name(parts[0])
    for part in parts[1:]:
        # "Georgia, USA" is no country of its own: each part has to name the same one.
        if _find_name(part) != first and not set(part.split()) <= BEHIND:
            return ""
    return first


def _find_name(folded: str) -> str:
    codes = _codes()
    return codes.get(folded) or codes.get(OFFICIAL.sub("", folded, count=1), "")
