"""Shares and zones in words, for the templates of the alignment page."""

from __future__ import annotations

from django import template

from crm.lib import number_formats
from crm.templatetags import relevo

register = template.Library()


@register.filter
def city(zone: str) -> str:
    """The city that names an IANA zone."""
    return relevo.city(zone)


@register.filter
def share(rate: float | None) -> str:
    """A rate as a percentage: "89%", with one decimal near the ends; nothing to divide by reads as a dash.

    Only none reads as 0 % and only all as 100 %.
    """
    if rate is None:
        return "–"
    percent: float = round(100 * rate)
    if 0 < rate < 1 and not 20 <= 100 * rate < 99.5:
        percent = min(max(round(100 * rate, 1), 0.1), 99.9)
    # rounded above: number cuts off what is beyond its digits
    return f"{number_formats.number(percent, 0 if percent == int(percent) else 1)}%"
