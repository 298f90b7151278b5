"""The alignment page and its lists: who reads them, what they refuse, what they hide, how many
queries they need.
"""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client

from leads.models import Lead, Source
from tests import factories
from tests.alignment.made import fill_march, seen
from tests.factories import when

pytestmark = pytest.mark.django_db
MARCH = "from=2026-03-01&to=2026-03-31"
QUERIES, LIST_QUERIES = (
    21,
    11,
)  # of them fourteen for the numbers; page, count, leads and sight for a list
LINK = re.compile(r'<a[^>]*href="(/alignment/leads/\?[^"]*)"[^>]*>([^<]*)</a>')


@pytest.fixture(autouse=True)
def end_of_march(moment):
    moment.set("2026-03-31 12:00")


def browser(user) -> Client:
    client = Client()
    client.force_login(user, backend="crm.accounts.backend.Backend")
    return client


def test_alignment_is_for_both_sides_and_the_director(cast):
    people = (cast.ana, cast.luis, cast.bea, cast.cruz, cast.dora, cast.elsa, cast.root, cast.extra)
    for path in ("/alignment/", "/alignment/leads/?show=won"):
        assert [browser(person).get(path).status_code for person in people] == [200] * 6 + [
            403,
            403,
        ]


def test_alignment_is_the_same_for_both_sides(world):
    cast = world
    pages = [
        browser(person).get(f"/alignment/?{MARCH}").content.decode()
        for person in (cast.ana, cast.bea, cast.elsa)
    ]
    # All but the lines of people, which only they, their lead and directors read (test_worth).
    pages = [re.sub('id="overrides".*?</section>', "", page, flags=re.DOTALL) for page in pages]
    mains = {re.search("<main.*</main>", page, re.DOTALL)[0] for page in pages}
    assert len(mains) == 1


def test_every_number_on_the_page_opens_a_list_of_that_length(world):
    cast = world
    for _each in range(60):
        seen("2026-02-20", source="event", mql="2026-02-20", won="2026-03-30")
    for _each in range(5):
        factories.accepted(cast)
    client = browser(cast.elsa)
    page = client.get("/alignment/?from=2026-02-10&to=2026-03-31").content.decode()
    texts = [
        (unescape(href), text.removesuffix(" not recorded")) for href, text in LINK.findall(page)
    ]
    found = {(href, int(text)) for href, text in texts if text.isdecimal()}
    assert len(found) == 81
    for href, number in found:
        assert (href, number) == (href, len(paged(client, href)))


def paged(client, href):
    """All rows of a list, page by page."""
    listed, more = [], ""
    while True:
        listing = client.get(f"{href}{more}").context["listing"]
        listed += listing.rows
        if not listing.next:
            assert listing.count == len(listed)
            return listed
        more = f"&after={listing.next}"


def test_every_link_of_the_page_opens(world):
    cast = world
    client = browser(cast.bea)
    page = client.get(f"/alignment/?{MARCH}").content.decode()
    links = {unescape(href) for href, _text in LINK.findall(page)}
    assert {client.get(link).status_code for link in links} == {200}


def test_list_pages_by_key_without_gaps_or_repeats_newest_first(cast):
    made = [seen(f"2026-03-{1 + n // 10:02}").pk for n in range(120)]
    listed = paged(browser(cast.elsa), f"/alignment/leads/?show=leads&{MARCH}")
    assert [row.lead.pk for row in listed] == made[::-1]


def test_list_masks_what_the_reader_may_not_see(cast):
    mine, other = (
        factories.accepted(cast, by=cast.bea).lead,
        factories.accepted(cast, by=cast.cruz).lead,
    )
    answer = browser(cast.bea).get(f"/alignment/leads/?show=accepted&{MARCH}")
    page = answer.content.decode()
    rows = answer.context["listing"].rows
    assert [row.lead and row.lead.pk for row in rows] == [None, mine.pk]
    assert (mine.person.name in page, f"/leads/{mine.pk}/" in page) == (True, True)
    for secret in (
        other.person.name,
        other.person.email,
        other.company.name,
        f"/leads/{other.pk}/",
        "Cruz",
    ):
        assert secret not in page
    assert rows[0].source == "Organic search"


def test_list_of_clocks_masks_too_and_says_how_they_ended(cast):
    factories.accepted(cast, by=cast.cruz)
    answer = browser(cast.bea).get(f"/alignment/leads/?show=in_time&{MARCH}")
    row = answer.context["listing"].rows[0]
    assert (row.lead, row.reading.status, row.reading.seconds, row.on.isoformat()) == (
        None,
        "met",
        1200,
        "2026-03-02",
    )
    assert "Decided in 20 min" in answer.content.decode()


def test_list_flags_a_win_dated_before_first_seen(cast):
    seen("2026-03-05", won="2026-03-01")
    answer = browser(cast.elsa).get(f"/alignment/leads/?show=won_early&{MARCH}")
    row = answer.context["listing"].rows[0]
    assert (row.took, row.is_early) == ("−4 days", True)
    assert re.search(r"tag--warn.*</svg> −4 days</span>", answer.content.decode())


def test_small_numbers_are_not_judged(cast):
    for _each in range(9):
        seen("2026-03-20", won="2026-03-25")
    page = browser(cast.elsa).get(f"/alignment/?{MARCH}").content.decode()
    assert (
        page.count("Too few to judge") == 15
    )  # every panel and every rate; the count of MQLs speaks for itself
    assert "100%" not in page


def test_unrecorded_stage_reads_so_and_is_not_nought(cast):
    for _each in range(10):
        seen("2026-03-20", mql="2026-03-20", won="2026-03-25")
    page = browser(cast.elsa).get(f"/alignment/?{MARCH}").content.decode()
    texts = [text for href, text in LINK.findall(page) if "unrecorded_sql" in href]
    assert texts == [
        "not recorded",
        "10",
        "not recorded",
        "not recorded",
    ]  # funnel and its table, source, month
    assert "10 leads came further" in page


def test_dates_left_out_are_the_last_ninety_days(cast):
    form = browser(cast.elsa).get("/alignment/").context["form"]
    assert (form.data["from"], form.data["to"]) == ("2026-01-01", "2026-03-31")
    form = browser(cast.elsa).get("/alignment/?to=2026-02-28&from=").context["form"]
    assert (form.data["from"], form.data["to"]) == ("2025-12-01", "2026-02-28")


def test_presets_keep_the_source_and_tell_which_is_on(cast):
    seen("2025-11-02")
    presets = (
        browser(cast.elsa)
        .get("/alignment/?from=2026-03-01&to=2026-03-31&source=event")
        .context["presets"]
    )
    assert [(preset.url, preset.is_current) for preset in presets] == [
        ("?from=2026-03-25&to=2026-03-31&source=event", False),
        ("?from=2026-03-02&to=2026-03-31&source=event", False),
        ("?from=2026-01-01&to=2026-03-31&source=event", False),
        ("?from=2026-03-01&to=2026-03-31&source=event", True),
        ("?from=2026-01-01&to=2026-03-31&source=event", False),
        ("?from=2025-11-02&to=2026-03-31&source=event", False),
    ]


def test_of_two_presets_that_are_the_same_days_one_is_on(cast):
    """At the end of March the quarter is as long as the last 90 days; and so may be all time."""
    seen("2026-01-01")
    presets = browser(cast.elsa).get("/alignment/").context["presets"]
    assert len({preset.url for preset in presets}) == 4
    assert [preset.is_current for preset in presets] == [False, False, True, False, False, False]


@pytest.mark.parametrize(
    "query",
    [
        "from=yesterday",
        "from=2026-02-30",
        "from=0001-01-01",
        "to=9999-12-31",
        "to=99999-01-01",
        "from=2026-03-05&to=2026-03-01",
        "source=nowhere",
        "source=%00",
        "colour=red",
        "team=x",
        "team=999999",
        "from=%F0%9F%A6%9C&to=%ED%A0%80",
    ],
)
def test_bad_parameters_are_told_and_kept(cast, query):
    client = browser(cast.elsa)
    for path in ("/alignment/?", "/alignment/leads/?show=won&"):
        answer = client.get(path + query)
        assert (answer.status_code, answer.context["form"].is_valid()) == (400, False)
    typed = dict(pair.split("=") for pair in query.split("&") if "%" not in pair)
    assert {name: answer.context["form"].data.get(name) for name in typed if name != "colour"} == {
        name: value for name, value in typed.items() if name != "colour"
    }


@pytest.mark.parametrize(
    "query",
    [
        "",
        "show=",
        "show=everything",
        "show=won&after=x",
        "show=won&after=2026-03-02.x",
        "show=won&reason=wrong_team",
        "show=rejected_for&reason=x",
        "show=rejected_for",
    ],
)
def test_bad_lists_are_refused(cast, query):
    assert browser(cast.elsa).get(f"/alignment/leads/?{query}").status_code == 400


@pytest.mark.parametrize(
    ("after", "status"),
    [
        ("9999-12-31.1", 200),
        ("0001-01-01.999999999999999", 200),
        ("2026-03-02.99999999999999999999", 400),  # no id is that large
        ("0001-01-01.-5", 400),
    ],
)
def test_keys_beyond_all_rows_give_a_page_and_others_none(cast, after, status):
    seen("2026-03-20")
    answer = browser(cast.elsa).get(f"/alignment/leads/?show=leads&{MARCH}&after={after}")
    assert answer.status_code == status


def test_alignment_needs_the_same_queries_for_one_and_three_sources(
    cast, django_assert_num_queries
):
    client = browser(cast.elsa)
    seen("2026-03-20", source="event")
    client.get("/alignment/")
    with django_assert_num_queries(QUERIES):
        client.get(f"/alignment/?{MARCH}")
    fill_march(cast)
    Source.objects.create(code="other", name={"en": "Other"})
    for source in ("event", "referral", "other") * 5:
        seen("2026-02-20", source=source, won="2026-03-01")
    with django_assert_num_queries(QUERIES):
        client.get("/alignment/?from=2026-01-01&to=2026-03-31")


def test_list_needs_the_same_queries_for_one_row_and_many(cast, django_assert_num_queries):
    client = browser(cast.bea)
    factories.accepted(cast, by=cast.bea)
    client.get("/alignment/")
    for show in ("leads", "clocks", "decisions"):
        with django_assert_num_queries(LIST_QUERIES):
            client.get(f"/alignment/leads/?show={show}&{MARCH}")
    factories.accepted(cast, by=cast.cruz)
    factories.accepted(cast, by=cast.bea, from_source="event")
    for show in ("leads", "clocks", "decisions"):
        with django_assert_num_queries(LIST_QUERIES):
            assert (
                client.get(f"/alignment/leads/?show={show}&{MARCH}").context["listing"].count == 3
            )


def test_archived_lead_is_on_no_list(cast):
    handoff = factories.accepted(cast)
    Lead.objects.filter(pk=handoff.lead_id).update(archived_at=when("2026-03-03 10:00"))
    client = browser(cast.elsa)
    counts = [
        client.get(f"/alignment/leads/?show={s}&{MARCH}").context["listing"].count
        for s in ("mql", "clocks", "decisions")
    ]
    assert counts == [0, 0, 0]


def test_page_explains_its_two_acceptance_figures(cast):
    text = browser(cast.elsa).get(f"/alignment/?{MARCH}").content.decode()
    tile = text.split('id="kpi-accepted"')[1].split("</section>")[0]
    assert re.findall(r'href="(#[a-z]+)"', tile) == ["#funnel", "#sources"]
    assert all(f'id="{name}"' in text for name in ("funnel", "sources"))


@pytest.mark.parametrize(
    ("query", "folded"), [("", "Filters"), ("&source=event", "Filters · 1"), ("&source=x", None)]
)
def test_filters_are_folded_and_counted(cast, query, folded):
    text = browser(cast.elsa).get(f"/alignment/?{MARCH}{query}").content.decode()
    fold = re.search(r'<details class="fold scope-fold"( open)?>\s*<summary>(.*?)</summary>', text)
    # What is wrong with a filter is not folded away.
    assert bool(fold[1]) == (folded is None)
    assert folded in (None, fold[2])


def test_each_mark_says_what_it_is(world):
    text = browser(world.elsa).get(f"/alignment/?{MARCH}").content.decode()
    marks = re.findall(r'class="mk"[^>]*><title>([^<]*)</title>', text)
    assert marks.count("Leads: 10") == 1
    assert all(re.search(r"\d|not recorded", mark) for mark in marks)
    assert "crm/tips.js" in text
