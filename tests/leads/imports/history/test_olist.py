"""A real company's funnel comes in whole: leads, outcomes and the numbers of the alignment page are
those of the raw files.
"""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from datetime import UTC, date, datetime

import pytest
from django.core.management import call_command
from django.db.models import Count, Q
from django.db.models.functions import TruncMonth

from crm.accounts.models import User
from crm.alignment.numbers import report
from crm.alignment.numbers.scope import NOT_GIVEN
from leads.imports.history import command_line
from leads.imports.history.stored_parts import Tally
from leads.models import Event, Handoff, Lead, Source
from tests.alignment.made import scope
from tests.factories import when
from tests.sources import ROOT

FOLDER = ROOT.parent / "shared" / "data" / "olist"
LEADS = FOLDER / "olist_marketing_qualified_leads_dataset.csv"
DEALS = FOLDER / "olist_closed_deals_dataset.csv"
MAPPINGS = ROOT / "tests" / "data"
AT = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.skipif(not LEADS.exists(), reason=f"the Olist files are not in {FOLDER}"),
]


@pytest.fixture(scope="module")
def imported(within, tmp_path_factory):
    """Both files imported, and imported again: the four tallies."""
    rejects = tmp_path_factory.mktemp("olist") / "rejects.csv"
    tallies: list[Tally] = []

    def import_twice():
        for _ in range(2):
            tallies.append(import_leads(rejects))
            tallies.append(import_outcomes(rejects))

    within(import_twice)
    return tallies


def import_leads(rejects):
    mapping = MAPPINGS / "olist_leads.json"
    return command_line.import_leads(LEADS, mapping, by=None, at=AT, rejects=rejects).tally


def import_outcomes(rejects):
    mapping = MAPPINGS / "olist_outcomes.json"
    return command_line.import_outcomes(DEALS, mapping, by=None, at=AT, rejects=rejects).tally


def raw() -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]]]:
    """Leads and deals by their id, read by nothing of ours."""
    with (
        LEADS.open(encoding="utf-8", newline="") as leads,
        DEALS.open(encoding="utf-8", newline="") as deals,
    ):
        return {r["mql_id"]: r for r in csv.DictReader(leads)}, {
            r["mql_id"]: r for r in csv.DictReader(deals)
        }


def converted(key) -> dict[str, tuple[int, int]]:
    """(leads, won) of each ``key`` of a raw lead, from the raw files."""
    leads, deals = raw()
    total, won = Counter(map(key, leads.values())), Counter(key(leads[pk]) for pk in deals)
    return {name: (count, won[name]) for name, count in total.items()}


def test_olist_comes_in_whole_and_counts_as_the_raw_files_do(imported):
    assert imported == [
        Tally(read=8000, new=8000, sources=10),
        Tally(read=842, new=842, flagged=1, unpriced=797, people=41),
        Tally(read=8000, known=8000),
        Tally(read=842, known=842, flagged=1),
    ]
    rows = Lead.objects.all()
    assert (rows.count(), rows.filter(stage="won").count(), rows.filter(stage="mql").count()) == (
        8000,
        842,
        7158,
    )
    assert (Source.objects.count(), rows.filter(source=None).count()) == (10, 60)
    reps, qualifiers = (
        set(rows.exclude(**{part: None}).values_list(part, flat=True))
        for part in ("won_by", "qualified_by")
    )
    assert (len(reps), len(qualifiers), len(reps | qualifiers)) == (22, 32, 41)
    assert set(User.objects.values_list("is_active", flat=True)) == {False}
    assert (Event.objects.count(), set(Event.objects.values_list("kind", flat=True))) == (
        8842,
        {"imported"},
    )
    assert Handoff.objects.count() == 0
    counts = {"n": Count("pk"), "won": Count("pk", filter=Q(won_on__isnull=False))}
    by_source = rows.order_by().values_list("source__code").annotate(**counts)
    assert {code or "": (n, won) for code, n, won in by_source} == converted(
        lambda lead: lead["origin"]
    )
    by_month = rows.order_by().values_list(TruncMonth("first_seen_on")).annotate(**counts)
    assert {f"{month:%Y-%m}": (n, won) for month, n, won in by_month} == converted(
        lambda lead: lead["first_contact_date"][:7]
    )


def test_every_date_and_amount_is_the_one_in_the_file(imported):
    leads, deals = raw()
    found = {
        lead.external_id: lead
        for lead in Lead.objects.select_related("won_by", "qualified_by", "first_touch")
    }
    assert {pk: lead.first_seen_on.isoformat() for pk, lead in found.items()} == {
        pk: row["first_contact_date"] for pk, row in leads.items()
    }
    assert {pk: lead.first_touch.landing_page for pk, lead in found.items()} == {
        pk: row["landing_page_id"] for pk, row in leads.items()
    }
    won = {pk: lead for pk, lead in found.items() if lead.won_on}
    assert {
        pk: (lead.won_on.isoformat(), float(lead.won_amount or 0)) for pk, lead in won.items()
    } == {
        pk: (row["won_date"][:10], float(row["declared_monthly_revenue"]))
        for pk, row in deals.items()
    }
    assert {
        pk: (lead.won_by.external_id, lead.qualified_by.external_id) for pk, lead in won.items()
    } == {pk: (f"olist:{row['sr_id']}", f"olist:{row['sdr_id']}") for pk, row in deals.items()}
    early = [lead for lead in won.values() if lead.won_before_first_seen]
    assert [(lead.external_id, lead.first_seen_on, lead.won_on) for lead in early] == [
        ("b91cf8812365f50ff4bda4bcd6206b05", date(2018, 3, 8), date(2018, 3, 6))
    ]
    assert (
        User.objects.get(external_id="olist:4ef15afb4b2723d8f3d81e51ec7afefe").name
        == "Olist 4ef15afb"
    )


# -- The numbers of the alignment page

EVER = {"begins": "2017-01-01", "ends": "2018-12-31", "at": when("2026-03-02 10:00")}


@pytest.fixture(scope="module")
def numbers(imported):
    return report.read(scope(**EVER))


def read(path):
    with path.open(encoding="utf-8-sig", newline="") as rows:
        return list(csv.DictReader(rows))


def counted_by_hand():
    """What the files say: leads and wins by origin and by month of first contact, and the days
    between.
    """
    won = {row["mql_id"]: date.fromisoformat(row["won_date"][:10]) for row in read(DEALS)}
    found = {
        "origins": Counter(),
        "origins_won": Counter(),
        "months": Counter(),
        "months_won": Counter(),
        "days": [],
    }
    for row in read(LEADS):
        origin, month, seen = (
            row["origin"] or NOT_GIVEN,
            row["first_contact_date"][:7],
            row["first_contact_date"],
        )
        found["origins"][origin] += 1
        found["months"][month] += 1
        if row["mql_id"] in won:
            found["origins_won"][origin] += 1
            found["months_won"][month] += 1
            found["days"].append((won[row["mql_id"]] - date.fromisoformat(seen)).days)
    found["days"].sort()
    return found


def nearest(ordered, share):
    """The smallest value that at least ``share`` of the values do not exceed."""
    return ordered[math.ceil(share * len(ordered)) - 1]


def test_every_lead_and_every_win_is_counted(numbers):
    steps = {step.stage: (step.count, step.not_recorded) for step in numbers.funnel}
    assert steps == {
        "leads": (8000, 0),
        "mql": (8000, 0),
        "handed_off": (0, 842),
        "accepted": (0, 842),
        "contacted": (0, 842),
        "sql": (0, 842),
        "opportunity": (0, 842),
        "won": (842, 0),
    }


def test_conversion_by_origin_equals_the_files(numbers):
    expected = counted_by_hand()
    counted = {group.key: (group.leads, group.won, group.conversion) for group in numbers.sources}
    assert len(counted) == 11
    assert counted == {
        origin: (n, expected["origins_won"][origin], expected["origins_won"][origin] / n)
        for origin, n in expected["origins"].items()
    }


def test_conversion_by_month_equals_the_files(numbers):
    expected = counted_by_hand()
    counted = {group.key: (group.leads, group.won) for group in numbers.months}
    assert counted == {
        month: (n, expected["months_won"][month]) for month, n in expected["months"].items()
    }


def test_days_to_won_equal_the_files(numbers):
    days = counted_by_hand()["days"]
    early = sum(value < 0 for value in days)
    assert vars(numbers.days) == {
        "n": 842,
        "median": nearest(days, 0.5),
        "p90": nearest(days, 0.9),
        "before_first_seen": early,
    }


def test_imported_history_is_judged_by_no_promise(numbers):
    assert (numbers.attainment.clocks, numbers.decisions.decisions, numbers.delivered) == (
        0,
        0,
        0,
    )


def test_command_prints_the_same(numbers, capsys):
    assert Lead.objects.count() == 8000
    call_command("funnel", "--from", "2017-01-01", "--to", "2018-12-31", "--json")
    printed = json.loads(capsys.readouterr().out)
    assert {row["source"]: row["won"] for row in printed["sources"] if row["source"]} == {
        group.key: group.won for group in numbers.sources if group.key != NOT_GIVEN
    }
