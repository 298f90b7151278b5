"""JSON that a browser or a program sends: bounded in size, depth and digits."""

from __future__ import annotations

import json
from typing import Any

from crm.lib.text import has_bad_text

LONGEST = 400_000  # characters
# Far below Python's limit of recursion: the values are checked, and later read, by functions that
# call themselves for each level.
DEEPEST = 20
# No number of ours is longer; int() raises ValueError for a text of more than 4300 digits.
MOST_DIGITS = 40


class Unreadable(ValueError):
    """The text is no JSON, or more than is taken."""


class TooDeep(Unreadable):
    """Objects and lists are nested deeper than DEEPEST."""


def read(text: str, *, longest: int = LONGEST) -> Any:
    """Return the value of ``text``. Raise Unreadable."""
    value = parse(text, longest=longest)
    if has_bad_text(value):
        raise Unreadable
    return value


def parse(text: str, *, longest: int = LONGEST) -> Any:
    """Return as :func:`read`, but with text and numbers that cannot be stored, as NaN."""
    if len(text) > longest:
        raise Unreadable
    try:
        # NaN and Infinity are read, although they are not JSON, so that a caller can name them.
        value = json.loads(text, parse_int=_whole, parse_constant=float)
    except RecursionError:
        raise TooDeep from None
    except ValueError:
        raise Unreadable from None
    if _is_deep(value):
        raise TooDeep
    return value


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise Unreadable
    return int(digits)


def _is_deep(value: Any) -> bool:
    """Return whether objects and lists are nested deeper than DEEPEST, without recursion."""
    level = [value]
    for _depth in range(DEEPEST + 1):
        deeper: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                deeper += each.values()
            elif isinstance(each, list):
                deeper += each
        if not deeper:
            return False
        level = deeper
    return True
