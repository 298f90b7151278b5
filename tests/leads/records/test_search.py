"""Search: what is typed, what is looked for, and that the index answers it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import Lead
from leads.records import leads, search
from tests import factories
from tests.factories import Cast, when

AT = when("2026-03-02 10:00")


def lead(cast: Cast, name: str, *, company: str = "", email: str = "", phone: str = "") -> Lead:
    data = {"person": {"name": name, "email": email, "phone": phone}, "company": {"name": company}}
    return leads.capture(data, by=cast.ana, at=AT, team=cast.ana.memberships_now[0].team)


def names(cast: Cast, query: str) -> list[str]:
    return [str(hit.lead) for hit in search.find(cast.ana, query)[0]]


@pytest.mark.parametrize(
    "query",
    [
        "peña",
        "PENA",
        "jose pen",
        "nandu cafe",
        "jose@ca",
        "jose@cafe.mx",
        "cafe.mx",
        "jo",
        "5512345678",
        "55 1234 5678",
        "(55) 1234-5678",
        "+52 55 1234 5678",
        "+52 1 55 1234 5678",
        "0052 55 1234 5678",
        "044 55 1234 5678",
        "55.1234.5678",
        "345678",
    ],
)
def test_lead_is_found_by_part_of_what_is_known(cast: Cast, query: str) -> None:
    lead(
        cast, "José Peña", company="Café Ñandú S.A.", email="jose@cafe.mx", phone="+52 55 1234 5678"
    )
    lead(cast, "Otra Persona", company="Otra", email="otra@otra.mx", phone="+52 33 9999 0000")
    assert names(cast, query) == ["José Peña"]


def test_phone_kept_without_country_code_is_found_with_it(cast: Cast) -> None:
    made = lead(cast, "Sin Prefijo")
    Lead.objects.filter(pk=made.pk).update(search_text="sin prefijo 5512345678")
    assert names(cast, "+52 55 1234-5678") == ["Sin Prefijo"]


@pytest.mark.parametrize("query", ["", " ", "%", "_", "p", "7", "%%%", "___", "jose nadie", "\x00"])
def test_nothing_is_found_by_wildcards_or_too_little(cast: Cast, query: str) -> None:
    lead(cast, "José Peña", email="jose@cafe.mx")
    assert names(cast, query) == []


@pytest.mark.parametrize(
    "query",
    [
        "55 1234 5678",
        "+52 1 55 1234 5678",
        "044 55 1234 5678",
        "01 55 1234 5678",
        "5512345678",
        # As a page shows it with an extension, and as links have it.
        "+52 55 1234 5678 ext. 204",
        "55 1234 5678 x204",
        "tel:+525512345678",
        "https://wa.me/5215512345678",
    ],
)
def test_phone_is_found_by_every_spelling(cast: Cast, query: str) -> None:
    lead(cast, "José Peña", phone="(55) 1234-5678")
    assert names(cast, query) == ["José Peña"]


@pytest.mark.parametrize("query", ["+54 9 11 4000 1000", "+54 11 4000 1000"])
@pytest.mark.parametrize("stored", ["+54 9 11 4000 1000", "+54 11 4000 1000"])
def test_nine_of_argentina_does_not_matter(cast: Cast, stored: str, query: str) -> None:
    lead(cast, "José Peña", phone=stored)
    assert names(cast, query) == ["José Peña"]


def test_wildcards_of_like_mean_themselves(cast: Cast) -> None:
    lead(cast, "Uno", email="a_b@cafe.mx")
    lead(cast, "Dos", email="axb@cafe.mx")
    assert names(cast, "a_b@cafe.mx") == ["Uno"]


def test_two_letters_find_beginnings_of_words_only(cast: Cast) -> None:
    lead(cast, "Bo Li")
    lead(cast, "Julieta Oliva")
    assert names(cast, "li") == ["Bo Li"]


def test_found_in_says_where(cast: Cast) -> None:
    lead(cast, "José Peña", email="jose@cafe.mx", phone="+52 55 1234 5678")
    found = {
        query: [value for _label, value in search.find(cast.ana, query)[0][0].matched]
        for query in ("pe", "cafe")
    }
    assert found == {"pe": [], "cafe": ["jose@cafe.mx"]}
    assert search.find(cast.ana, "1234 5678")[0][0].matched[0][1] == "+525512345678"


def test_only_leads_in_sight_are_found(cast: Cast) -> None:
    lead(cast, "José Peña")
    found = {
        name: len(search.find(getattr(cast, name), "peña")[0])
        for name in ("ana", "elsa", "bea", "root", "extra")
    }
    assert found == {"ana": 1, "elsa": 1, "bea": 0, "root": 0, "extra": 0}


def test_archived_leads_are_not_found(cast: Cast) -> None:
    made = lead(cast, "José Peña")
    Lead.objects.filter(pk=made.pk).update(archived_at=AT)
    assert names(cast, "peña") == []


def test_more_than_fits_is_said(cast: Cast) -> None:
    for _ in range(21):
        lead(cast, "José Peña")
    hits, more = search.find(cast.ana, "peña")
    assert (len(hits), more) == (20, True)


@pytest.mark.parametrize("rows", [1, 3])
def test_search_is_one_query(cast: Cast, rows: int) -> None:
    for _ in range(rows):
        lead(cast, "José Peña", company="Café", email="jose@cafe.mx")
    _ = cast.elsa.memberships_now
    with CaptureQueriesContext(connection) as captured:
        for hit in search.find(cast.elsa, "peña cafe")[0]:
            str(hit.lead.company)
    assert len(captured) == 1


@pytest.mark.parametrize(
    "query", ["peña", "jose cafe", "cafe.mx", "li", "jo li", "+52 55 1234 5678", "jose@cafe.mx"]
)
def test_index_answers_and_nothing_reads_all_leads(cast: Cast, query: str) -> None:
    factories.handed_off(cast)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
    plan = Lead.objects.filter(search.condition(search.Terms.of(query))).explain()
    assert "Bitmap Index Scan on lead_search" in plan, plan
    assert "Seq Scan on leads_lead" not in plan, plan


@pytest.mark.parametrize("query", ["peña", "jo", "+52 55 1234 5678", "jose@cafe.mx", "🙂", ""])
def test_among_few_leads_each_is_read_and_the_same_are_found(cast: Cast, query: str) -> None:
    lead(cast, "José Peña 🙂", email="jose@cafe.mx", phone="+52 55 1234 5678")
    lead(cast, "Otra Persona")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    every = Lead.objects.order_by("pk")
    found = every.filter(search.condition(search.Terms.of(query), cast.bea, in_few=True))
    assert "lead_search" not in found.explain()
    assert list(found) == list(every.filter(search.condition(search.Terms.of(query), cast.bea)))


# -- What is no word, and what does not matter


@pytest.mark.parametrize("query", ["%", "***", "_", "\\", "🙂", "…", "' OR 1=1", "%%ana"])
def test_signs_are_text_and_not_everything(cast: Cast, query: str) -> None:
    lead(cast, "José Peña", email="jose@cafe.mx")
    assert not Lead.objects.filter(search.condition(search.Terms.of(query), cast.ana)).exists()


@pytest.mark.parametrize(
    ("query", "name"), [("🙂", "Ana 🙂"), ("***", "Leo ***"), ("%", "Eva 100%"), ("_", "Bo_Li")]
)
def test_signs_are_found_where_they_are(cast: Cast, query: str, name: str) -> None:
    lead(cast, name)
    lead(cast, "José Peña")
    rows = Lead.objects.filter(search.condition(search.Terms.of(query), cast.ana))
    assert list(rows.values_list("person__name", flat=True)) == [name]


def test_emoji_is_enough_to_search_by(cast: Cast) -> None:
    lead(cast, "Ana 🙂")
    assert names(cast, "🙂") == ["Ana 🙂"]


@pytest.mark.parametrize(
    "query",
    [
        "grupo andino sa",
        "Grupo Andino, S.A.",
        "grupo andino s.a. de c.v.",
        "andino",
        "andino ltda",
        "andino sa jose",
        "Grupo Andino S.A.S., José Peña",
    ],
)
@pytest.mark.parametrize("company", ["Grupo Andino S.A.", "Grupo Andino SA de CV", "Grupo Andino"])
def test_legal_form_of_a_company_does_not_matter(cast: Cast, query: str, company: str) -> None:
    lead(cast, "José Peña", company=company)
    assert names(cast, query) == ["José Peña"]


def test_invisible_characters_of_a_query_do_not_matter(cast: Cast) -> None:
    lead(cast, "José Peña")
    assert names(cast, "\u200bpe\u200bña\ufeff") == ["José Peña"]
