"""Tables of allowed moves between states.

A trigger that enforces one holds the same pairs (a test compares them).
"""

from __future__ import annotations

from collections.abc import Mapping

from crm.lib.errors import IllegalMove

Moves = Mapping[str, frozenset[str]]


def check_move(moves: Moves, old: str, new: str) -> None:
    """Raise IllegalMove unless ``old -> new`` stands in ``moves``."""
    if new not in moves.get(old, frozenset()):
        raise IllegalMove
