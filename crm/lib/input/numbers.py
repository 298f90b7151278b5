"""Whole numbers in addresses and hidden fields: ids, positions and versions."""

from __future__ import annotations

BIGINT = 18  # digits that always fit a bigint; PostgreSQL answers longer numbers with an error
INTEGER = 9  # the same for an integer


def whole(text: str, *, digits: int = BIGINT) -> int | None:
    """Return the number in ``text``; None for anything but 1 to ``digits`` of the digits 0 to 9."""
    # int() alone would raise ValueError for thousands of digits.
    if text.isascii() and text.isdigit() and len(text) <= digits:
        return int(text)
    return None
