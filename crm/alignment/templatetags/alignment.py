"""Shares and zones in words, for the templates of the alignment page."""

from __future__ import annotations

from django import template

from crm.lib.number_formats import share
from crm.templatetags import relevo

register = template.Library()
register.filter("share", share)


@register.filter
def city(zone: str) -> str:
    """The city that names an IANA zone."""
    return relevo.city(zone)
