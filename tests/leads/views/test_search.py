"""The search page and the palette's fragment of it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def cast(new_organisation):
    return new_organisation


def test_page_lists_what_is_found_and_leads_on_to_the_list(cast, signed_in):
    lead = factories.lead(cast, person={"name": "José Peña"})
    text = signed_in(cast.ana).get("/search/", {"q": "pena"}).content.decode()
    assert f'href="/leads/{lead.pk}/?back=' in text
    assert 'href="/leads/?q=pena"' in text


def test_palette_gets_options_only(cast, signed_in):
    lead = factories.lead(cast, person={"name": "José Peña", "email": "jose@cafe.mx"})
    answer = signed_in(cast.ana).get("/search/", {"q": "cafe"}, headers=HTMX)
    assert answer.templates[0].name == "leads/_search.jinja"
    text = answer.content.decode()
    assert text.count('role="option"') == 1
    assert f'id="found-{lead.pk}"' in text
    assert "Correo: jose@cafe.mx" in text


@pytest.mark.parametrize(
    ("query", "words"),
    [("p", "al menos dos letras"), ("nadie", "Ningún prospecto coincide"), ("", "")],
)
def test_palette_says_why_there_is_nothing(cast, signed_in, query, words):
    answer = signed_in(cast.ana).get("/search/", {"q": query}, headers=HTMX)
    assert words in answer.content.decode()
    assert (answer.content.decode().strip() == "") == (query == "")


def test_whom_one_may_not_see_is_not_found(cast, signed_in):
    factories.lead(cast, person={"name": "José Peña"})
    found = {
        name: len(signed_in(getattr(cast, name)).get("/search/", {"q": "peña"}).context["hits"])
        for name in ("ana", "elsa", "bea", "dora", "root", "extra")
    }
    assert found == {"ana": 1, "elsa": 1, "bea": 0, "dora": 0, "root": 0, "extra": 0}


@pytest.mark.parametrize(
    "query", ["<script>", "\x00", "%", "x" * 5000, "a b c d e f g h i j k", "\ud800"]
)
def test_hostile_queries_are_answered(cast, signed_in, query):
    answer = signed_in(cast.ana).get("/search/", {"q": query.encode("utf-8", "surrogatepass")})
    assert answer.status_code == 200
    assert "<script>" not in answer.content.decode()


@pytest.mark.parametrize("rows", [1, 3])
def test_search_needs_a_constant_number_of_queries(cast, signed_in, rows):
    for _ in range(rows):
        factories.handed_off(cast, person={"name": "José Peña"})
    client, counts = signed_in(cast.bea), []
    for headers in ({}, HTMX):
        client.get("/search/", {"q": "peña"}, headers=headers)
        with CaptureQueriesContext(connection) as captured:
            client.get("/search/", {"q": "peña"}, headers=headers)
        counts.append(len(captured))
    assert counts == [5, 3]


def test_search_finds_parts_of_names_companies_mail_and_phone_digits(cast, signed_in):
    jose = factories.lead(
        cast,
        person={"name": "José Peña", "email": "jose@cafe.mx", "phone": "+525512345678"},
        company={"name": "Café Ñandú S.A."},
    )
    factories.lead(cast, person={"name": "Otra Persona"})
    client = signed_in(cast.ana)
    words = ("pena", "Peña", "jos", "ñandu", "cafe.mx", "jose@cafe.mx", "1234 5678", "nadie")
    found = [client.get("/leads/", {"q": word}).context["shown"].rows for word in words]
    assert found == [[jose.pk]] * 7 + [[]]
