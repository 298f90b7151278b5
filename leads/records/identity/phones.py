"""Read phones as people write them. Pure: text and countries in, number and extension out.

A number is read with the lead's country, else with the company's, else with the organisation's,
which is only assumed. The text stays as it was typed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import phonenumbers
from phonenumbers import (
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberMatcher,
    PhoneNumberType,
    ValidationResult,
)

from crm.lib.text import clean_line, digits

LONGEST = 80  # characters of the text as typed
LONGEST_UNREAD = 40  # characters of a number that no country reads
FEWEST_DIGITS = 7
MOST_DIGITS = 15  # of E.164
MEXICO = "52"
ARGENTINA_MOBILE = "+549"
ARGENTINA = "+54"

# "5.25512E+11": a spreadsheet took the number for a quantity and dropped its last digits.
SCIENTIFIC = re.compile(r"\+?(\d)(?:[.,](\d+))?\s?[eE]\s?\+?(\d{1,2})", re.ASCII)
# "5,512,345,678": it grouped the digits.
GROUPED = re.compile(r"\d{1,3}(?:,\d{3}){2,4}", re.ASCII)
WITH_DECIMALS = re.compile(r"(\+?\d{7,15})[.,]0+", re.ASCII)
MASKED = re.compile(r"[*•●∙█▪◦]|[xX]{2,}|#{2,}|…|\.{3,}")
# What parts several numbers in one cell; ":::" is Google's. Signs that also group the digits of one
# number part only where many digits follow.
SEVERAL = re.compile(
    r"\s*(?::::|[;|\n]|\s/\s|\s(?:[yoe]|and|ou)\s|(?<=\d)/(?=(?:\D*\d){7})"
    r"|,(?=(?:\D*\d){7})|(?<=\d)\s*[-–]\s*(?=(?:\D*\d){10}))\s*",
    re.IGNORECASE,
)
# "4555-1234/35": the last digits of a second line.
OTHER_LINE = re.compile(r"\s*/\s*(\d{1,4})$", re.ASCII)
NUMBER_WORD = r"(?:(?:n[oº°]|n[uú]m|nro)\b[\s.:]*)?"
# More than one extension: "204 y 205".
MORE = r"(?P<more>(?:\s*(?:[,;/]|y|e|o|ou|and)\s*\d{1,6}\b)*)"
EXTENSION = re.compile(
    r"[\s,;/|(-]*(?<![^\W\d_])(?:extensi[oó]n|extensão|ramal|interno|anexo|opci[oó]n|extn|exts?"
    rf"|anx|int|[xrp]|\#)[\s.:=#-]*{NUMBER_WORD}(\d{{1,7}}){MORE}\s*\)?\s*$",
    re.IGNORECASE,
)
# A pause before the extension, as phones dial it, or the extension in brackets.
PAUSE = re.compile(r"(?:,+\s*|\s*\((?=\d+\)))(\d{1,5})(?P<more>)\)?\s*$")
# Brazil: "xx" in "(0xx11)" is any carrier, before the area.
ANY_CARRIER = re.compile(r"\(?\b0\s?xx\s?(?=\(?\d{2})", re.IGNORECASE)
# The number in a link of WhatsApp is international, also without a plus.
LINK = re.compile(r"(?:wa\.me/|[?&]phone=)\s*(?:\+|%2B)?(\d{8,15})", re.IGNORECASE | re.ASCII)
# "Tel.: ", "p:", "cel ": what stands before the number itself.
BEFORE = re.compile(r"^[^\d+(]+")
COUNTED = ("0123456789", "1234567890", "9876543210", "987654321")
# National prefixes that Mexico abolished in 2019 and people still write, by the length with them.
MEXICAN_PREFIXES = {"044": 13, "045": 13, "01": 12, "1": 11}
# A mobile of Argentina with its 15 and without its area, which cannot be guessed.
WITHOUT_AREA = re.compile(r"15\d{8}", re.ASCII)
# The same digit so often is no number, even where a plan of numbers has it.
LONG_ENOUGH = 9


class Reason(StrEnum):
    """Why a text is no phone."""

    PLACEHOLDER = "placeholder"
    MASKED = "masked"
    LOST_DIGITS = "lost_digits"
    WRONG_LENGTH = "wrong_length"


class NoPhone(ValueError):
    """The text is no phone. ``country``: the one that its digits do not suit, "" for none."""

    def __init__(self, reason: Reason, country: str = "") -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.country = country


@dataclass(frozen=True)
class Phone:
    """A phone.

    ``number``: E.164, or the text of a number whose country is not known. ``typed``: the whole text
    as typed. ``assumed``: the country that the number was read with, though it was not given.
    ``rest``: the other numbers of the same text, which are not taken.
    """

    number: str = ""
    extension: str = ""
    typed: str = ""
    assumed: str = ""
    rest: str = ""

    @property
    def full(self) -> str:
        """Number and extension as one text."""
        return full(self.number, self.extension)

    @property
    def is_read(self) -> bool:
        """Whether the number can be dialled from anywhere."""
        return self.number.startswith("+")


def read(text: str, *, countries: Iterable[str] = (), assumed: str = "") -> Phone:
    """Return the phone that ``text`` holds; an empty one for an empty text.

    ``countries``: the given ones, the most particular first; "" is skipped. ``assumed``: the
    country of a number without any, used where the number is valid there. Raises NoPhone.
    """
    typed = clean_line(text)[:LONGEST]
    if not typed:
        return Phone()
    # First of all: the comma of 5,25512E+11 parts no two numbers.
    whole = _restored(_plain(typed))
    first, rest = split(whole)
    main, extension, more = _parted(_dialled(first))
    as_extension = EXTENSION.fullmatch(rest)
    if as_extension and not extension:
        extension, more, rest = as_extension[1], as_extension["more"], ""
    rest = " ".join(part for part in (more.strip(" ,;/"), rest) if part)
    given = [country for country in countries if country]
    try:
        number, country = _number(main, given, assumed)
    except NoPhone as error:
        if error.reason == Reason.WRONG_LENGTH:
            phone = _among_words(whole, given, assumed)
            if phone:
                return replace(phone, typed=typed)
        raise
    return Phone(number, extension, typed, country, rest)


def split(text: str) -> tuple[str, str]:
    """Return the first number of a text, and what stands behind it."""
    parts = _parts(text)
    for position, part in enumerate(parts):
        # The first part may be a word or a sign.
        if len(digits(part)) >= FEWEST_DIGITS:
            rest = [*parts[:position], *parts[position + 1 :]]
            return part, " ".join(rest)
    return text, ""


def _parts(text: str) -> list[str]:
    """Return what stands between the signs that part numbers."""
    parts: list[str] = []
    start = 0
    for sign in SEVERAL.finditer(text):
        part = text[start : sign.start()]
        # Too few digits for a number: the sign groups its digits.
        if not 0 < len(digits(part)) < FEWEST_DIGITS:
            parts.append(part)
            start = sign.end()
    last = text[start:]
    line = OTHER_LINE.search(last)
    if line and len(digits(last[: line.start()])) >= FEWEST_DIGITS:
        return [*parts, last[: line.start()], line[1]]
    return [*parts, last]


def forms(number: str) -> list[str]:
    """Return the stored numbers that are the same phone as ``number``, itself included.

    Argentina's mobiles are stored with a 9 that calls from abroad need; people leave it out.
    """
    if number.startswith(ARGENTINA_MOBILE):
        return [number, ARGENTINA + number.removeprefix(ARGENTINA_MOBILE)]
    if number.startswith(ARGENTINA):
        return [number, ARGENTINA_MOBILE + number.removeprefix(ARGENTINA)]
    return [number]


def key(number: str) -> str:
    """Return what equal phones have in common."""
    if number.startswith(ARGENTINA_MOBILE):
        return ARGENTINA + number.removeprefix(ARGENTINA_MOBILE)
    return number


def is_phone(stored: str) -> bool:
    """Return whether a stored number is one, and no placeholder that was stored in earlier years.

    Numbers that were read are; the others need digits enough.
    """
    if stored.startswith("+"):
        return True
    try:
        read(stored)
    except NoPhone:
        return False
    return bool(stored)


def full(number: str, extension: str = "") -> str:
    """Return number and extension as one text, which :func:`read` reads again."""
    if not extension:
        return number
    return f"{number} ext. {extension}"


def dial(number: str, extension: str = "") -> str:
    """Return the address that dials a stored number, with a pause before the extension."""
    if extension:
        number = f"{number},{extension}"
    return f"tel:{number.replace(' ', '')}"


def is_spelled_out(text: str) -> bool:
    """Return whether a text is a whole phone with an extension, or one in a link."""
    is_link = LINK.search(text) or text.strip().lower().startswith("tel:")
    return bool(is_link or EXTENSION.search(text))


def stored_forms(query: str, country: str) -> list[str]:
    """Return the digits of every stored number that ``query``, typed to search, may be."""
    try:
        number = read(query, countries=[country]).number
    except NoPhone:
        return []
    if not number.startswith("+"):
        return []
    return [digits(form) for form in forms(number)]


# -- Steps of the reading


def _plain(text: str) -> str:
    """Return the text with the digits and the plus of ASCII."""
    if text.isascii():
        return text
    text = text.replace("\N{FULLWIDTH PLUS SIGN}", "+")
    return "".join(str(unicodedata.decimal(sign, sign)) for sign in text)


def _restored(text: str) -> str:
    """Return the text, with the digits that a program wrote another way. Raises NoPhone."""
    link = LINK.search(text)
    if link:
        return f"+{link[1]}"
    if GROUPED.fullmatch(text):
        return digits(text)
    scientific = SCIENTIFIC.fullmatch(text)
    if scientific:
        mantissa = scientific[1] + (scientific[2] or "")
        if len(mantissa) <= int(scientific[3]):
            raise NoPhone(Reason.LOST_DIGITS)
        return mantissa
    with_decimals = WITH_DECIMALS.fullmatch(text)
    if with_decimals:
        return with_decimals[1]
    return text


def _dialled(text: str) -> str:
    """Return ``text`` if it has the digits of a number. Raises NoPhone."""
    text = ANY_CARRIER.sub("", text)
    if MASKED.search(text):
        raise NoPhone(Reason.MASKED)
    if not digits(text):
        raise NoPhone(Reason.PLACEHOLDER)
    return text


def _parted(text: str) -> tuple[str, str, str]:
    """Return number, extension, and further extensions."""
    for pattern in (EXTENSION, PAUSE):
        match = pattern.search(text)
        if match and len(digits(text[: match.start()])) >= FEWEST_DIGITS:
            return text[: match.start()], match[1], match["more"]
    return text, "", ""


def _among_words(text: str, given: Sequence[str], assumed: str) -> Phone | None:
    """Return the first valid number that stands among words or other numbers, or None."""
    country = [*given, assumed][0]
    for match in PhoneNumberMatcher(text, country or None):
        rest = text.replace(match.raw_string, " ", 1)
        return Phone(
            number=_e164(match.number),
            extension=match.number.extension or "",
            assumed="" if given or match.raw_string.startswith("+") else assumed,
            rest=clean_line(rest).strip(" ,;:/|()-"),
        )
    return None


def _number(text: str, given: Sequence[str], assumed: str) -> tuple[str, str]:
    """Return the number and the country that was only assumed, "" for none. Raises NoPhone."""
    text = BEFORE.sub("", text)
    international = _international(text)
    if international is not None:
        return _checked(international), ""
    for country in given:
        parsed = _parse(_without_old_prefix(text, country), country)
        if parsed and _is_valid(parsed):
            return _e164(parsed), ""
    if given:
        country = given[0]
        parsed = _parse(_without_old_prefix(text, country), country)
        return _suitable(parsed, text, country), ""
    if assumed:
        parsed = _parse(_without_old_prefix(text, assumed), assumed)
        if parsed and _is_valid(parsed):
            return _e164(parsed), assumed
        # Not valid there: its country is another one, which was not given.
        _suitable(parsed, text, assumed)
    return _unread(text), ""


def _international(text: str) -> PhoneNumber | None:
    """Return the number of a text that begins with a country code, or None. Raises NoPhone."""
    plain = text.lstrip("( ")
    if plain.startswith("+"):
        # No country code begins with 0: "+0052 55…" was typed with both prefixes.
        number = _without_mexican_prefix(digits(plain).lstrip("0"))
        if not number and digits(plain):
            raise NoPhone(Reason.PLACEHOLDER)
        parsed = _parse(f"+{number}", None)
        if parsed is None:
            raise NoPhone(Reason.WRONG_LENGTH)
        return parsed
    number = digits(plain)
    if number.startswith("00"):
        parsed = _parse(f"+{_without_mexican_prefix(number[2:])}", None)
        # In some countries 00 is no prefix for calls abroad.
        if parsed and phonenumbers.is_valid_number(parsed):
            return parsed
    return None


def _checked(parsed: PhoneNumber) -> str:
    """Return the E.164 text of an international number. Raises NoPhone."""
    region = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    country = "" if region in ("ZZ", "001") else region
    return _suitable(parsed, str(parsed.national_number), country)


def _suitable(parsed: PhoneNumber | None, text: str, country: str) -> str:
    """Return the E.164 text of a number with digits enough for its country. Raises NoPhone."""
    if parsed is None:
        raise NoPhone(Reason.WRONG_LENGTH, country)
    if _is_valid(parsed):
        return _e164(parsed)
    if _is_filler(digits(text)):
        raise NoPhone(Reason.PLACEHOLDER)
    # Lengths that only free numbers have are those of numbers without their area.
    kind = PhoneNumberType.FIXED_LINE_OR_MOBILE
    result = phonenumbers.is_possible_number_for_type_with_reason(parsed, kind)
    # A local number without its area can only be dialled from there.
    is_local = country == "AR" and WITHOUT_AREA.fullmatch(str(parsed.national_number))
    if result != ValidationResult.IS_POSSIBLE or is_local:
        raise NoPhone(Reason.WRONG_LENGTH, country)
    return _e164(parsed)


def _is_valid(parsed: PhoneNumber) -> bool:
    """Return whether its country has the number and it is more than one digit repeated."""
    number = str(parsed.national_number)
    is_repeated = len(number) >= LONG_ENOUGH and len(set(number)) == 1
    return phonenumbers.is_valid_number(parsed) and not is_repeated


def _unread(text: str) -> str:
    """Return the text of a number of an unknown country. Raises NoPhone."""
    number = digits(text)
    if _is_filler(number):
        raise NoPhone(Reason.PLACEHOLDER)
    if not FEWEST_DIGITS <= len(number) <= MOST_DIGITS:
        raise NoPhone(Reason.WRONG_LENGTH)
    return text.strip()[:LONGEST_UNREAD]


def _is_filler(number: str) -> bool:
    """Return whether digits were typed to fill a field: 000000000, 123456789."""
    if len(set(number)) == 1:
        return True
    return len(number) > 4 and any(counted.startswith(number) for counted in COUNTED)


def _without_old_prefix(text: str, country: str) -> str:
    if country != "MX":
        return text
    number = digits(text)
    if number.startswith(MEXICO):
        return _without_mexican_prefix(number)
    return _without_national_prefix(number)


def _without_mexican_prefix(number: str) -> str:
    """Return international digits, those of Mexico without an abolished prefix: 52 1 55…"""
    if not number.startswith(MEXICO):
        return number
    return MEXICO + _without_national_prefix(number.removeprefix(MEXICO))


def _without_national_prefix(number: str) -> str:
    for prefix, length in MEXICAN_PREFIXES.items():
        if number.startswith(prefix) and len(number) == length:
            return number.removeprefix(prefix)
    return number


def _parse(text: str, country: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None


def _e164(parsed: PhoneNumber) -> str:
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
