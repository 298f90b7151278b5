"""Tables of allowed moves between states.

A trigger of the database enforces the same pairs; a test compares them.
"""

from __future__ import annotations

from collections.abc import Mapping

from crm.lib.errors import IllegalMove

Moves = Mapping[str, frozenset[str]]


def check_move(moves: Moves, old: str, new: str) -> None:
    """Raise IllegalMove unless ``moves`` allows the move from ``old`` to ``new``."""
    if new not in moves.get(old, frozenset()):
        raise IllegalMove
