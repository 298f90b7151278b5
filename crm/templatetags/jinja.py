"""Jinja2, Django's second template engine: for the rows of long lists and the frame of every page.

Fifty rows cost 6 ms with Django's own engine and 0.3 ms with this one. Its templates end in .jinja;
all others are drawn by Django's own engine.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, cast

from django import template
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template import Context, engines, loader
from django.template.backends.jinja2 import Jinja2
from django.templatetags.static import static
from django.urls import get_script_prefix
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from jinja2 import Environment, StrictUndefined

from crm.templatetags import clock_badge, icons, relevo
from crm.templatetags.addresses import address, addresses, page

register = template.Library()

ENGINE = "jinja2"


def environment(**options: Any) -> Environment:
    """Return the environment of all templates: a misspelt name is an error, not an empty text."""
    made = Environment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        **{name: value for name, value in options.items() if name != "undefined"},
    )
    made.globals |= {
        "_": gettext,
        "address": address,
        "addresses": addresses,
        "tone_of": icons.tone,
        "badge": clock_badge.badge,
        "icon": icons.icon,
        "moment": relevo.moment_element,
        "number": relevo.number,
        "page": page,
        "static": static,
    }
    made.filters |= {
        "bilingual": relevo.bilingual,
        "breakable": relevo.breakable,
        "initials": icons.initials,
    }
    return made


def draw(name: str, request: HttpRequest | None = None, **values: Any) -> SafeString:
    """Return the template ``name`` as HTML; the one way in which Jinja2 templates are drawn.

    With ``request`` the template also has ``request``, ``now`` (the moment of a person's request),
    ``is_fragment`` (an answer to htmx, younger than its page) and ``csrf_token``.
    """
    if request is not None:
        values |= {
            "request": request,
            "now": getattr(request, "now", None),
            "is_fragment": bool(getattr(request, "htmx", False)),
            "csrf_token": lambda: get_token(request),
        }
    return icons.ours(loader.get_template(name, using=ENGINE).render(values))


def mark(name: str, *arguments: Any) -> SafeString:
    """Return a mark that templates of both engines show: a macro of components/_marks.jinja."""
    engine = cast(Jinja2, engines[ENGINE])
    marks = engine.env.get_template("components/_marks.jinja").module
    return icons.ours(getattr(marks, name)(*arguments))


@register.simple_tag
def avatar(name: object, css: str = "") -> SafeString:
    """Return the initials on one of six tones, always the same tone for a name.

    It is decoration: the name stands beside it.
    """
    return mark("avatar", name, css)


@register.simple_tag
def tag(words: object, tone: str = "") -> SafeString:
    """Return a small label in one of the tones "ok", "warn", "bad", "info" or in grey."""
    return mark("tag", words, tone)


@register.simple_tag(takes_context=True)
def drawn(context: Context, name: str, **values: Any) -> SafeString:
    """Return the Jinja2 template ``name``, drawn with ``values`` for the request of the page."""
    return draw(name, context["request"], **values)


@register.simple_tag
def kept(name: str, **values: Any) -> SafeString:
    """Return a piece of the frame that is the same for the same ``values``, drawn once.

    The language, with its variant, and the prefix of all addresses count as well. The piece knows
    no request: nothing of a person, no token and no nonce can be in it.
    """
    return _kept(name, get_language(), get_script_prefix(), tuple(sorted(values.items())))


@lru_cache(maxsize=256)
def _kept(
    name: str, _language: str | None, _prefix: str, values: tuple[tuple[str, Any], ...]
) -> SafeString:
    if name.endswith(".jinja"):
        return draw(name, **dict(values))
    return loader.render_to_string(name, dict(values), using="django")
