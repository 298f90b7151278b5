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
    fine = 0 < rate < 0.2 and round(rate * 1000) % 10
    return f"{number_format(100 * rate, 1 if fine else 0, use_l10n=True)}%"
