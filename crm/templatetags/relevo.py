"""Tags and filters for every page; a builtin of the template engine, so that no page loads it."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.http import HttpRequest
from django.template import Context
from django.utils.html import conditional_escape, format_html, format_html_join, json_script
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from crm.lib import countries, moments, number_formats
from crm.lib.bilingual import in_language
from crm.lib.forms import typed_texts
from crm.lib.moments import absolute_text, relative_text
from crm.lib.number_formats import Region, about_left_words, day_words, duration_words
from crm.lib.wording import variants
from crm.templatetags.clock_badge import page_now
from crm.templatetags.icons import ours

register = template.Library()
# A date of a moment is the one in the reader's zone.
register.filter("typed_texts", typed_texts)
register.filter("day_words", day_words, expects_localtime=True)
register.filter("absolute", absolute_text)
register.filter("about_left", about_left_words)
register.filter("city", moments.city)
register.filter("long_day", moments.long_day)

PAGING = ("after", "before")
BREAKS = re.compile(r"(?<=@)|(?<=\w)(?=[._+-]\w)")
BREAK = ours("<wbr>")


# -- Durations and moments


@register.simple_tag
def duration(seconds: float | timedelta | None, days: bool = True, at_most: bool = False) -> str:
    """Return calendar time as text, with ``days=False`` business time; a dash for None.

    With ``at_most`` it is rounded up.
    """
    if seconds is None:
        return "–"
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    return duration_words(float(seconds), days=days, at_most=at_most)


@register.simple_tag
def known_cities() -> SafeString:
    """Return the cities by zone as JSON data, for the line that offers the device's zone."""
    return _known_cities(get_language())


@lru_cache(maxsize=16)
def _known_cities(_language: str | None) -> SafeString:
    names = {zone: str(name) for zone, name in moments.CITIES.items()}
    # As data: the policy for scripts forbids inline ones, and json_script escapes "</script>".
    return json_script(names, "relevo-cities")


@register.simple_tag(takes_context=True)
def moment(
    context: Context, value: datetime | date | None, style: str = "relative"
) -> SafeString | str:
    """Return ``<time>`` with a relative text and an absolute title in the viewer's zone.

    The style "absolute" swaps the two. A date has no title.
    """
    if isinstance(value, datetime):
        return moment_element(value, page_now(context), style)
    return moment_element(value)


def moment_element(
    value: datetime | date | None, now: datetime | None = None, style: str = "relative"
) -> SafeString | str:
    """Return the element of :func:`moment`; only a date needs no ``now``."""
    if value is None:
        return "–"
    if not isinstance(value, datetime):
        return _day(value, get_language(), number_formats.active())
    assert now is not None
    reader = moments.reader()
    text = relative_text(value, now, reader)
    title = absolute_text(value, to=reader)
    if style == "absolute":
        text, title = title, text
    return _time(value.isoformat(), title, text)


# The moments of a list are shown again and again (crm.lib.moments).
@lru_cache(maxsize=4096)
def _time(iso: str, title: str, text: str) -> SafeString:
    return format_html('<time datetime="{}" title="{}">{}</time>', iso, title, text)


@lru_cache(maxsize=2048)
def _day(value: date, _language: str | None, _region: Region | None) -> SafeString:
    """Return the element of a date for all who read in the same language and region."""
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), day_words(value))


# -- Values and addresses


@register.simple_block_tag(end_name="end_in_terms")
def in_terms(content: str) -> SafeString:
    """Replace words in a page of the help, whose Spanish is in no catalogue, by those in use."""
    return ours(variants.apply(content))


@register.filter
def bilingual(value: dict[str, str] | str | None) -> str:
    """Return the organisation's own text in the active language, else in the other one."""
    return in_language(value)


@register.filter
def language_word(code: str) -> str:
    """Return the name of a language of the product, in the active language."""
    names = {"es": _("Spanish"), "en": _("English")}
    return names.get(code, code)


@register.filter
def money(amount: Decimal | float | None, currency: Any = "") -> str:
    """Return "12,500 MXN" as the reader's region writes it; a dash for an unknown amount.

    ``currency`` is a code, or an object with the attribute ``currency``.
    """
    if amount is None or amount == "":
        return "–"
    # By way of text: Decimal(0.1) would keep the error of the float.
    value = Decimal(str(amount))
    digits = 2
    if value == value.to_integral_value():
        digits = 0
    text = number_formats.number(value, digits)
    code = getattr(currency, "currency", currency)
    if not code:
        return text
    return f"{text}\u00a0{code}"


@register.simple_tag(takes_context=True)
def query_with(context: Context, **changes: Any) -> str:
    """Return :func:`query_of` the page."""
    return query_of(context["request"], **changes)


def query_of(request: HttpRequest, **changes: Any) -> str:
    """Return the query string of the page with ``changes``; an empty value removes a parameter.

    The page starts at its beginning again, unless ``changes`` says otherwise.
    """
    query = request.GET.copy()
    for key in PAGING:
        query.pop(key, None)
    density = getattr(request, "density", "")
    if density != getattr(request.user, "density", ""):
        query["density"] = density  # taken out of the address by crm.middleware.Viewer
    for key, value in changes.items():
        query.pop(key, None)
        values = [value]
        if isinstance(value, (list, tuple)):
            values = list(value)
        query.setlist(key, [str(each) for each in values if each not in (None, "")])
    return "?" + query.urlencode()


@register.filter
def country(code: str) -> str:
    """Return the name of a country in the active language."""
    if not code:
        return ""
    return countries.name(code)


@register.filter
def breakable(text: object) -> SafeString:
    """Return an e-mail address with places for a line break: behind its @, before dots and signs.

    Text without an @ stays as it is.
    """
    written = str(text)
    if "@" not in written:
        return conditional_escape(written)
    pieces = BREAKS.split(written)
    return format_html_join(BREAK, "{}", ((piece,) for piece in pieces))


@register.filter
def number(value: int | float | Decimal | None) -> str:
    """Return a count as the reader's region writes it, "8,000" or "8.000"; a dash for None."""
    if value is None:
        return "–"
    return number_formats.number(value)
