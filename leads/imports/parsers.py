"""Parsers of cells: the text of one cell in, a value out, or BadCell with the reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from crm.lib import countries
from crm.lib.bilingual import LANGUAGES
from leads.imports.problems import Said
from leads.imports.problems import said as _
from leads.states import Stage

ISO_DATES = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S")
EARLIEST = date(1970, 1, 1)
LARGEST_AMOUNT = Decimal("999999999999.99")  # numeric(14, 2)
MOST_PEOPLE = 5_000_000
LONGEST_NUMBER = 40  # characters
LONGEST_EMAIL = 254
SHOWN = 60  # characters of a cell in a message
YES = {"true", "yes", "y", "1", "si", "sí", "s"}
NO = {"false", "no", "n", "0"}
SHEET_NUMBER = re.compile(r"-?\d{1,20}(\.\d{1,20})?", re.ASCII)
SPREADSHEET_ERROR = re.compile(
    r"#(N/A|N/D|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!|¡\w+!|¿\w+\?)"
)


class BadCell(Exception):
    """A cell that cannot be taken; ``why`` is the reason, for people."""

    def __init__(self, why: Said) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Style:
    """How a file writes dates and numbers.

    ``dates`` are forms of strptime, tried in order; ``decimal`` is the sign before decimals. A
    sheet (``is_sheet``) stores its numbers with a point and without grouping, whatever it shows.
    """

    dates: tuple[str, ...] = ISO_DATES
    decimal: str = "."
    is_sheet: bool = False


Parser = Callable[[Style, str], Any]


def quoted(cell: str, **details: object) -> dict[str, object]:
    """Return the values of a message: the cell, shortened for reading, and ``details``."""
    if len(cell) > SHOWN:
        cell = f"{cell[: SHOWN - 3]}…"
    return {"cell": cell, **details}


def check_no_error(cell: str) -> None:
    """Raise BadCell for the error value of a spreadsheet, as "#N/A"."""
    # The first character alone decides for nearly every cell, and each cell comes here.
    if cell.startswith("#") and SPREADSHEET_ERROR.fullmatch(cell):
        raise BadCell(_("the spreadsheet shows the error %(cell)s") % quoted(cell))


# Each parser raises BadCell for what it does not take.


def text(style: Style, cell: str, *, most: int) -> str:
    """Return the cell itself, of at most ``most`` characters."""
    if len(cell) > most:
        raise BadCell(_("longer than %(most)d characters") % {"most": most})
    return cell


def line(most: int) -> Parser:
    """Return the parser of a text of at most ``most`` characters."""
    return partial(text, most=most)


def day(style: Style, cell: str) -> date:
    """Return a calendar date, from 1970 on."""
    value = _parse_day(cell, style.dates)
    if value is None:
        forms = " | ".join(style.dates)
        raise BadCell(_("“%(cell)s” is no date of the form %(forms)s") % quoted(cell, forms=forms))
    if value < EARLIEST:
        raise BadCell(_("%(cell)s is before %(earliest)s") % quoted(cell, earliest=EARLIEST))
    return value


# The same few dates come again and again; strptime is slow.
@lru_cache(maxsize=4096)
def _parse_day(cell: str, forms: tuple[str, ...]) -> date | None:
    """Return the date as it is written: a time of day and a zone are dropped, not converted."""
    for form in forms:
        try:
            return datetime.strptime(cell, form).date()
        except ValueError:
            continue
    return None


def iso_day(style: Style, cell: str) -> str:
    """Return a calendar date as JSON stores it."""
    return day(style, cell).isoformat()


def amount(style: Style, cell: str) -> Decimal | None:
    """Return an amount with at most 2 decimals; None for 0, which means unknown."""
    value = _decimal(style, cell)
    if not 0 <= value <= LARGEST_AMOUNT or value != round(value, 2):
        raise BadCell(_("“%(cell)s” is no amount from 0 with at most two decimals") % quoted(cell))
    # Imported amounts of 0 mean unknown (domain rule); won_amount must be above 0.
    return round(value, 2) or None


def headcount(style: Style, cell: str) -> int:
    """Return a whole number of people."""
    value = _decimal(style, cell)
    if value != int(value) or not 0 <= value <= MOST_PEOPLE:
        raise BadCell(_("“%(cell)s” is no whole number from 0 to 5,000,000") % quoted(cell))
    return int(value)


def number(style: Style, cell: str) -> int | float:
    """Return a number as JSON stores it."""
    value = _decimal(style, cell)
    if value == int(value):
        return int(value)
    return float(value)


def _decimal(style: Style, cell: str) -> Decimal:
    """Return a number as it is written, with the decimal sign of the file.

    The other sign may group thousands if it is in the right places. A fraction of exactly
    three digits is refused: it looks like thousands written in the other way.
    """
    if style.is_sheet and SHEET_NUMBER.fullmatch(cell):
        return Decimal(cell)
    match = _number_pattern(style.decimal).fullmatch(cell)
    if not match or len(cell) > LONGEST_NUMBER:
        raise BadCell(
            _("“%(cell)s” is no number with “%(sign)s” before decimals")
            % quoted(cell, sign=style.decimal)
        )
    whole = re.sub(r"[.,]", "", match[1])
    fraction = match[2] or "0"
    return Decimal(f"{whole}.{fraction}")


@lru_cache(maxsize=2)
def _number_pattern(decimal: str) -> re.Pattern[str]:
    point = re.escape(decimal)
    grouping = {".": ",", ",": r"\."}[decimal]
    # No fraction of three digits: 1.234 may be 1,234. ASCII, because \d alone also matches the
    # digits of other scripts.
    return re.compile(
        rf"(-?(?:\d{{1,3}}(?:{grouping}\d{{3}})+|\d+))(?:{point}(\d{{1,2}}|\d{{4,}}))?", re.ASCII
    )


def email(style: Style, cell: str) -> str:
    """Return an e-mail address in lower case."""
    try:
        validate_email(text(style, cell, most=LONGEST_EMAIL))
    except ValidationError:
        raise BadCell(_("“%(cell)s” is no e-mail address") % quoted(cell)) from None
    return cell.lower()


def country(style: Style, cell: str) -> str:
    """Return the code of a country, from its code or its name in Spanish or English."""
    code = countries.find(cell)
    if not code:
        raise BadCell(_("“%(cell)s” is no country") % quoted(cell))
    return code


def language(style: Style, cell: str) -> str:
    """Return "es" or "en"."""
    code = cell.lower()
    if code not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise BadCell(_("“%(cell)s” is none of %(known)s") % quoted(cell, known=known))
    return code


def outcome(style: Style, cell: str) -> str:
    """Return "won" or "lost"; the mapping file translates the values of another system."""
    if cell not in (Stage.WON, Stage.LOST):
        raise BadCell(
            _("“%(cell)s” is neither won nor lost: translate it under “values”") % quoted(cell)
        )
    return cell


def yes_no(style: Style, cell: str) -> bool:
    """Return a yes or no in English or Spanish, true or false, 1 or 0."""
    answer = cell.lower()
    if answer not in YES | NO:
        raise BadCell(_("“%(cell)s” is neither yes nor no") % quoted(cell))
    return answer in YES
