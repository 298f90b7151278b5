"""What the cells of an XLSX file hold, as the text that the sheet shows. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal, InvalidOperation

# Built-in number formats that show a date or a time (ECMA-376, part 1, 18.8.30).
DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
# Parts of a format code that are not digits or date letters: quoted text, escaped characters,
# colours and conditions in brackets (but [h], [m] and [s] are durations), paddings.
NOT_SHOWN = re.compile(r'"[^"]*"|\\.|\[(?!h+\]|m+\]|s+\])[^\]]*\]|_.|\*.', re.IGNORECASE)
DATE_LETTERS = re.compile(r"[dmyhs]", re.IGNORECASE)
NUMBER_SIGNS = re.compile(r"general|[#?]", re.IGNORECASE)
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
MOST_DIGITS = 40
LARGEST_NUMBER = Decimal("1e40")
LAST_DAY = 2_958_466  # the serial number after 31 December 9999
SECONDS_OF_A_DAY = 86_400


@dataclass(frozen=True)
class NumberFormat:
    """How a cell shows its number: as a date, or with at least ``digits`` digits."""

    is_date: bool = False
    digits: int = 0


GENERAL = NumberFormat()
DATE = NumberFormat(is_date=True)


def number_format(number: int, code: str) -> NumberFormat:
    """Return the format with the id ``number``; ``code`` is "" for the built-in ones."""
    if not code:
        if number in DATE_FORMATS:
            return DATE
        return GENERAL
    positive = code.split(";")[0]
    shown = NOT_SHOWN.sub("", positive)
    if DATE_LETTERS.search(shown) and not NUMBER_SIGNS.search(shown):
        return DATE
    if set(shown) == {"0"} and len(shown) <= MOST_DIGITS:
        return NumberFormat(digits=len(shown))
    return GENERAL


def number_text(stored: str, shown_as: NumberFormat = GENERAL, *, from_1904: bool = False) -> str:
    """Return a stored number as text.

    Whole numbers have no exponent and no ".0", dates are ISO, leading zeros of the format are kept:
    they are part of a phone number or a code. What is no number stays as it is.
    """
    try:
        value = Decimal(stored)
    except InvalidOperation:
        return stored
    if not value.is_finite() or abs(value) >= LARGEST_NUMBER:
        return stored
    if shown_as.is_date and 0 <= value < LAST_DAY:
        return _date_text(float(value), from_1904)
    if value == value.to_integral_value():
        return str(int(value)).zfill(shown_as.digits)
    # The shortest text of the same float, as Excel shows it: 0.1, not 0.1000000000000000055.
    return format(Decimal(repr(float(value))), "f")


def _date_text(serial: float, from_1904: bool) -> str:
    """Return the date or time that is ``serial`` days after the epoch of the workbook."""
    if serial < 1:
        moment = datetime(1900, 1, 1) + timedelta(days=serial)
        return moment.time().isoformat("minutes")
    moment = _epoch(serial, from_1904) + timedelta(seconds=round(serial * SECONDS_OF_A_DAY))
    if moment.time() == time.min:
        return moment.date().isoformat()
    return moment.isoformat(" ", "seconds")


def _epoch(serial: float, from_1904: bool) -> datetime:
    if from_1904:
        return datetime(1904, 1, 1)
    # Excel's calendar has a 29 February 1900, which never was: day 60.
    if serial < 60:
        return datetime(1899, 12, 31)
    return datetime(1899, 12, 30)


def unescape(text: str) -> str:
    """Return ``text`` with Excel's escapes (_x000D_) undone.

    Two escaped surrogates become one character.
    """
    if "_x" not in text:
        return text
    text = ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        return text


def column_number(letters: str) -> int:
    """Return the position of a column: "A" is 0, "AA" is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
