"""Two people changed the same lead: what differs, and whose value is proposed to stay.

Plain data only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MINE, THEIRS, ASK = "mine", "theirs", ""


@dataclass(frozen=True)
class Difference:
    """One field that reads differently on the screen and in the database.

    ``choice``: MINE, THEIRS, or ASK.
    """

    field: str
    mine: str
    theirs: str
    choice: str


def compare(
    was: Mapping[str, str],
    mine: Mapping[str, str],
    theirs: Mapping[str, str],
    kept: Mapping[str, str],
) -> list[Difference]:
    """The fields whose ``mine`` is not ``theirs``.

    ``was``: what the form showed before anything was typed.

    Whoever alone changed a field is proposed; where both did (or ``was`` does not tell) the person
    is asked. ``kept`` are choices already made.
    """
    found = []
    for field, typed in mine.items():
        saved = theirs.get(field, "")
        if typed == saved:
            continue
        before = was.get(field)
        proposed = THEIRS if typed == before else MINE if saved == before else ASK
        choice = kept.get(field, "")
        found.append(
            Difference(field, typed, saved, choice if choice in (MINE, THEIRS) else proposed)
        )
    return found
