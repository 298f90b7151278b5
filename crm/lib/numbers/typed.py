"""Numbers as people type and files write them: "1.000", "1,000", "1 234,50". Pure.

A text may be read in two ways: "1.000" is 1000 where the point groups, and 1 where it is the
decimal sign. :func:`readings` returns all ways; the other functions choose one, or refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal

DECIMAL_SIGNS = (".", ",")
LONGEST = 40  # characters
MINUS = "\N{MINUS SIGN}"
# Signs that group in some regions and are decimal signs in none: spaces and apostrophes.
NEUTRAL = " \u00a0\u2009\u202f'\u2019"
# What a cell may have around its number: "USD 1,234.50", "5.000 €".
AROUND = re.compile(r"^\D*[^\d.,+\-\s]|\D+$", re.ASCII)
# The usual 28 digits are too few to round a text of 40 characters.
EXACT_ENOUGH = Context(prec=2 * LONGEST)
EXACT = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


class NotANumber(ValueError):
    """The text is no number."""


class NotWhole(ValueError):
    """The text is a number with decimals, where a whole number is needed."""


class TwoReadings(ValueError):
    """The text may be thousands or decimals: ``grouped`` and ``fraction`` are both readings."""

    def __init__(self, text: str, grouped: Decimal, fraction: Decimal) -> None:
        super().__init__(text)
        self.grouped = grouped
        self.fraction = fraction


def _pattern(decimal: str) -> re.Pattern[str]:
    """Return the pattern of a number with this decimal sign; the other sign may group."""
    point = re.escape(decimal)
    others = [re.escape(sign) for sign in (*DECIMAL_SIGNS, *NEUTRAL) if sign != decimal]
    group = "|".join(others)
    # Groups have three digits, all behind the same sign, and the first one does not begin with 0.
    grouped = rf"[1-9]\d{{0,2}}(?P<group>{group})\d{{3}}(?:(?P=group)\d{{3}})*"
    return re.compile(
        rf"(?P<minus>[-+{MINUS}]?) ?(?P<whole>{grouped}|\d*)(?:{point}(?P<fraction>\d+))?",
        # Without it \d also matches the digits of other scripts.
        re.ASCII,
    )


PATTERNS = {decimal: _pattern(decimal) for decimal in DECIMAL_SIGNS}


def readings(text: str) -> dict[str, Decimal]:
    """Return the value of ``text`` for each decimal sign that can read it.

    "5" is {".": 5, ",": 5}; "1.000" is {".": 1, ",": 1000}; "1.5" is {".": 1.5}. The result is
    empty for a text that is no number.
    """
    typed = text.strip()
    values: dict[str, Decimal] = {}
    if len(typed) > LONGEST:
        return values
    for decimal, pattern in PATTERNS.items():
        match = pattern.fullmatch(typed)
        if match is None:
            continue
        whole = re.sub(r"\D", "", match["whole"], flags=re.ASCII)
        fraction = match["fraction"] or ""
        if not whole and not fraction:
            continue
        value = Decimal(f"{whole or 0}.{fraction or 0}")
        if match["minus"] in ("-", MINUS):
            value = -value
        values[decimal] = value
    return values


def read_whole(text: str) -> int:
    """Return a typed whole number; either sign may group: 1.000 = 1,000 = 1000.

    Raise NotANumber or NotWhole.
    """
    values = readings(text).values()
    if not values:
        raise NotANumber(text)
    # Of two readings that differ, the larger one is the one with groups.
    value = max(values, key=abs)
    if value != value.to_integral_value():
        raise NotWhole(text)
    return int(value)


def read_decimal(text: str, decimal: str) -> Decimal:
    """Return a typed number, in a region with this ``decimal`` sign.

    The other sign with three digits behind it groups. A text that can be read in one way only is
    read so, whatever the region. Raise NotANumber; raise TwoReadings where the decimal sign has
    exactly three digits behind it, which may be thousands.
    """
    values = readings(text)
    if not values:
        raise NotANumber(text)
    by_region = values.get(decimal)
    if by_region is None:
        return next(iter(values.values()))
    for other in values.values():
        if abs(other) > abs(by_region):
            raise TwoReadings(text, grouped=other, fraction=by_region)
    return by_region


def read_exact(text: str) -> Decimal:
    """Return a number of a program: digits, and a point before decimals. Raise NotANumber."""
    if len(text) > LONGEST or not EXACT.fullmatch(text):
        raise NotANumber(text)
    return Decimal(text)


def column_decimal(cells: Iterable[str]) -> str | None:
    """Return the decimal sign of a column of a file, from the texts of its cells.

    A cell that can be read with one sign only decides: one with both signs, or with other than
    three digits behind its sign. None: the person has to be asked, since "1.000" stands alone or
    cells contradict each other. Where no cell has a sign, nothing depends on it: a point.
    """
    decided: set[str] = set()
    is_open = False
    for cell in cells:
        values = readings(AROUND.sub("", cell.strip()))
        if len(values) == 1:
            decided.update(values)
        elif len(set(values.values())) > 1:
            is_open = True
    if len(decided) == 1:
        return decided.pop()
    if decided or is_open:
        return None
    return "."


def read_in_column(text: str, decimal: str) -> Decimal:
    """Return the number of a cell in a column with this decimal sign. Raise NotANumber."""
    values = readings(text)
    if decimal not in values:
        raise NotANumber(text)
    return values[decimal]


def rounded(value: Decimal, places: int) -> Decimal:
    """Return ``value`` with at most ``places`` decimals, halves away from zero."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, EXACT_ENOUGH)


def write(value: Decimal | float, decimal: str) -> str:
    """Return ``value`` as :func:`read_decimal` reads it again: without groups."""
    # By way of text: Decimal(0.1) would keep the error of the float.
    number = Decimal(str(value))
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    whole, point, fraction = text.partition(".")
    # Exactly three decimals would be taken for thousands.
    if len(fraction) == 3:
        fraction += "0"
    if not point:
        return whole
    return f"{whole}{decimal}{fraction}"
