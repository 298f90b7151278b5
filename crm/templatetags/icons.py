"""Icons and small marks for every page."""

from __future__ import annotations

import re
from functools import lru_cache
from zlib import crc32

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from lucide import IconDoesNotExist
from lucide.templatetags.lucide import lucide

register = template.Library()

AVATAR_TONES = 6
# Attributes of the outer element that app.css gives to every icon.
PAINT = re.compile(
    r' (fill|stroke|stroke-width|stroke-linecap|stroke-linejoin)="[^"]*"(?=[^>]* class=)'
)


def ours(html: str) -> SafeString:
    """Mark HTML of our own as safe: drawings of the package lucide, pages of the help, instants.

    Nothing that a person typed may go through here.
    """
    return mark_safe(html)


@lru_cache(maxsize=256)
def drawing(name: str, size: int = 16, css: str = "i") -> SafeString:
    """Return the Lucide icon ``name`` as inline SVG, hidden from screen readers.

    Raise LookupError for an unknown name.
    """
    try:
        svg = lucide(name, size=size, **{"class": css, "aria-hidden": "true"})
    except IconDoesNotExist as fault:
        raise LookupError(f"no icon is called {name!r}") from fault
    svg = PAINT.sub("", " ".join(svg.split()))
    return ours(svg.replace("> <", "><").replace(" />", "/>"))


def symbol(name: str) -> SafeString:
    """Return the icon as an SVG symbol, for pages that show it in every row by reference."""
    inner = drawing(name).partition(">")[2].removesuffix("</svg>")
    return ours(f'<symbol id="i-{name}" viewBox="0 0 24 24">{inner}</symbol>')


@lru_cache(maxsize=256)
def reference(name: str) -> SafeString:
    """Return an icon that draws the :func:`symbol` of the same name."""
    return format_html('<svg class="i" aria-hidden="true"><use href="#i-{}"/></svg>', name)


@register.simple_tag
def icon(name: str, size: int = 16, css: str = "") -> SafeString:
    return drawing(name, size, f"i {css}".strip())


@register.filter
def initials(name: object) -> str:
    """Return two letters for an avatar: "Mariana Peña Ruiz" gives "MR"."""
    words = [word for word in str(name or "").split() if word[0].isalnum()]
    if not words:
        return "?"
    letters = words[0][0]
    if len(words) > 1:
        letters += words[-1][0]
    return letters.upper()


def tone(name: object) -> int:
    """Return the tone of an avatar, always the same for a name."""
    # Not hash(), which differs in each process: the same person would change the colour.
    return crc32(str(name or "").encode()) % AVATAR_TONES


@register.simple_tag
def verdict(result: str) -> SafeString:
    """Return word and icon of a checked criterion: "met", "not_met" (or "unmet"), else unknown."""
    # Icon and word besides the colour, which not every reader can tell apart.
    kind = "unknown"
    drawn = drawing("circle-dashed")
    word = _("Unknown")
    if result == "met":
        kind = "met"
        drawn = drawing("circle-check")
        word = _("Met")
    elif result in ("not_met", "not", "unmet"):
        kind = "not"
        drawn = drawing("circle-x")
        word = _("Not met")
    return format_html('<span class="vd vd--{}">{}{}</span>', kind, drawn, word)
