"""Shares and zones in words, for the templates of the alignment page."""

from __future__ import annotations

from django import template
from django.utils.formats import number_format

from crm.templatetags import relevo

register = template.Library()


@register.filter
def city(zone: str) -> str:
    """The city that names an IANA zone."""
    return relevo.city(zone)


@register.filter
def share(rate: float | None) -> str:
    """A rate as a percentage: "89%", with one decimal below 20 %; nothing to divide by reads as a dash."""
    if rate is None:
        return "–"
    percent = 100 * rate
    digits = 1 if 0 < percent < 20 and round(percent, 1) != round(percent) else 0
    # rounded here: number_format cuts off what is beyond its digits
    return f"{number_format(round(percent, digits), digits, use_l10n=True)}%"
