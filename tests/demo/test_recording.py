"""The recorded past: of this code, complete in what moves, and what the recorder would
record again.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.postgres.fields.ranges import RangeField
from django.db import models

from crm.demo import recorder
from crm.demo.recording import __main__ as check
from crm.demo.recording import digest, moments, recording
from crm.demo.recording.recording import LeadStory, Recording, Row

AGAIN = 'Record it anew with "make demo-record" and commit the file.'
SHORT = 12  # random leads of the short recording


@cache
def past() -> Recording:
    return recording.read()


# -- The header


def test_recording_is_of_these_migrations_and_of_this_code() -> None:
    """`make lint` says so as well, in a second."""
    assert recording.stale() == [], AGAIN


@pytest.mark.parametrize("name", ["migrations", "history"])
def test_check_of_make_lint_says_what_is_stale_and_what_to_run(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded = past().header["digest"]
    monkeypatch.setattr(digest, "current", lambda: recorded)
    assert (check.main(), capsys.readouterr().err) == (0, "")
    monkeypatch.setattr(digest, "current", lambda: {**recorded, name: "another"})
    assert check.main() == 1
    said = capsys.readouterr().err.splitlines()
    assert said == [f"{check.WHAT[name]} since past.jsonl.gz was recorded.", AGAIN]


def test_file_is_small() -> None:
    assert recording.PATH.stat().st_size < 600_000


def test_history_is_written_by_these_modules_among_others() -> None:
    names = {str(path.relative_to(digest.ROOT)) for path in digest.history_modules()}
    assert names >= {
        "crm/demo/people.py",
        "crm/demo/recorder.py",
        "crm/demo/stories/random_lead.py",
        "crm/notifications/outbox.py",
        "leads/handoffs/escalation.py",
        "leads/handoffs/transitions.py",
        "leads/handoffs/outcomes.py",
        "sla/clocks/clocks.py",
        "sla/clocks/ladder.py",
        "sla/worktime/arithmetic.py",
    }
    assert not any("/views" in name or "/models" in name or "/migrations" in name for name in names)


@pytest.mark.parametrize(
    ("code", "is_other"),
    [
        (
            'def win(deal, at):\n    """Close it."""\n    '
            'deal.closed_at = at  # now\n    return "won"',
            False,
        ),
        (
            "import json\n\n\ndef win(deal: Deal, at: datetime) -> str:\n    deal.closed_at "
            "= at\n    return 'won'",
            False,
        ),
        ("def close(handoff, moment):\n    handoff.ended_at = moment\n    return 'won'", False),
        ("def win(deal, at):\n    deal.closed_at = deal\n    return 'won'", True),
        ("def win(deal, at):\n    deal.closed_at = at\n    return 'lost'", True),
        ("def win(deal, at):\n    return 'won'", True),
        ("def win(deal, *, at):\n    deal.closed_at = at\n    return 'won'", True),
    ],
    ids=[
        "comments",
        "annotations",
        "names",
        "another_variable",
        "constant",
        "statement",
        "signature",
    ],
)
def test_digest_changes_with_what_the_code_does(tmp_path: Path, code: str, is_other: bool) -> None:
    first, second = tmp_path / "first.py", tmp_path / "second.py"
    first.write_text("def win(deal, at):\n    deal.closed_at = at\n    return 'won'")
    second.write_text(code)
    assert (digest.of([first]) != digest.of([second])) is is_other


def test_digest_does_not_know_in_which_file_a_function_stands(tmp_path: Path) -> None:
    both, one, other = (tmp_path / name for name in ("both.py", "one.py", "other.py"))
    one.write_text("def add(a, b):\n    return a + b")
    other.write_text("LIMIT = 3")
    both.write_text(f"{other.read_text()}\n\n\n{one.read_text()}")
    assert digest.of([both]) == digest.of([one, other])


# -- What moves


def moving_columns() -> set[str]:
    """Columns of the recorded tables that hold moments, dates or ranges, as the models say."""
    tables = past().header["columns"]
    return {
        f"{model._meta.db_table}.{column.column}"
        for model in apps.get_models(include_auto_created=True)
        if model._meta.db_table in tables
        for column in model._meta.local_concrete_fields
        if isinstance(column, models.DateField | models.TimeField | RangeField)
    }


def test_every_column_of_moments_is_listed() -> None:
    listed = {
        f"{table}.{name}" for table, names in past().header["moments"].items() for name in names
    }
    assert moving_columns() == listed


def test_every_moment_in_a_text_or_in_json_is_listed() -> None:
    assert recording.unlisted(past()) == set()


def test_header_lists_what_the_code_lists() -> None:
    header = past().header
    assert (header["moments"], header["moment_paths"]) == (moments.COLUMNS, moments.PATHS)
    assert header["made_when_loaded"] == recording.MADE


@pytest.mark.parametrize(
    ("column", "value", "path"),
    [
        ("payload", {"team": {"since": "2026-01-05"}}, "leads_event.payload.team.since"),
        ("payload", {"days": {"2026-01-05": 1}}, "leads_event.payload.days.<key>"),
        ("note", "since 2026-01-05T10:00:00+00:00", "leads_event.note"),
    ],
)
def test_moment_that_is_not_listed_is_found(column: str, value: object, path: str) -> None:
    story = LeadStory(
        False, past().leads[0].captured_at, settled={"leads_event": [{"id": 1, column: value}]}
    )
    assert recording.unlisted(Recording(past().header, {}, [story])) == {path}


def test_what_is_made_when_the_demo_is_loaded_is_not_in_the_file() -> None:
    columns = past().header["columns"]
    left = [
        (table, name)
        for table, names in recording.MADE.items()
        for name in names
        if name in columns[table]
    ]
    assert left == []


# -- A short recording


def last_rows(story: LeadStory) -> dict[tuple[str, int], Row]:
    rows = [(table, row) for table, found in story.settled.items() for row in found]
    rows += [(change.table, change.row) for change in story.later]
    return {(table, row["id"]): row for table, row in rows}


def counts(found: Recording, number: int) -> Counter[tuple[str, str]]:
    """How many rows of each table, state and event kind the company, the named and the first random
    leads have.
    """
    others = [story for story in found.leads if not story.is_kept]
    stories = [story for story in found.leads if story.is_kept] + others[:number]
    rows = [(table, row) for table, rows in found.company.items() for row in rows]
    rows += [(table, row) for story in stories for (table, _id), row in last_rows(story).items()]
    told: Counter[tuple[str, str]] = Counter()
    for table, row in rows:
        told[table, ""] += 1
        for column in ("state", "stage", "kind", "metric", "verb"):
            if column in row:
                told[table, f"{column} {row[column]}"] += 1
    return told


@pytest.mark.django_db
def test_short_recording_is_as_the_file() -> None:
    short = counts(recorder.record(numbers=range(SHORT)), SHORT)
    assert short == counts(past(), SHORT), AGAIN
    assert short["leads_event", ""] > 150
    assert short["sla_firing", ""] > 4
