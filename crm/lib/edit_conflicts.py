"""Two people edited the same thing: what differs, and whose value is proposed to stay.

A form that may meet a newer version carries three things: the number of the version that was on the
screen, what it showed at first (the hidden field ``was``), and, once both values have been shown,
a choice per field (``keep.<field>``). Plain data only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm.lib.input import json_text
from crm.lib.input.numbers import INTEGER, whole

MINE = "mine"
THEIRS = "theirs"
ASK = ""
CHOICE = "keep."
UNKNOWN_VERSION = -1


@dataclass(frozen=True)
class Difference:
    """One field whose typed value (mine) is not the saved one (theirs).

    ``choice`` is MINE, THEIRS, or ASK where the person has to choose.
    """

    field: str
    mine: str
    theirs: str
    choice: str


def version_on_screen(posted: Mapping[str, str], name: str) -> int:
    """Return the version in the field ``name``, UNKNOWN_VERSION (of no row) if unreadable."""
    version = whole(posted.get(name, ""), digits=INTEGER)
    if version is None:
        return UNKNOWN_VERSION
    return version


def shown_at_first(posted: Mapping[str, str]) -> dict[str, Any]:
    """Return what the form showed before anything was typed; an empty dict if unreadable."""
    try:
        values = json_text.read(posted.get("was", ""))
    # Without these values every difference is a question to the person; nothing is lost.
    except json_text.Unreadable:
        return {}
    if not isinstance(values, dict):
        return {}
    return values


def texts_at_first(posted: Mapping[str, str]) -> dict[str, str]:
    """Return as :func:`shown_at_first`, for forms whose values are all texts."""
    return {str(name): str(value) for name, value in shown_at_first(posted).items()}


def choices(posted: Mapping[str, str]) -> dict[str, str]:
    """Return the choices already made, by field."""
    names = (name for name in posted if name.startswith(CHOICE))
    return {name.removeprefix(CHOICE): str(posted[name]) for name in names}


def compare(
    was: Mapping[str, str],
    mine: Mapping[str, str],
    theirs: Mapping[str, str],
    chosen: Mapping[str, str],
) -> list[Difference]:
    """Return the fields of which the typed value is not the saved one.

    ``was`` holds the values before anything was typed. Where only one of the two people changed a
    field, that value is proposed. Where both did, or ``was`` does not know the field, the person is
    asked. A choice in ``chosen`` overrules the proposal.
    """
    differences = []
    for field, typed in mine.items():
        saved = theirs.get(field, "")
        # Also where both made the same change: there is nothing to choose.
        if typed == saved:
            continue
        choice = chosen.get(field, "")
        if choice not in (MINE, THEIRS):
            choice = _proposal(was.get(field), typed, saved)
        differences.append(Difference(field, typed, saved, choice))
    return differences


def _proposal(before: str | None, typed: str, saved: str) -> str:
    if typed == before:
        return THEIRS
    if saved == before:
        return MINE
    return ASK
