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
    before, after = _around(name, get_script_prefix())

    def address_of(pk: int) -> SafeString:
        return SafeString(f"{before}{pk}{after}")

    return address_of


def url(name: str, *args: object) -> SafeString:
    """Return the address of a page with other arguments than one id, escaped for HTML."""
    return escape(reverse(name, args=args))


@lru_cache(maxsize=64)
def _around(name: str, _prefix: str) -> tuple[str, str]:
    """Return the parts of the address before and after the id.

    The prefix under which the product is served is part of the cache's key.
    """
    before, _, after = reverse(name, args=[0]).rpartition("0")
    return escape(before), escape(after)
