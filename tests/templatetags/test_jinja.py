"""The second template engine: strict, escaping, and the pieces of the frame that it keeps."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.template import Context, Template, engines
from django.test import Client
from django.utils.translation import override
from django_cotton.compiler_regex import CottonCompiler
from jinja2 import UndefinedError

from crm import navigation
from crm.accounts.models import User
from crm.templatetags import jinja
from tests.factories import Cast
from tests.sources import ROOT, name_of

EVIL = "<script>alert(1)</script>"
FRAME = ("templates/components/_",)
ROWS = re.compile(r"templates/\w+/_\w+_row\.jinja")


def drawn(source: str, **values: object) -> str:
    return str(engines[jinja.ENGINE].from_string(source).render(values))


def test_only_rows_of_lists_and_the_frame_are_drawn_by_it() -> None:
    names = [name_of(path) for path in (ROOT / "templates").rglob("*.jinja")]
    assert names
    assert [n for n in names if not n.startswith(FRAME) and not ROWS.fullmatch(n)] == []


def test_typed_text_is_escaped() -> None:
    escaped = "&lt;script&gt;alert(1)&lt;/script&gt;"
    for source in ("{{ text }}", "{{ text | breakable }}", "{{ '%s' | format(text) }}"):
        assert drawn(source, text=EVIL) == escaped
    assert EVIL not in jinja.tag(EVIL) + jinja.avatar(EVIL)


def test_misspelt_name_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        drawn("{{ leed }}")


COMPONENTS = {
    '<c-tag tone="ok">New</c-tag>': jinja.tag("New", "ok"),
    '<c-avatar name="Ana Robles" />': jinja.avatar("Ana Robles"),
}


@pytest.mark.parametrize("source", COMPONENTS)
def test_components_call_the_macros_of_the_rows(source: str) -> None:
    html = Template(CottonCompiler().process(source)).render(Context())
    assert COMPONENTS[source] in html


def palette(language: str, *, can_log: bool) -> str:
    entries = (navigation.QUEUE, navigation.PERSONAS)
    with override(language):
        return jinja.kept("components/_palette.jinja", entries=entries, can_log=can_log)


def test_kept_piece_follows_language_and_permission() -> None:
    found = [palette("en", can_log=True), palette("es", can_log=True), palette("en", can_log=False)]
    assert [("New lead" in html, "Cola" in html) for html in found] == [
        (True, False),
        (False, True),
        (False, False),
    ]
    assert palette("en", can_log=True) is found[0]


def test_kept_piece_knows_nothing_of_a_request() -> None:
    """A token, a nonce or a name in it would be shown to the next person."""
    secrets = re.compile(r"csrf|nonce|request|person\b|user\b")
    pieces = [ROOT / "templates" / "components" / name for name in kept_pieces()]
    assert len(pieces) >= 4
    assert [path.name for path in pieces if secrets.search(path.read_text())] == []


def kept_pieces() -> list[str]:
    base = (ROOT / "templates" / "base.html").read_text(encoding="utf-8")
    return re.findall(r'{% kept "components/([^"]+)"', base)


@pytest.mark.django_db
def test_pages_of_two_people_share_no_token_and_no_name(
    cast: Cast, signed_in: Callable[[User], Client]
) -> None:
    pages = [signed_in(user).get("/help/").content.decode() for user in (cast.bea, cast.cruz)]
    tokens = [set(re.findall(r'csrfmiddlewaretoken" value="(\w+)"', page)) for page in pages]
    assert tokens[0] and not tokens[0] & tokens[1]
    assert [("Bea" in page, "Cruz" in page) for page in pages] == [(True, False), (False, True)]


def test_frame_of_a_visitor_has_no_menu_of_a_person() -> None:
    request = SimpleNamespace(path="/", META={}, htmx=False, now=None)
    html = jinja.draw("components/_rail.jinja", request, shell=None, person=None)
    assert "me-menu" not in html and "palette" not in html
