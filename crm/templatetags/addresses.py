"""Addresses that are asked for often: of pages, and of many objects of one kind.

A list has hundreds of them, and reversing each one costs more than the rest of its row.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from django import template
from django.urls import get_script_prefix, reverse
from django.utils.html import escape
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def page(name: str) -> SafeString:
    """Return the address of a page without arguments, escaped for HTML."""
    return _page(name, get_script_prefix())


@lru_cache(maxsize=256)
def _page(name: str, _prefix: str) -> SafeString:
    return escape(reverse(name))


def address(name: str, pk: int) -> SafeString:
    """Return ``reverse(name, args=[pk])``, escaped for HTML.

    The URL pattern may have no other argument than the id.
    """
    return addresses(name)(pk)


def addresses(name: str) -> Callable[[int], SafeString]:
    """Return the function that :func:`address` is for ``name``, for lists of many objects."""
    before, after = _around(name, get_script_prefix(), ())

    def address_of(pk: int) -> SafeString:
        return SafeString(f"{before}{pk}{after}")

    return address_of


def url(name: str, pk: int, *names: str) -> SafeString:
    """Return ``reverse(name, args=[pk, *names])``, escaped for HTML.

    ``names`` are of a few: those of fields or criteria.
    """
    before, after = _around(name, get_script_prefix(), names)
    return SafeString(f"{before}{pk}{after}")


@lru_cache(maxsize=512)
def _around(name: str, prefix: str, names: tuple[str, ...]) -> tuple[str, str]:
    """Return the parts of the address before and after the id.

    The prefix under which the product is served is part of the cache's key.
    """
    whole = reverse(name, args=[0, *names])
    # Behind the prefix, which may have a part "0" itself, the id comes before all names.
    place = whole.index("/0/", len(prefix) - 1) + 1
    return escape(whole[:place]), escape(whole[place + 1 :])
