"""The likely target of each column: by its header, else by its cells."""

from __future__ import annotations

import re
from collections.abc import Sequence

from crm.lib.files.layout import Row
from crm.lib.text import fold
from leads.imports.columns.headers import FIELD_OF_HEADER
from leads.imports.columns.targets import DOMAIN, SKIP
from leads.imports.readings import EMAIL, FIRST_NAME, LAST_NAME, NAME, PHONE
from leads.models import CustomField

LOOKS_LIKE: dict[str, re.Pattern[str]] = {
    EMAIL: re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    # The lookahead counts the digits, whatever is between them.
    PHONE: re.compile(r"(?=(\D*\d){10,15}\D*$)\+?[\d(][\d\s().-]{8,20}\d"),
    DOMAIN: re.compile(r"(https?://)?([a-z0-9-]+\.)+[a-z]{2,}(/\S*)?", re.IGNORECASE),
}
LIKELY = 0.8  # share of the filled cells that have to look like the field


def suggest(
    header: Sequence[str], sample: Sequence[Row], customs: Sequence[CustomField]
) -> list[str]:
    """Return the likely target of each column: by its name, else by its cells; each target once."""
    own = _fields_of_customs(customs)
    suggested: list[str] = []
    for name in header:
        folded = fold(name)
        # A custom field comes first: the organisation itself chose this name.
        code = own.get(folded) or FIELD_OF_HEADER.get(folded, SKIP)
        suggested.append(_once(code, suggested))
    # With a column "Apellidos", "Nombre" is the first name alone.
    if LAST_NAME in suggested and NAME in suggested and FIRST_NAME not in suggested:
        suggested[suggested.index(NAME)] = FIRST_NAME
    for position, code in enumerate(suggested):
        if code == SKIP:
            cells = [row.cells[position] for row in sample if position < len(row.cells)]
            suggested[position] = _once(_by_content(cells), suggested)
    return suggested


def _fields_of_customs(customs: Sequence[CustomField]) -> dict[str, str]:
    """Return the field of each custom field, by its code and by its names, folded."""
    fields: dict[str, str] = {}
    for custom in customs:
        for name in (custom.code, *custom.name.values()):
            fields[fold(name)] = f"attributes.{custom.code}"
    return fields


def _once(code: str, taken: Sequence[str]) -> str:
    if code in taken:
        return SKIP
    return code


def _by_content(cells: Sequence[str]) -> str:
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled:
        return SKIP
    for code, pattern in LOOKS_LIKE.items():
        # Not every cell: real files have notes and typing errors among the addresses.
        alike = sum(1 for cell in filled if pattern.fullmatch(cell))
        if alike >= LIKELY * len(filled):
            return code
    return SKIP
