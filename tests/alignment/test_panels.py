"""Each panel's chart, table, file and lists say the same; the order and the teams of the page."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import translation

from crm.alignment.numbers import report
from crm.alignment.panels import sheets
from leads import handoffs
from leads.handoffs import undo
from sla.models import RejectionReason
from tests import factories
from tests.alignment.made import scope, seen
from tests.alignment.test_pages import MARCH, browser, paged
from tests.factories import when
from tests.harness.remembered import Remembered

pytestmark = pytest.mark.django_db

# The column of each panel's sheet that counts its cases, and the slice that all of them are.
COUNTS = {
    "weekly": (1, "judged"),
    "speed": (2, "decided"),
    "rejections": (2, "rejected_by_sales"),
    "sources": (1, "leads"),
    "months": (1, "leads"),
    "overrides": (1, "handed"),
}
NUMBER_IN = {
    "speed": r'class="v halo"[^>]*>(\d+)</text>',
    "rejections": r"<strong><a[^>]*>(\d+)</a>",
}


@pytest.fixture(autouse=True)
def end_of_march(moment):
    moment.set("2026-03-31 12:00")


def make_busy():
    """The cast, with thirty-two decisions over three weeks, in time and late, for three reasons,
    from three sources.
    """
    cast = factories.cast()
    for number in range(32):
        at = when("2026-03-02 10:00") + timedelta(days=number % 3 * 7, minutes=number)
        source = ("event", "referral", "organic_search")[number // 3 % 3]
        handoff = factories.handed_off(cast, at=at, from_source=source)
        took = timedelta(minutes=(8, 25, 50, 80, 110, 150, 300)[number % 7])
        if number % 2:
            code = ("not_the_persona", "not_the_persona", "wrong_team")[number % 3]
            handoffs.reject(handoff, factories.rejection(code), by=cast.bea, at=at + took)
        else:
            handoffs.accept(handoff, by=cast.cruz, at=at + took)
    undone = factories.rejected(cast)
    undo.undo(undone, by=cast.bea, at=when("2026-03-02 10:20:05"))
    return cast


busy_organisation = Remembered(make_busy)


@pytest.fixture
def busy(db):
    return busy_organisation()


def read(client, panel: str, query: str = MARCH) -> list[list[str]]:
    answer = client.get(f"/alignment/{panel}.csv?{query}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert (
        answer.headers["Content-Disposition"]
        == f'attachment; filename="{panel}-2026-03-01-2026-03-31.csv"'
    )
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def section(page: str, panel: str) -> str:
    return page.partition(f'id="{panel}"')[2].partition("</section>")[0]


@pytest.mark.parametrize("panel", COUNTS)
def test_chart_table_file_and_lists_agree(busy, panel):
    client, (column, whole) = browser(busy.elsa), COUNTS[panel]
    found = report.read(scope())
    page = section(client.get(f"/alignment/?{MARCH}").content.decode(), panel)
    total = len(paged(client, f"/alignment/leads/?show={whole}&{MARCH}"))
    in_file = [int(row[column]) for row in read(client, panel)[1:]]
    with translation.override("en"):
        in_table = sheets.SHEETS[panel](found).rows
    cells = [row[column] for row in in_table]
    listed = [len(paged(client, cell.href)) for cell in cells]
    assert in_file == [cell.value for cell in cells] == listed
    assert sum(listed) == total >= 10
    for cell in cells:
        assert cell.href.replace("&", "&amp;") in page  # each mark leads to its list
    if pattern := NUMBER_IN.get(panel):
        assert [int(text) for text in re.findall(pattern, page)] == listed


def test_every_panel_has_a_table_and_a_file(busy):
    client = browser(busy.elsa)
    page = client.get(f"/alignment/?{MARCH}").content.decode()
    for panel in sheets.SHEETS:
        assert f"/alignment/{panel}.csv?from=2026-03-01&amp;to=2026-03-31" in page
        rows = read(client, panel)
        assert len({len(row) for row in rows}) == 1 < len(rows)
        assert panel == "headline" or "<table" in section(page, panel) or panel == "days"
    for panel in ("weekly", "speed", "funnel", "rejections", "accept"):
        assert section(page, panel).count("Show as table") == 1


def test_file_has_iso_dates_plain_rates_and_no_formula(busy):
    client = browser(busy.elsa)
    RejectionReason.objects.filter(code="wrong_team").update(name={"en": "=1+1", "es": "=1+1"})
    weeks, reasons = read(client, "weekly"), read(client, "rejections")
    assert [row[0] for row in weeks[1:]] == ["2026-03-02", "2026-03-09", "2026-03-16"]
    assert all(re.fullmatch(r"0\.\d{4}|1\.0000", row[-1]) for row in weeks[1:])
    assert "'=1+1" in {row[0] for row in reasons}


def test_file_follows_the_page_in_filters_order_and_refusals(busy):
    client = browser(busy.elsa)
    assert sum(int(row[1]) for row in read(client, "sources", f"{MARCH}&source=event")[1:]) < 33
    assert (
        sum(
            int(row[1])
            for row in read(client, "sources", f"{MARCH}&team={busy.other_sales.pk}")[1:]
        )
        == 0
    )
    by_name = [row[0] for row in read(client, "sources", f"{MARCH}&sort=source")[1:]]
    assert (
        by_name
        == sorted(by_name)
        != [row[0] for row in read(client, "sources", f"{MARCH}&sort=-source")[1:]]
    )
    assert client.get("/alignment/nothing.csv").status_code == 404
    assert client.get("/alignment/weekly.csv?from=x").status_code == 400
    assert browser(busy.root).get("/alignment/weekly.csv").status_code == 403


def test_files_and_page_are_the_same_for_both_sides(busy):
    asked = [
        browser(person).get(f"/alignment/sources.csv?{MARCH}").content
        for person in (busy.ana, busy.bea)
    ]
    assert asked[0] == asked[1]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("", ["event", "referral", "organic_search", "~none"]),
        ("leads", ["~none", "organic_search", "referral", "event"]),
        ("-won", ["organic_search", "referral", "event", "~none"]),
        ("-amount", ["event", "referral", "organic_search", "~none"]),
        ("source", ["event", "~none", "organic_search", "referral"]),
    ],
)
def test_source_table_is_sorted_by_the_address(cast, sort, order):
    for source, leads in (("event", 4), ("referral", 3), ("organic_search", 2)):
        for _each in range(leads):
            seen("2026-03-02", source=source)
    for source, wins in (("organic_search", 3), ("referral", 2), ("event", 1)):
        for _each in range(wins):
            lead = seen("2026-03-01", source=source, won="2026-03-20")
            lead.won_amount = {"event": 900, "referral": 100}.get(source)
            lead.save()
    for source in ("event", "event", "event", "referral", "referral", "organic_search"):
        seen("2026-03-03", source=source)
    seen("2026-03-03")
    answer = browser(cast.elsa).get(f"/alignment/?{MARCH}&sort={sort}")
    assert [line.group.key for line in answer.context["panels"].sources] == order
    heads = {
        column.sort: column.order for column in answer.context["panels"].columns if column.order
    }
    assert len(heads) == 1
    assert answer.content.decode().count("aria-sort=") == 1


def test_bad_order_is_refused(cast):
    for sort in ("won;drop", "--won", "name"):
        answer = browser(cast.elsa).get("/alignment/", {"sort": sort})
        assert answer.status_code == 400
        assert "There is no order" in answer.content.decode()


def test_teams_of_both_sides_are_offered_and_kept_in_the_links(cast):
    seen("2026-03-20", mql="2026-03-20")
    answer = browser(cast.elsa).get(f"/alignment/?{MARCH}&team={cast.sales.pk}")
    with translation.override("en"):
        labels = [str(label) for label, _teams in answer.context["form"].fields["team"].choices]
    assert labels == ["", "Marketing", "Sales"]
    hrefs = [
        unescape(href)
        for href in re.findall(r'href="([^"]*\?[^"]*from=[^"]*)"', answer.content.decode())
    ]
    assert len(hrefs) > 15
    assert {parse_qs(urlsplit(href).query)["team"][0] for href in hrefs} == {str(cast.sales.pk)}


def test_what_is_missing_is_said_below_ten_cases(cast):
    for _each in range(7):
        factories.rejected(cast)
    page = browser(cast.elsa).get(f"/alignment/?{MARCH}").content.decode()
    for panel in ("weekly", "speed", "rejections", "funnel", "accept", "sources", "months"):
        text = re.sub(r"<[^>]+>", "", section(page, panel))
        assert "Too few to judge: 7 of 10 needed." in " ".join(text.split()), panel
        assert '<svg class="ch"' not in section(page, panel)


def test_weeks_with_few_cases_are_hollow_and_the_worst_full_week_is_named(cast):
    for number in range(23):
        at = when("2026-03-02 10:00") + timedelta(weeks=number // 10)
        handoff = factories.handed_off(cast, at=at)
        handoffs.accept(handoff, by=cast.bea, at=at + timedelta(minutes=180 if number < 4 else 20))
    page = section(browser(cast.elsa).get(f"/alignment/?{MARCH}").content.decode(), "weekly")
    assert re.findall(r'<circle class="dot c1([^"]*)"', page) == [" full", " full", ""]
    assert "Lowest in the week of 2 Mar: 60%." in page
    assert "Agreed 90%" in page


def test_bars_beyond_the_limit_are_hatched(cast):
    for _each in range(10):
        handoff = factories.handed_off(cast)
        handoffs.accept(handoff, by=cast.bea, at=when("2026-03-02 10:20"))
    page = section(browser(cast.elsa).get(f"/alignment/?{MARCH}").content.decode(), "speed")
    assert (page.count('<rect class="c1"'), page.count('<rect class="late"')) == (5, 3)
    assert page.count('class="ref"') == 1
