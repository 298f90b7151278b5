"""Jinja2, Django's second template engine: for the frame of every page and for what is asked often.

Those are the lists and the pages of a lead. Fifty rows cost 6 ms with Django's own engine and
0.3 ms with this one. Its templates end in .jinja; all others are drawn by Django's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from inspect import unwrap
from typing import Any, cast

from django import template
from django.forms import BoundField, Form
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template import Context, engines, loader
from django.template.backends.jinja2 import Jinja2
from django.template.defaultfilters import linebreaksbr
from django.template.library import import_library
from django.templatetags.static import static
from django.urls import get_script_prefix
from django.utils import translation
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from jinja2 import Environment, StrictUndefined

from crm.lib.forms import EmptyField, typed_texts
from crm.templatetags import clock_badge, icons, relevo
from crm.templatetags.addresses import address, addresses, page, url

register = template.Library()

ENGINE = "jinja2"


def environment(*, libraries: Iterable[str] = (), **options: Any) -> Environment:
    """Return the environment of all templates: a misspelt name is an error, not an empty text.

    ``libraries``: modules whose tags are functions and whose filters are filters here, too. Their
    tags take no context.
    """
    made = Environment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        **{name: value for name, value in options.items() if name != "undefined"},
    )
    made.globals |= {
        "_": word,
        "address": address,
        "addresses": addresses,
        "tone_of": icons.tone,
        "badge": clock_badge.badge,
        "badges": clock_badge.badges,
        "bare_field": bare_field,
        "duration": relevo.duration,
        "field": field,
        "icon": icons.icon,
        "kept": kept,
        "known_cities": relevo.known_cities,
        "language": get_language,
        "moment": relevo.moment_element,
        "number": relevo.number,
        "page": page,
        "query_of": relevo.query_of,
        "static": static,
        "tick_words": clock_badge.tick_words,
        "url": url,
        "verdict": icons.verdict,
    }
    made.filters |= {
        "bilingual": relevo.bilingual,
        "breakable": relevo.breakable,
        "country": relevo.country,
        "initials": icons.initials,
        "linebreaksbr": linebreaksbr,
        "money": relevo.money,
        "typed_texts": typed_texts,
    }
    for name in libraries:
        library = import_library(name)
        made.globals |= {tag: unwrap(compiled) for tag, compiled in library.tags.items()}
        made.filters |= library.filters
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
            # Once for a page: each call makes another mask for the same secret.
            "csrf_token": cache(lambda: get_token(request)),
        }
    with _words():
        return icons.ours(loader.get_template(name, using=ENGINE).render(values))


def respond(
    request: HttpRequest, name: str, values: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """Answer with the page ``name``, which Jinja2 draws together with its frame."""
    of_frame: dict[str, Any] = {}
    for processor in _engine().template_context_processors:
        of_frame |= processor(request)
    return HttpResponse(draw(name, request, **of_frame, **values), status=status)


def _engine() -> Jinja2:
    return cast(Jinja2, engines[ENGINE])


def macro(file: str, name: str, *arguments: Any) -> SafeString:
    """Return what templates of both engines show: a macro of ``components/<file>.jinja``."""
    macros = _engine().env.get_template(f"components/{file}.jinja").module
    with _words():
        return icons.ours(getattr(macros, name)(*arguments))


# -- Words


class Words(dict[str, str]):
    """The texts that templates have asked for in one language, by their message."""

    def __missing__(self, message: str) -> str:
        text = self[message] = translation.gettext(message)
        return text


_in_use: ContextVar[Words | None] = ContextVar("words of the template", default=None)


def word(message: str) -> str:
    """Return ``gettext(message)`` for the language in which the template is drawn.

    A page has 150 of them, and gettext itself looks up the language each time: 5 % of the page.
    """
    words = _in_use.get()
    if words is None:
        words = _words_of(get_language())
    return words[message]


@contextmanager
def _words() -> Iterator[None]:
    token = _in_use.set(_words_of(get_language()))
    try:
        yield
    finally:
        _in_use.reset(token)


@lru_cache(maxsize=16)
def _words_of(_language: str | None) -> Words:
    return Words()


@register.simple_tag
def avatar(name: object, css: str = "") -> SafeString:
    """Return the initials on one of six tones, always the same tone for a name.

    It is decoration: the name stands beside it.
    """
    return macro("_marks", "avatar", name, css)


@register.simple_tag
def tag(words: object, tone: str = "") -> SafeString:
    """Return a small label in one of the tones "ok", "warn", "bad", "info" or in grey."""
    return macro("_marks", "tag", words, tone)


@register.simple_tag
def panel_box(title: str, sub: str, id: str, css: str, actions: str, level: str, slot: str) -> Any:
    """Return the box of ``<c-panel>``."""
    return macro("_boxes", "panel", title, sub, id, css, actions, level, slot)


@register.simple_tag
def page_top(title: str, sub: str, back: str, back_label: str, actions: str, slot: str) -> Any:
    """Return the heading of ``<c-page-head>``."""
    return macro("_page", "page_head", title, sub, back, back_label, actions, slot)


@register.simple_tag
def tab_row(tabs: Iterable[Any], label: str) -> SafeString:
    """Return the links of ``<c-tabs>``."""
    return macro("_page", "tabs", tabs, label)


@register.simple_tag
def nothing_here(title: str, text: str, icon: str, slot: str) -> SafeString:
    """Return what ``<c-empty>`` shows in the place of a list without rows."""
    return macro("_page", "empty", title, text, icon, slot)


@register.simple_tag
def page_links(previous: str, next: str, words: str) -> SafeString:
    """Return the links of ``<c-pager>``."""
    return macro("_page", "pager", previous, next, words)


# -- Forms


def field(
    field: BoundField | EmptyField, css: str = "", label: str = "", optional: bool = True
) -> SafeString:
    """Return the field with its label, its help and its errors."""
    return _field("field", field, css, label, optional)


def bare_field(field: BoundField | EmptyField) -> SafeString:
    """Return the field with a label that is only read out."""
    return _field("bare_field", field)


def _field(name: str, field: BoundField | EmptyField, *arguments: Any) -> SafeString:
    """Return what the macro ``name`` makes of the field; of that of an empty form, made once."""
    if isinstance(field, EmptyField):
        return _empty_field(name, field, arguments, get_language())
    return macro("_forms", name, field, *arguments)


# A page has about 20 of them, and each costs as much as a statement in the database.
@lru_cache(maxsize=2048)
def _empty_field(
    name: str, field: EmptyField, arguments: tuple[Any, ...], _language: str | None
) -> SafeString:
    return macro("_forms", name, field.made(), *arguments)


@register.simple_tag
def field_row(field: BoundField, css: str = "", label: str = "", optional: str = "yes") -> Any:
    """Return the field of ``<c-field>`` with its label, its help and its errors."""
    return macro("_forms", "field", field, css, label, optional == "yes")


@register.simple_tag
def field_notes(field: BoundField) -> SafeString:
    """Return the help and the errors of a field."""
    return macro("_forms", "notes", field)


@register.simple_tag
def form_errors(form: Form | None) -> SafeString:
    """Return the summary of ``<c-error-summary>``; nothing for a form without errors."""
    return macro("_forms", "error_summary", form)


@register.simple_tag
def form_not_saved(form: Form | None) -> SafeString:
    """Return what was typed into a form of ``<c-not-saved>`` that has errors and is gone."""
    return macro("_forms", "not_saved", form)


# -- Whole pieces


@register.simple_block_tag(end_name="end_part")
def part(content: str) -> str:
    """Keep a part of a page, for the frame that is drawn around it: ``{% part as name %}``."""
    return content


@register.simple_tag(takes_context=True)
def drawn(context: Context, name: str, **values: Any) -> SafeString:
    """Return the Jinja2 template ``name``, drawn with ``values`` for the request of the page."""
    # An error page has none: the request may be what is broken.
    return draw(name, context.get("request"), **values)


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
