"""Snapshots: stored once, never changed, proven by their hash, and free of people."""

from __future__ import annotations

import hashlib
import json

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from crm.accounts.models import User
from crm.lib.db.json_snapshot import canonical
from leads.models import Handoff, Person
from sla import snapshot_bodies
from sla.clocks import snapshots
from sla.models import Snapshot
from tests import factories
from tests.factories import Cast, when

pytestmark = pytest.mark.django_db

NOON = when("2026-03-02 12:00")
VALUES = [
    {"zone": "America/Mexico_City", "b": 1, "aa": [1, {"y": None, "x": True}], "a": False},
    {"ñ": "día", "zz": 'a\tb\n\u0001\u007f\\"/', "z": "\u2028"},
    [],
    [{"level": 1, "kind": "warn", "offset_minutes": -30}],
    {"number": 12345678901234567890, "negative": -1, "empty": {}, "": 0},
]


@pytest.mark.parametrize("value", VALUES)
def test_canonical_text_is_that_of_postgresql(value: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT (%s::jsonb)::text", [json.dumps(value)])
        assert cursor.fetchone() == (canonical(value),)


def test_equal_values_are_one_row_under_the_hash_of_its_text() -> None:
    keys = {snapshot_bodies.keep({"a": 1, "b": [2]}), snapshot_bodies.keep({"b": [2], "a": 1})}
    snapshot = Snapshot.objects.get()
    assert keys == {snapshot.hash, hashlib.sha256(snapshot.body.encode()).digest()}


def test_value_is_inserted_once_and_read_without_a_query() -> None:
    with CaptureQueriesContext(connection) as queries:
        key = snapshot_bodies.keep({"kept": "twice"})
        assert snapshot_bodies.keep({"kept": "twice"}) == key
        assert Snapshot.objects.body(key) == {"kept": "twice"}
    assert [query["sql"][:6] for query in queries if "SAVEPOINT" not in query["sql"]] == ["INSERT"]


def test_value_of_a_transaction_that_failed_is_inserted_again() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        key = snapshot_bodies.keep({"kept": "in vain"})
        _ = 1 / 0
    assert not Snapshot.objects.exists()
    snapshot_bodies.keep({"kept": "in vain"})
    assert Snapshot.objects.get().hash == key


def test_body_refuses_changes() -> None:
    body = Snapshot.objects.body(snapshot_bodies.keep({"terms": {"limit": 1}}))
    with pytest.raises(TypeError, match="never changes"):
        body["terms"]["limit"] = 2
    assert body == {"terms": {"limit": 1}}


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO sla_snapshot VALUES (sha256('other'), '{}')",
        'INSERT INTO sla_snapshot VALUES (sha256(\'{"b": 1,"a":2}\'), \'{"b": 1,"a":2}\')',
        "UPDATE sla_snapshot SET body = '[]', hash = sha256('[]')",
        "DELETE FROM sla_snapshot",
    ],
    ids=["another_hash", "not_canonical", "changed", "removed"],
)
def test_database_refuses(statement: str) -> None:
    key = snapshot_bodies.keep({"a": 1})
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert list(Snapshot.objects.values_list("hash", flat=True)) == [key]


def test_handoff_keeps_its_terms_when_the_agreement_changes(cast: Cast) -> None:
    first = factories.handed_off(cast)
    assert first.clock is not None
    judged_by = first.policy_ref_id, first.clock.calendar_ref_id
    parent = cast.agreement.agreement
    signed = {"marketing": cast.luis, "sales": cast.dora, "at": NOON}
    factories.agreement(cast.calendar, **signed, of=parent, rep_cap=2)
    second = factories.handed_off(cast, at=NOON)
    now = Handoff.objects.select_related("clock").get(pk=first.pk)
    assert (now.policy_ref_id, now.clock.calendar_ref_id) == judged_by
    assert second.policy_ref_id != judged_by[0]
    assert snapshots.calendar_of(now.clock) == snapshots.calendar(now.policy["calendar"])


def test_bodies_hold_no_name_of_a_person(cast: Cast) -> None:
    factories.won(cast)
    factories.handed_off(cast)
    users = User.objects.values_list("name", "email")
    people = Person.objects.values_list("name", "email", "phone")
    words = {word for row in (*users, *people) for word in row if word}
    bodies = " ".join(Snapshot.objects.values_list("body", flat=True))
    assert cast.bea.name in words
    assert "offset_minutes" in bodies
    assert [word for word in words if word in bodies] == []
    assert set(_keys(Snapshot.objects.values_list("body", flat=True))) <= KNOWN_KEYS


# Each is of an agreement or a calendar: ids and codes, limits, hours and names of days off.
KNOWN_KEYS = {
    *("version", "calendar", "clocks", "pauses", "rep_cap", "hide_contact"),
    *("accept", "first_contact", "sql_decision", "commitment", "limit_seconds", "ladder"),
    "attempts",
    *("level", "kind", "offset_minutes"),
    *("zone", "windows", "holidays", "changes", "names"),
}


def _keys(bodies: object) -> list[str]:
    """Return the keys of the JSON objects in ``bodies``, without those of codes and dates."""
    keys: list[str] = []
    for body in bodies:  # type: ignore[attr-defined]
        waiting = [json.loads(body)]
        while waiting:
            value = waiting.pop()
            if isinstance(value, dict):
                keys += value
                waiting += [
                    each
                    for key, each in value.items()
                    if key not in ("pauses", "holidays", "changes", "names")
                ]
            elif isinstance(value, list):
                waiting += value
    return keys
