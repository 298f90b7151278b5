"""Cleaning of text that comes from people, files and machines.

The rule: normal form NFC, no NUL, no lone surrogate, no control character but tab and line feed, no
character that reverses the direction of the text after it, no invisible character, no white
space at the ends. Everything else is stored as it came.

Joiners stay between characters that they join, as in emoji and in Persian or Indian scripts, and
marks of direction stay in texts with letters that are written from right to left.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

# Bidirectional overrides and isolates can make a name read as another one.
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# Zero-width spaces, word joiners, byte order marks, soft hyphens, and fillers that look empty.
INVISIBLE = re.compile("[\u00ad\u034f\u115f\u1160\u180e\u200b\u2060-\u2064\u3164\ufeff\uffa0]")
# A joiner joins nothing at the ends of a text and beside letters that do not change their form.
LATIN = "\x00-\u024f"
LOOSE_JOINER = re.compile(
    f"(?<![^{LATIN}\u200c\u200d])[\u200c\u200d]+|[\u200c\u200d]+(?![^{LATIN}\u200c\u200d])"
)
DIRECTION_MARK = re.compile("[\u200e\u200f\u061c]")
RIGHT_TO_LEFT = re.compile("[\u0590-\u061b\u061d-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
SPACES = re.compile(r"[ \t\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
# Legal forms of companies in Latin America, Spain and the United States, for comparing names only.
LEGAL_FORM = re.compile(
    r"\b(s\s?a\s?p?\s?i?( de c\s?v)?|s de r\s?l( de"
    r" c\s?v)?|s\s?a\s?s|s\s?r\s?l|s\s?p\s?a|ltda|limitada|"
    r"e\s?i\s?r\s?l|s\s?a\s?c|s\s?l|me|epp|inc|llc|ltd|corp|gmbh)$"
)


def clean_line(value: str) -> str:
    """Clean one line of text: line breaks become spaces, runs of spaces one space."""
    return SPACES.sub(" ", clean_text(value).replace("\n", " ")).strip()


def clean_text(value: str) -> str:
    """Clean a text of several lines; CR LF and CR become LF."""
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    value = FORBIDDEN.sub("", value)
    # Nothing invisible is in a text of ASCII alone, which most texts are.
    if not value.isascii():
        value = without_invisible(value)
    return unicodedata.normalize("NFC", value).strip()


def without_invisible(value: str) -> str:
    """Return the text without invisible characters that join nothing."""
    value = LOOSE_JOINER.sub("", INVISIBLE.sub("", value))
    if RIGHT_TO_LEFT.search(value):
        return value
    return DIRECTION_MARK.sub("", value)


def fold(value: str) -> str:
    """Return a key for searching: lower case, no accents, letters and digits, single spaces."""
    decomposed = unicodedata.normalize("NFKD", value.casefold())
    signs = (sign for sign in decomposed if not unicodedata.combining(sign))
    plain = "".join(sign if sign.isalnum() else " " for sign in signs)
    return " ".join(plain.split())


def squeezed(value: str) -> str:
    """Return :func:`fold` without spaces: "E-mail 1", "email_1" and "Email1" are "email1"."""
    return fold(value).replace(" ", "")


def company_key(value: str) -> str:
    """Return a key for comparing companies: folded, without the legal form at the end."""
    return without_legal_form(fold(value))


def without_legal_form(folded: str) -> str:
    """Return folded words without a legal form at their end: "andino sa" is "andino"."""
    return LEGAL_FORM.sub("", folded).strip() or folded


def digits(value: str) -> str:
    """Return only the digits of a phone number."""
    return "".join(c for c in value if c.isdigit())


def has_bad_text(value: Any) -> bool:
    """Return whether a JSON value holds what PostgreSQL cannot store: NUL, surrogates, NaN."""
    if isinstance(value, str):
        return bool(FORBIDDEN.search(value.replace("\r", "")))
    if isinstance(value, float):
        return value != value or value in (float("inf"), float("-inf"))
    if isinstance(value, dict):
        return any(has_bad_text(k) or has_bad_text(v) for k, v in value.items())
    return isinstance(value, list) and any(has_bad_text(v) for v in value)
