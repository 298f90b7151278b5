"""Cells of another system's file as values: what can be taken, and why not, in words for people."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, Protocol

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from crm.lib import countries
from crm.lib.bilingual import LANGUAGES
from leads.states import Stage

EARLIEST = date(1970, 1, 1)
LARGEST_AMOUNT = Decimal("999999999999.99")  # numeric(14, 2)
YES, NO = {"true", "yes", "y", "1", "si", "sí", "s"}, {"false", "no", "n", "0"}


class BadCell(Exception):
    """A cell that cannot be taken; says why, for people."""


class Style(Protocol):
    """How a file writes dates (forms of strptime, tried in order) and the sign before decimals."""

    @property
    def dates(self) -> list[str]: ...

    @property
    def decimal(self) -> str: ...


Parser = Callable[[Style, str], Any]


def text(style: Style, cell: str, *, most: int) -> str:
    """The cell itself, of at most ``most`` characters.

    Every function below raises BadCell for what it refuses.
    """
    if len(cell) > most:
        raise BadCell(_("longer than %(most)d characters") % {"most": most})
    return cell


def day(style: Style, cell: str) -> date:
    """A calendar date, from 1970 on."""
    found = _parse_day(cell, tuple(style.dates))
    if found is None:
        raise BadCell(
            _("“%(cell)s” is no date of the form %(forms)s")
            % said(cell, forms=" | ".join(style.dates))
        )
    if found < EARLIEST:
        raise BadCell(_("%(cell)s is before %(earliest)s") % said(cell, earliest=EARLIEST))
    return found


@lru_cache(maxsize=4096)
def _parse_day(cell: str, forms: tuple[str, ...]) -> date | None:
    """The calendar date as it is written: a time of day, and a zone, are read over and move
    nothing.
    """
    for form in forms:
        try:
            return datetime.strptime(cell, form).date()
        except ValueError:
            continue
    return None


def amount(style: Style, cell: str) -> Decimal | None:
    """Decimal with at most 2 places; 0 means unknown: None."""
    value = _decimal(style, cell)
    if not 0 <= value <= LARGEST_AMOUNT or value != round(value, 2):
        raise BadCell(_("“%(cell)s” is no amount from 0 with at most two decimals") % said(cell))
    return round(value, 2) or None


def _decimal(style: Style, cell: str) -> Decimal:
    """A number as written, with the file's decimal sign; the other sign may part thousands,
    correctly placed.

    A fraction of exactly three digits is refused: it looks like thousands in the other way of
    writing.
    """
    point, comma = (
        re.escape(sign) for sign in (style.decimal, "," if style.decimal == "." else ".")
    )
    pattern = rf"(-?(?:\d{{1,3}}(?:{comma}\d{{3}})+|\d+))(?:{point}(\d{{1,2}}|\d{{4,}}))?"
    found = re.fullmatch(pattern, cell, re.ASCII)
    if not found or len(cell) > 40:
        raise BadCell(
            _("“%(cell)s” is no number with “%(sign)s” before decimals")
            % said(cell, sign=style.decimal)
        )
    return Decimal(re.sub(r"[.,]", "", found[1]) + "." + (found[2] or "0"))


def headcount(style: Style, cell: str) -> int:
    """A whole number of people."""
    value = _decimal(style, cell)
    if value != int(value) or not 0 <= value <= 5_000_000:
        raise BadCell(_("“%(cell)s” is no whole number from 0 to 5,000,000") % said(cell))
    return int(value)


def email(style: Style, cell: str) -> str:
    """An e-mail address in lower case."""
    try:
        validate_email(text(style, cell, most=254))
    except ValidationError:
        raise BadCell(_("“%(cell)s” is no e-mail address") % said(cell)) from None
    return cell.lower()


def country(style: Style, cell: str) -> str:
    """A country's code of two letters, in either case."""
    code = cell.upper()
    if countries.name(code) == code:
        raise BadCell(_("“%(cell)s” is no country code of two letters (ISO 3166)") % said(cell))
    return code


def language(style: Style, cell: str) -> str:
    """es or en."""
    if cell.lower() not in LANGUAGES:
        raise BadCell(_("“%(cell)s” is none of %(known)s") % said(cell, known=", ".join(LANGUAGES)))
    return cell.lower()


def outcome(style: Style, cell: str) -> str:
    """won or lost; an export's own words are translated before."""
    if cell not in (Stage.WON, Stage.LOST):
        raise BadCell(
            _("“%(cell)s” is neither won nor lost: translate it under “values”") % said(cell)
        )
    return cell


def yes_no(style: Style, cell: str) -> bool:
    """Yes or no in English or Spanish, true or false, 1 or 0."""
    if cell.lower() not in YES | NO:
        raise BadCell(_("“%(cell)s” is neither yes nor no") % said(cell))
    return cell.lower() in YES


def number(style: Style, cell: str) -> int | float:
    """A number as JSON keeps it."""
    value = _decimal(style, cell)
    return int(value) if value == int(value) else float(value)


def iso_day(style: Style, cell: str) -> str:
    """A calendar date as JSON keeps it."""
    return day(style, cell).isoformat()


def said(cell: str, **words: object) -> dict[str, object]:
    """Words for a message, the cell shortened to what a person reads."""
    return {"cell": cell if len(cell) <= 60 else f"{cell[:57]}…", **words}


def line(most: int) -> Parser:
    """The parser of a text of at most ``most`` characters."""
    return partial(text, most=most)
