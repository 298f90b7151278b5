"""Lengths of time as people type them: "2 h", "1 h 30 min", "1 d". Pure."""

from __future__ import annotations

import re
from decimal import Decimal

from crm.lib.numbers import typed

HOUR = 60
PIECE = re.compile(r"(\d+(?:[.,]\d+)*)\s*([^\W\d]*)\.?", re.UNICODE)
BETWEEN_PIECES = " ,y+and&"  # "1 h y 30 min", "1 h and 30 min"
UNITS = {
    "min": ("", "m", "min", "mins", "minute", "minutes", "minuto", "minutos"),
    "h": ("h", "hr", "hrs", "hs", "hour", "hours", "hora", "horas"),
    "d": ("d", "day", "days", "dia", "dias", "día", "días"),
}
LONGEST = 1_000_000  # business minutes


class UnreadableDuration(ValueError):
    """The text is no length of time."""


def read(text: str, *, day: int, decimal: str) -> int:
    """Return ``text`` in whole minutes; a number alone is minutes.

    ``day``: minutes of a working day. ``decimal``: the region's sign in "1,5 h". Raises
    UnreadableDuration; TwoReadings where a number may be thousands or decimals.
    """
    lowered = text.strip().lower()
    pieces = list(PIECE.finditer(lowered))
    rest = PIECE.sub("", lowered)
    if not pieces or rest.strip(BETWEEN_PIECES):
        raise UnreadableDuration(text)
    minutes = {"min": 1, "h": HOUR, "d": day}
    total = Decimal(0)
    for piece in pieces:
        unit = _unit(piece[2])
        if unit is None:
            raise UnreadableDuration(text)
        total += _number(piece[1], decimal) * minutes[unit]
    if total != int(total) or not 0 < total <= LONGEST:
        raise UnreadableDuration(text)
    return int(total)


def _number(text: str, decimal: str) -> Decimal:
    try:
        return typed.read_decimal(text, decimal)
    except typed.NotANumber:
        raise UnreadableDuration(text) from None


def _unit(word: str) -> str | None:
    """Return the key in UNITS of a unit as it is typed."""
    for unit, spellings in UNITS.items():
        if word in spellings:
            return unit
    return None


def write(minutes: int | None) -> str:
    """Return ``minutes`` as :func:`read` takes them, without a sign; empty for None or 0."""
    hours, rest = divmod(abs(minutes or 0), HOUR)
    parts = []
    if hours:
        parts.append(f"{hours} h")
    if rest:
        parts.append(f"{rest} min")
    return " ".join(parts)
