"""While the previous version runs, it and this one write the same terms; then its columns go."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator

import psycopg2
import pytest
from django.core.management import call_command
from django.db import connection

from crm.management import old_columns
from leads.models import Handoff
from sla import snapshot_bodies
from sla.models import Clock, Snapshot
from tests.upgrades.dumps import FOLDER
from tests.upgrades.test_upgrades import loaded

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
WITHOUT_REFERENCES = FOLDER / "2026-11-30_c4216f2.sql.gz"
LAST = (("leads", "0019_policy_reference_filled"), ("sla", "0005_clock_references_filled"))


def run(statement: str, *values: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def half_upgraded(transactional_db: None) -> Iterator[None]:
    """The last dump without the references, as a rolling upgrade leaves it for a while."""
    text = gzip.decompress(WITHOUT_REFERENCES.read_bytes()).decode()
    with loaded(text):
        for app, name in LAST:
            call_command("migrate", app, name, verbosity=0)
        yield


def both() -> tuple[object, object]:
    """The newest handoff's terms as the previous version reads them, and as this one does."""
    ((pk, policy),) = run("SELECT id, policy FROM leads_handoff ORDER BY id DESC LIMIT 1")
    return json.loads(str(policy)), Handoff.objects.only("policy_ref").get(pk=pk).policy


def check_terms_of_handoffs() -> None:
    newest = "SELECT max(id) FROM leads_handoff"
    before = both()
    # The previous version re-applies an agreement, then this one does.
    run(f"UPDATE leads_handoff SET policy = policy || '{{\"rep_cap\": 7}}' WHERE id = ({newest})")
    after_old = both()
    key = snapshot_bodies.keep({**after_old[1], "rep_cap": 9})  # type: ignore[dict-item]
    run(f"UPDATE leads_handoff SET policy_ref_id = %s WHERE id = ({newest})", key)
    after_new = both()
    for old, new in (before, after_old, after_new):
        assert old == new
    caps = [terms.get("rep_cap") for terms in (before[1], after_old[1], after_new[1])]  # type: ignore[attr-defined]
    assert caps == [None, 7, 9]


def check_terms_of_new_clocks() -> None:
    columns = (
        "subject_type, subject_id, metric, commitment_id, team_id, state, started_at, due_at,"
        " limit_seconds, level, in_outage, failures, last_error"
    )
    values = columns.replace("subject_id,", "-subject_id AS subject_id,")
    source = "FROM sla_clock WHERE state = 'running' AND accountable_id IS NULL LIMIT 1"
    for own in ("calendar, ladder", "calendar_ref_id, ladder_ref_id"):
        written = run(
            f"INSERT INTO sla_clock ({columns}, {own}) SELECT {values}, {own} {source}"
            " RETURNING id, calendar, ladder"
        )
        ((pk, calendar, ladder),) = written
        # Columns that came later are not there yet.
        clock = Clock.objects.only("calendar_ref", "ladder_ref").get(pk=pk)
        own_terms = (Snapshot.objects.body(clock.calendar_ref_id), clock.ladder)
        assert own_terms == (json.loads(str(calendar)), json.loads(str(ladder)))
        run("DELETE FROM sla_clock WHERE id = %s", pk)


def test_both_versions_write_the_same_terms(half_upgraded: None) -> None:
    # Both in one: an upgrade as far as here takes a second.
    check_terms_of_handoffs()
    check_terms_of_new_clocks()


def test_columns_go_when_the_previous_version_is_gone(half_upgraded: None) -> None:
    find = "SELECT table_name FROM information_schema.columns WHERE column_name = 'policy'"
    said = io.StringIO()
    parameters = connection.get_connection_params() | {"application_name": "relevo"}
    parameters.pop("cursor_factory", None)
    parameters.pop("context", None)
    previous = psycopg2.connect(**parameters)
    call_command("migrate", stdout=said)
    while_it_runs = run(find)
    previous.close()
    call_command("migrate", verbosity=0)
    assert "1 sessions of an earlier version" in said.getvalue()
    assert (while_it_runs, run(find)) == ([("leads_handoff",)], [])
    assert old_columns.drop() == 0
