"""Load the recorded past, moved to this week, into an empty database that is marked as a demo.

Runs as the owner of the tables, because it switches off the triggers that protect history while it
writes. Foreign keys and constraints judge every row.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password
from django.db import connection

from crm.accounts.sign_in import demo
from crm.demo.recording import moments
from crm.demo.recording.moments import Shift
from crm.demo.recording.recording import LeadStory, Recording, Row, Rows, key_of
from crm.lib.input import fingerprints
from leads.handoffs import packages

# Messages of the last moments count as delivered and are read like the rest.
SETTLED = timedelta(seconds=30)
# FOR UPDATE: of two processes that seed at once, the second waits and then meets a full database.
LOCK = "SELECT is_demo FROM relevo_installation FOR UPDATE"
IS_EMPTY = """
    SELECT NOT EXISTS (SELECT 1 FROM accounts_organisation)
        AND NOT EXISTS (SELECT 1 FROM accounts_user) AND NOT EXISTS (SELECT 1 FROM audit_entry)
"""
INSERT = """
    INSERT INTO {table} ({columns}) SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s)
"""
SEQUENCE = "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)"


class NotEmpty(Exception):
    """The database is not marked as a demo, or it is not empty."""


@dataclass(frozen=True)
class Cut:
    """Where the recording ends.

    ``at`` and ``today`` (its midnight) are of the recorded week; ``shift`` leads to the real one.
    """

    at: datetime
    today: datetime
    shift: Shift


def load(recording: Recording, *, at: datetime, leads: int) -> None:
    """Write the past as it is at ``at``. Call it in a transaction. Raises NotEmpty.

    ``leads``: how many of the newest leads to show, besides those that every demo shows.
    """
    with connection.cursor() as cursor:
        for question in (LOCK, IS_EMPTY):
            cursor.execute(question)
            if cursor.fetchone() != (True,):
                raise NotEmpty
    rows = rows_of(recording, cut_of(recording, at=at), leads=leads)
    _complete(rows)
    with connection.cursor() as cursor:
        with _without_triggers(cursor, rows):
            for table, of_table in rows.items():
                _insert(cursor, table, of_table)
        for table, of_table in rows.items():
            if "id" in of_table[0]:
                _set_sequence(cursor, table, of_table)
        # Until the next autovacuum PostgreSQL would plan for empty tables, and pages would be slow.
        cursor.execute(f"ANALYZE {', '.join(rows)}")


def cut_of(recording: Recording, *, at: datetime) -> Cut:
    """Find the moment of the recorded week that is as far from Monday as ``at`` is."""
    zone = ZoneInfo(recording.header["zone"])
    week = date.fromisoformat(recording.header["week"])
    local = (at - SETTLED).astimezone(zone)
    monday = local.date() - timedelta(days=local.weekday())
    back = Shift((week - monday).days // 7, zone.key)
    midnight = datetime.combine(at.astimezone(zone).date(), time(), zone)
    return Cut(back.moment(local), back.moment(midnight), Shift(-back.weeks, zone.key))


# -- Rows


def rows_of(recording: Recording, cut: Cut, *, leads: int) -> Rows:
    """Return the rows by table as they are at the cut, with moments and dates moved."""
    last = {table: {key_of(row): row for row in rows} for table, rows in recording.company.items()}
    for story in shown(recording.leads, cut, leads=leads):
        for table, row in story.rows(at=cut.at):
            last.setdefault(table, {})[key_of(row)] = row
    header = recording.header
    return {
        table: [
            _moved(
                row,
                header["moments"].get(table, ()),
                header["moment_paths"].get(table, ()),
                cut.shift,
            )
            for _id, row in sorted(rows.items())
        ]
        for table, rows in last.items()
    }


def shown(stories: Iterable[LeadStory], cut: Cut, *, leads: int) -> Iterator[LeadStory]:
    """Yield the leads that are always shown, and of those that came before today the newest."""
    others = []
    for story in stories:
        if story.is_kept:
            yield story
        elif story.captured_at < cut.today:
            others.append(story)
    # The newest ones; max(), because a slice from a negative index would begin near the end.
    yield from others[max(len(others) - leads, 0) :]


def _moved(row: Row, columns: Iterable[str], paths: Iterable[str], shift: Shift) -> Row:
    changed = dict(row)
    for place in (*columns, *paths):
        first, *rest = place.split(".")
        changed[first] = moments.change_at(changed[first], rest, shift.text)
    return changed


# -- What the file leaves out


def _complete(rows: Rows) -> None:
    """Add passwords, ids of messages, and the hashes of texts that hold dates."""
    password = make_password(demo.PASSWORD)  # the same for all: it is no secret
    for user in rows["accounts_user"]:
        user["password"] = password
    for message in rows["notifications_message"]:
        # The id of the mail: two demos must not send equal ones.
        message["uid"] = str(uuid.uuid4())
    for package in rows["leads_package"]:
        # The dates in it have moved, and the digest covers them.
        package["sha256"] = packages.digest(package["payload"])
    _sign(rows)


def _sign(rows: Rows) -> None:
    """Write the hash of each version to the version, its signatures and the audit."""
    hashes = {}
    for version in rows["sla_agreementversion"]:
        version["content_hash"] = fingerprints.digest(version["text"])
        hashes[version["id"]] = version["content_hash"]
    for signature in rows["sla_signature"]:
        signature["content_hash"] = hashes[signature["version_id"]]
    for entry in rows["audit_entry"]:
        if "sha256" in entry["payload"]:
            entry["payload"] = {**entry["payload"], "sha256": hashes[entry["subject_id"]]}


# -- Writing


@contextmanager
def _without_triggers(cursor: Any, tables: Iterable[str]) -> Iterator[None]:
    """Switch off the triggers that protect history; check foreign keys at the end."""
    for table in tables:
        # USER leaves the triggers of foreign keys on.
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    # Checked here, because ALTER TABLE fails while checks of the table are pending.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table in tables:
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _insert(cursor: Any, table: str, rows: list[Row]) -> None:
    # Quoted: a column may be called like a word of SQL, such as "end".
    columns = ", ".join(f'"{name}"' for name in rows[0])
    cursor.execute(INSERT.format(table=table, columns=columns), [json.dumps(rows)])


def _set_sequence(cursor: Any, table: str, rows: list[Row]) -> None:
    # The rows came with their ids, and the next one must get a free id.
    cursor.execute(SEQUENCE, [table, max(row["id"] for row in rows)])
