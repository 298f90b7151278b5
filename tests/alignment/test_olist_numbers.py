"""A real funnel, imported and counted, against a short script over the raw files."""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import transaction

from crm.alignment.numbers import report
from crm.alignment.numbers.scope import NOT_GIVEN
from leads.models import Lead
from tests import factories
from tests.alignment.made import scope
from tests.factories import when

OLIST = Path(settings.BASE_DIR).parent / "shared" / "data" / "olist"
LEADS, DEALS = (
    OLIST / "olist_marketing_qualified_leads_dataset.csv",
    OLIST / "olist_closed_deals_dataset.csv",
)
MAPPINGS = Path(settings.BASE_DIR) / "tests" / "data"
EVER = {"begins": "2017-01-01", "ends": "2018-12-31", "at": when("2026-03-02 10:00")}

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.skipif(not LEADS.exists(), reason=f"the Olist files are not in {OLIST}"),
]


def read(path):
    with path.open(encoding="utf-8-sig", newline="") as rows:
        return list(csv.DictReader(rows))


def raw():
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


@pytest.fixture(scope="module")
def imported(django_db_setup, django_db_blocker, tmp_path_factory):
    """Both files, imported once by the commands of the README, and gone after the module."""
    with django_db_blocker.unblock(), transaction.atomic():
        factories.team("Marketing", "marketing")
        rejects = str(tmp_path_factory.mktemp("olist") / "rejects.csv")
        call_command(
            "import_leads", str(LEADS), mapping=MAPPINGS / "olist_leads.json", rejects=Path(rejects)
        )
        call_command(
            "import_outcomes",
            str(DEALS),
            mapping=MAPPINGS / "olist_outcomes.json",
            rejects=Path(rejects),
        )
        yield report.read(scope(**EVER))
        transaction.set_rollback(True)


def test_every_lead_and_every_win_is_counted(imported):
    steps = {step.stage: (step.count, step.not_recorded) for step in imported.funnel}
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


def test_conversion_by_origin_equals_the_files(imported):
    expected = raw()
    counted = {group.key: (group.leads, group.won, group.conversion) for group in imported.sources}
    assert len(counted) == 11
    assert counted == {
        origin: (n, expected["origins_won"][origin], expected["origins_won"][origin] / n)
        for origin, n in expected["origins"].items()
    }


def test_conversion_by_month_equals_the_files(imported):
    expected = raw()
    counted = {group.key: (group.leads, group.won) for group in imported.months}
    assert counted == {
        month: (n, expected["months_won"][month]) for month, n in expected["months"].items()
    }


def test_days_to_won_equal_the_files(imported):
    days = raw()["days"]
    early = sum(value < 0 for value in days)
    assert vars(imported.days) == {
        "n": 842,
        "median": nearest(days, 0.5),
        "p90": nearest(days, 0.9),
        "before_first_seen": early,
    }


def test_imported_history_is_judged_by_no_promise(imported):
    assert (imported.attainment.clocks, imported.decisions.decisions, imported.delivered) == (
        0,
        0,
        0,
    )


def test_command_prints_the_same(imported, capsys):
    assert Lead.objects.count() == 8000
    call_command("funnel", "--from", "2017-01-01", "--to", "2018-12-31", "--json")
    printed = json.loads(capsys.readouterr().out)
    assert {row["source"]: row["won"] for row in printed["sources"] if row["source"]} == {
        group.key: group.won for group in imported.sources if group.key != NOT_GIVEN
    }
