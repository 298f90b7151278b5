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
from crm.lib.files import dates
from crm.lib.numbers import typed
from crm.lib.text import fold
from leads.imports.notes import Noted, shortened
from leads.imports.problems import DeferredText
from leads.imports.problems import deferred as _
from leads.records.identity import emails
from leads.states import Stage

EARLIEST = date(1970, 1, 1)
LARGEST_AMOUNT = Decimal("999999999999.99")  # numeric(14, 2)
LARGEST_NUMBER = Decimal("1e12")
NUMBER_PLACES = 4  # decimals of a custom field of numbers
MOST_PEOPLE = 5_000_000
LONGEST_EMAIL = 254
LONGEST_RANGE = 60  # characters
YES = frozenset(["true", "yes", "y", "1", "si", "s", "sim", "verdadero", "verdadeiro"])
NO = frozenset(["false", "no", "n", "0", "nao", "falso"])
SHEET_NUMBER = re.compile(r"-?\d{1,20}(\.\d{1,20})?", re.ASCII)
SPREADSHEET_ERROR = re.compile(r"#(REF!|VALUE!|DIV/0!|NAME\?|NUM!|SPILL!|CALC!|¡\w+!|¿\w+\?)")
# What stands around a word that means "nothing": "(vacío)", "#N/A", "--None--".
AROUND_NOTHING = " .,;:-_–—#*?!¿¡/|()[]<>{}'\"`=…"
LONGEST_NOTHING = 24  # characters
# How people and programs write an empty cell, in lower case.
NOTHING_WORDS = (
    "|n/a|n/d|s/d|n.a|n.d|s.d|s/i|n/i|null|none|nil|nan|undefined|vacío|vacio|vazio|empty|blank"
    "|en blanco|em branco|no aplica|não se aplica|nao se aplica|no disponible|não disponível"
    "|no data|sin dato|sin datos|sem dados|sin información|sin informacion|not available"
    "|not applicable|not provided|not specified|not set|no especificado|no definido"
    "|não informado|nao informado|no informado|unknown|desconocido|desconhecido|no tiene"
    "|não tem|nao tem|tbd|no value|sin valor|sem valor"
)
NOTHING = frozenset(NOTHING_WORDS.split("|"))
NOTHING_IN_CAPITALS = frozenset(["NA", "ND", "NULL", "\\N"])
# A currency before or behind an amount: a sign, or a code of three letters.
CURRENCY = (
    r"(?:[A-Z]{0,3}\$|[A-Z]{3}|S/\.?|B/\.|Bs\.?|Gs\.?|Q\.?|L\.|[€£¥₡₲₱%]"
    r"|\$?\s*M\.\s?N\.|(?i:pesos|d[oó]lares|dollars|soles|reais|reales|euros|quetzales))"
)
AROUND_NUMBER = re.compile(rf"^{CURRENCY}\s*(?=[-+\d.,(])|(?<=[\d)])\s*{CURRENCY}$")
# "-$5", and "(5)" of accounts.
MINUS_BEFORE = re.compile(rf"-\s*(?={CURRENCY})")
IN_BRACKETS = re.compile(r"\(([\d.,' ]+)\)", re.ASCII)
# Numbers of people: "51-200", "11 a 50", "10,001+ employees", "1K - 5K", "más de 500".
MANY = r"(?:\s*(?P<{0}>k\b|mil\b|mm?\b|mill\w*|milh\w*))?"
COUNT = r"(?<![^\W\d_])(?P<{0}>\d[\d.,'\u00a0 ]*\d|\d)"
HEADS = re.compile(
    COUNT.format("count") + MANY.format("times") + r"(?![^\W\d_])", re.IGNORECASE | re.ASCII
)
RANGE = re.compile(
    COUNT.format("count") + MANY.format("times") + r"(?:\s*[-–—_]\s*|\s+(?:a|to|y|e|at[eé])\s+)\d",
    re.IGNORECASE | re.ASCII,
)
# Only the upper end is given: at least one person works there.
BELOW = re.compile(
    r"(?:[<≤]=?|menos de|menor (?:a|que)|menos que|hasta|at[eé]|under|below|up to|(?:less|fewer)"
    r" than|m[aá]x\w*\.?(?: de)?)\s*\d",
    re.IGNORECASE,
)
# A spreadsheet takes "11-50" for November 1950 and shows "nov-50".
LIKE_MONTH = re.compile(r"(?:\d{1,2}[-/ ])?([^\W\d_]{3,4})\.?(?:[-/ ]\d{1,4})?")
THOUSAND = frozenset(["k", "mil"])
ALONE = frozenset(
    ["self employed", "selfemployed", "autonomo", "myself only", "trabajador por cuenta propia"]
)


class BadCell(Exception):
    """A cell that cannot be taken; ``why`` is the reason, for people."""

    def __init__(self, why: DeferredText) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Style:
    """How a file, or one of its columns, writes dates and numbers.

    ``dates`` are forms of strptime, tried in order; without any, every usual spelling is read, and
    ``month_first`` decides those of two readings. ``decimal`` is the sign before decimals. Unless
    it ``is_decided`` by the column, three digits behind the sign are refused, which may be
    thousands. A sheet (``is_sheet``) stores its numbers with a point and without grouping.
    """

    dates: tuple[str, ...] = ()
    month_first: bool | None = None
    decimal: str = "."
    is_decided: bool = False
    is_sheet: bool = False


Parser = Callable[[Style, str], Any]


def quoted(cell: str, **details: object) -> dict[str, object]:
    """Return the values of a message: the cell, shortened for reading, and ``details``."""
    return {"cell": shortened(cell), **details}


def is_nothing(cell: str) -> bool:
    """Return whether the text of a cell means that it is empty: "-", "N/A", "#N/A", "(vacío)"."""
    # Nearly every cell ends here or at the next line, and each cell comes here.
    if len(cell) > LONGEST_NOTHING:
        return False
    return cell.casefold().strip(AROUND_NOTHING) in NOTHING or cell in NOTHING_IN_CAPITALS


def check_no_error(cell: str) -> None:
    """Raise BadCell for the error value of a spreadsheet, as "#REF!"."""
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


def long_text(style: Style, cell: str, *, most: int) -> str | Noted:
    """Return the cell, cut off after ``most`` characters."""
    if len(cell) <= most:
        return cell
    return Noted(cell[:most], "cut_off", {"most": most})


def day(style: Style, cell: str) -> date:
    """Return a calendar date, from 1970 on."""
    if style.dates:
        value = _parse_day(cell, style.dates)
    else:
        value = dates.read(cell, month_first=style.month_first) or dates.counted(cell)
    if value is None:
        raise _no_date(style, cell)
    if value < EARLIEST:
        raise BadCell(_("%(cell)s is before %(earliest)s") % quoted(cell, earliest=EARLIEST))
    return value


def _no_date(style: Style, cell: str) -> BadCell:
    """Return why ``cell`` is no date, with examples of what is one."""
    if style.dates:
        forms = " | ".join(date_example(form) for form in style.dates)
        return BadCell(_("“%(cell)s” is no date like %(forms)s") % quoted(cell, forms=forms))
    both = dates.readings(cell)
    if len(both) == 2:
        values = quoted(cell, one=both[0], other=both[1])
        return BadCell(_("“%(cell)s” may be %(one)s or %(other)s") % values)
    text = _("“%(cell)s” is no date like 2026-12-31, 31/12/2026 or 31 Dec 2026")
    return BadCell(text % quoted(cell))


def date_example(form: str) -> str:
    """Return a date in a form of strptime: "31/12/2026" for "%d/%m/%Y"."""
    return datetime(2026, 12, 31, 17, 30).strftime(form)


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


# -- Numbers


def amount(style: Style, cell: str) -> Decimal | Noted | None:
    """Return an amount with 2 decimals; None for 0, which means unknown."""
    value = _decimal(style, cell)
    if not 0 <= value <= LARGEST_AMOUNT:
        raise BadCell(_("“%(cell)s” is no amount from 0 on") % quoted(cell))
    rounded = typed.rounded(value, 2)
    # Imported amounts of 0 mean unknown (domain rule); won_amount must be above 0.
    if not rounded:
        return None
    return _with_note(cell, value, rounded)


def number(style: Style, cell: str) -> int | float | Noted:
    """Return a number as JSON stores it, with at most NUMBER_PLACES decimals."""
    value = _decimal(style, cell)
    if abs(value) >= LARGEST_NUMBER:
        raise BadCell(_("“%(cell)s” is too large a number") % quoted(cell))
    rounded = typed.rounded(value, NUMBER_PLACES)
    stored: int | float = float(rounded)
    if rounded == int(rounded):
        stored = int(rounded)
    return _with_note(cell, value, rounded, stored)


def _with_note(cell: str, value: Decimal, rounded: Decimal, stored: Any = None) -> Any:
    """Return what is stored for a number, with a note where it was rounded."""
    if stored is None:
        stored = rounded
    if rounded == value:
        return stored
    values = {"cell": shortened(cell), "rounded": f"{rounded.normalize():f}"}
    return Noted(stored, "rounded", values)


def without_currency(cell: str) -> str:
    """Return the number of a cell with its sign, without the currency around it."""
    minus = ""
    sign = MINUS_BEFORE.match(cell)
    if sign:
        minus = "-"
        cell = cell[sign.end() :]
    bare = AROUND_NUMBER.sub("", cell)
    in_brackets = IN_BRACKETS.fullmatch(bare)
    if in_brackets:
        minus = "-"
        bare = in_brackets[1]
    return f"{minus}{bare}"


def _decimal(style: Style, cell: str) -> Decimal:
    """Return a number by the decimal sign of its column, without the currency around it."""
    if style.is_sheet and SHEET_NUMBER.fullmatch(cell):
        return Decimal(cell)
    bare = without_currency(cell)
    try:
        value = typed.read_in_column(bare, style.decimal)
    except typed.NotANumber:
        raise BadCell(
            _("“%(cell)s” is no number with “%(sign)s” before decimals")
            % quoted(cell, sign=style.decimal)
        ) from None
    # "1.234" may be 1,234 where nothing in the column decides.
    largest = max(typed.readings(bare).values(), key=abs)
    if value != largest and not style.is_decided:
        raise BadCell(_("“%(cell)s” may be thousands or decimals") % quoted(cell))
    return value


def headcount(style: Style, cell: str) -> int | Noted:
    """Return a whole number of people; of a range as "51-200" its lower end, with a note."""
    if style.is_sheet and SHEET_NUMBER.fullmatch(cell):
        return _people(cell, Decimal(cell))
    try:
        return _people(cell, Decimal(typed.read_whole(cell)))
    except typed.NotWhole:
        raise _no_headcount(cell) from None
    except typed.NotANumber:
        return _range(cell)


def _range(cell: str) -> int | Noted:
    """Return the lower end of a range of people. Raise BadCell for a text without a number."""
    if fold(cell) in ALONE or BELOW.match(cell):
        value = Decimal(1)
    elif _is_no_range(cell):
        raise _no_headcount(cell)
    else:
        value = _lower_end(cell)
    people = _people(cell, value)
    return Noted(people, "range", {"cell": cell, "people": people})


def _is_no_range(cell: str) -> bool:
    """Return whether the text is a date, which a range became in a spreadsheet, or a share."""
    if len(cell) > LONGEST_RANGE or "%" in cell or dates.readings(cell):
        return True
    month = LIKE_MONTH.fullmatch(cell)
    return month is not None and dates.is_month(month[1])


def _lower_end(cell: str) -> Decimal:
    """Return the first number of a range, else of the text. Raise BadCell without one."""
    match = RANGE.search(cell) or HEADS.search(cell)
    if match is None:
        raise _no_headcount(cell)
    times = 1
    if match["times"]:
        times = 1_000 if match["times"].lower() in THOUSAND else 1_000_000
    readings = typed.readings(match["count"]).values()
    # "1.5K": decimals of thousands; else a sign groups.
    values = [value for value in readings if value * times == int(value * times)]
    if not values:
        raise _no_headcount(cell)
    return max(values) * times


def _people(cell: str, value: Decimal) -> int:
    if value != int(value) or not 0 <= value <= MOST_PEOPLE:
        raise _no_headcount(cell)
    return int(value)


def _no_headcount(cell: str) -> BadCell:
    return BadCell(_("“%(cell)s” is no whole number from 0 to 5,000,000") % quoted(cell))


# -- Texts with a meaning


def email(style: Style, cell: str) -> str | Noted:
    """Return an e-mail address in lower case; of several the first, with a note on the others."""
    address, rest = emails.split(cell)
    try:
        validate_email(text(style, address, most=LONGEST_EMAIL))
    except ValidationError:
        raise BadCell(_("“%(cell)s” is no e-mail address") % quoted(cell)) from None
    address = address.lower()
    if rest:
        return Noted(address, "rest_left_out", {"taken": address, "rest": shortened(rest)})
    return address


def country(style: Style, cell: str) -> str:
    """Return the code of a country, from its code or a name in English, Spanish or Portuguese."""
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
    """Return a yes or no in English, Spanish or Portuguese, true or false, 1 or 0."""
    answer = fold(cell)
    if answer not in YES | NO:
        raise BadCell(_("“%(cell)s” is neither yes nor no") % quoted(cell))
    return answer in YES
