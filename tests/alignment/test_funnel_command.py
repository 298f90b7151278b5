"""`manage.py funnel`: the numbers of the page on a terminal."""

from __future__ import annotations

import json
from datetime import UTC

import pytest
from django.core.management import CommandError, call_command

from crm.alignment.numbers import report
from tests.alignment.made import scope, seen

pytestmark = pytest.mark.django_db


def funnel(capsys, *arguments):
    call_command("funnel", *arguments)
    return capsys.readouterr().out


def test_json_is_what_the_page_reads(world, moment, capsys):
    at = moment.set("2026-03-31 12:00")
    printed = json.loads(funnel(capsys, "--from", "2026-03-01", "--to", "2026-03-31", "--json"))
    assert printed == json.loads(
        json.dumps(report.as_json(report.read(scope(at=at.astimezone(UTC)))))
    )


def test_json_of_literal_cases(cast, moment, capsys):
    moment.set("2026-03-31 12:00")
    seen("2026-03-05", mql="2026-03-05", won="2026-03-12", source="event")
    seen("2026-03-06", mql="2026-03-06")
    seen("2026-04-06")
    printed = json.loads(funnel(capsys, "--from", "2026-03-01", "--to", "2026-03-31", "--json"))
    assert [(step["stage"], step["count"], step["not_recorded"]) for step in printed["funnel"]] == [
        ("leads", 2, 0),
        ("mql", 2, 0),
        ("handed_off", 0, 1),
        ("accepted", 0, 1),
        ("contacted", 0, 1),
        ("sql", 0, 1),
        ("opportunity", 0, 1),
        ("won", 1, 0),
    ]
    assert [
        (row["source"], row["leads"], row["won"], row["conversion"]) for row in printed["sources"]
    ] == [
        ("event", 1, 1, 1.0),
        (None, 1, 0, 0.0),
    ]
    assert [(row["month"], row["leads"], row["conversion"]) for row in printed["months"]] == [
        ("2026-03", 2, 0.5)
    ]
    assert printed["days_to_won"] == {"n": 1, "median": 7, "p90": 7, "before_first_seen": 0}
    assert printed["accept"]["promised"] == [{"target": 0.9, "window_minutes": 120}]
    assert (printed["accept"]["clocks"], printed["accept"]["attainment"]) == (0, None)
    assert printed["mqls_delivered"] == {
        "count": 0,
        "due": 57.27,
        "due_on": "2026-03-30",
        "promised": [{"target": 60.0, "window_minutes": None}],
    }


def test_source_narrows_every_number(world, moment, capsys):
    moment.set("2026-03-31 12:00")
    period = ("--from", "2026-03-01", "--to", "2026-03-31", "--json")
    printed = json.loads(funnel(capsys, *period, "--source", "event"))
    assert [row["source"] for row in printed["sources"]] == ["event"]
    assert (printed["accept"]["clocks"], printed["decisions"]["decisions"]) == (3, 2)
    printed = json.loads(funnel(capsys, *period, "--source", "~none"))
    assert [row["source"] for row in printed["sources"]] == [None]


def test_table_tells_unrecorded_stages_from_nought(cast, moment, capsys):
    moment.set("2026-03-31 12:00")
    seen("2026-03-05", mql="2026-03-05", won="2026-03-12", source="event")
    lines = funnel(capsys, "--from", "2026-03-01", "--to", "2026-03-31").splitlines()
    assert lines[0] == "2026-03-01 to 2026-03-31, dates of America/Mexico_City"
    assert [" ".join(line.split()) for line in lines if line.startswith(("  sql", "  won"))] == [
        "sql not recorded 1 came further without a date for it",
        "won 1 100% of mql",
    ]
    assert [line.split() for line in lines if "Event" in line] == [
        ["Event", "1", "1", "not", "recorded", "1", "100%"]
    ]
    assert lines[-1] == "Days to won     median 7, p90 7 (n=1; 0 dated before first seen)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--from", "2026-02-30", "--to", "2026-03-31"],
            "argument --from: '2026-02-30' is not a date",
        ),
        (
            ["--from", "2026-02-01", "--to", "31/03/2026"],
            "argument --to: '31/03/2026' is not a date",
        ),
        (
            ["--from", "2026-02-01", "--to", "9999-12-31"],
            "argument --to: '9999-12-31' is not accepted",
        ),
        (
            ["--from", "20260201", "--to", "2026-03-31"],
            "argument --from: '20260201' is not accepted",
        ),
        (["--from", "2026-02-01"], "the following arguments are required: --to"),
        (
            ["--from", "2026-04-01", "--to", "2026-03-31"],
            "--to: 2026-03-31 lies before --from 2026-04-01",
        ),
        (
            ["--from", "2026-02-01", "--to", "2026-03-31", "--source", "x"],
            "--source: there is no source 'x'",
        ),
    ],
)
def test_bad_options_are_named(db, arguments, message):
    with pytest.raises(CommandError, match="^(Error: )?" + message):
        call_command("funnel", *arguments)
