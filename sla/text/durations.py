"""Lengths of time as people type them: "2 h", "1 h 30 min", "1 d". Pure."""

from __future__ import annotations

import re
from decimal import Decimal

HOUR = 60
PIECE = re.compile(r"(\d+(?:[.,]\d+)?)\s*([^\W\d]*)\.?", re.UNICODE)
UNITS = {
    "min": ("", "m", "min", "mins", "minute", "minutes", "minuto", "minutos"),
    "h": ("h", "hr", "hrs", "hs", "hour", "hours", "hora", "horas"),
    "d": ("d", "day", "days", "dia", "dias", "día", "días"),
}
LONGEST = 1_000_000  # business minutes


class Unreadable(ValueError):
    """The text says no length of time."""


def read(text: str, *, day: int) -> int:
    """Whole minutes of ``text``; a number alone is minutes, ``day``: minutes of a working day.

    Raises Unreadable.
    """
    total, rest = Decimal(0), text.strip().lower()
    sizes = {"min": 1, "h": HOUR, "d": day}
    pieces = list(PIECE.finditer(rest))
    if not pieces or PIECE.sub("", rest).strip(" ,y+and&"):
        raise Unreadable(text)
    for piece in pieces:
        unit = next((key for key, spelled in UNITS.items() if piece[2] in spelled), None)
        if unit is None:
            raise Unreadable(text)
        total += Decimal(piece[1].replace(",", ".")) * sizes[unit]
    if total != int(total) or not 0 < total <= LONGEST:
        raise Unreadable(text)
    return int(total)


def write(minutes: int | None) -> str:
    """As :func:`read` takes it; nothing for None or 0."""
    if not minutes:
        return ""
    hours, rest = divmod(abs(minutes), HOUR)
    return " ".join(
        part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest else "") if part
    )
