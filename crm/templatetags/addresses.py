"""The addresses of many objects of one kind: a list has hundreds, and asking the resolver for each
is dear.
"""

from __future__ import annotations

from functools import lru_cache

from django.urls import get_script_prefix, reverse
from django.utils.html import escape
from django.utils.safestring import SafeString


def address(name: str, pk: int | SafeString) -> SafeString:
    """What ``reverse(name, args=[pk])`` answers, escaped for HTML, for a pattern whose only part is
    the id.

    ``pk`` may also be the place for an id in a pattern.
    """
    before, after = _around(name, get_script_prefix())
    return SafeString(f"{before}{pk}{after}")


@lru_cache(maxsize=64)
def _around(name: str, _prefix: str) -> tuple[str, str]:
    """What stands before and after the id, below the prefix under which the product is served."""
    before, _, after = reverse(name, args=[0]).rpartition("0")
    return escape(before), escape(after)
