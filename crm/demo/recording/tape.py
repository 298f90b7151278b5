"""The tape: every row that the product writes while stories happen, with its moment.

Triggers on a scratch database put each written row into a journal. Rows that exist when the tape
starts are the company; all others belong to one lead each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection

from crm.demo.people import ZONE
from crm.demo.recording import recording
from crm.demo.recording.recording import Change, LeadStory, Recording, Rows
from leads.models import Lead

JOURNAL = """
    CREATE TABLE demo_journal (
        id bigserial PRIMARY KEY,
        source text NOT NULL,
        moment timestamptz NOT NULL DEFAULT relevo_now(),
        written jsonb
    );
    CREATE FUNCTION demo_journal_write() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO demo_journal (source, written) VALUES (TG_TABLE_NAME, to_jsonb(NEW));
        RETURN NULL;
    END $$;
"""
TRIGGER = """
    CREATE TRIGGER demo_journal AFTER INSERT OR UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION demo_journal_write()
"""
TABLES = """
    SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL(%s) ORDER BY 1
"""
# Of Django and of the installation: every database has its own.
NOT_RECORDED = [
    "auth_permission",
    "demo_journal",
    "django_content_type",
    "django_migrations",
    "relevo_installation",
]
# Clocks and handoffs of many leads refer to one row, so all of them are of the company.
SHARED = ["sla_snapshot"]

# How a row names its lead: the column, and the table whose row it points at.
TO_LEAD = {
    "leads_firsttouch": ("lead_id", "leads_lead"),
    "leads_valuableaction": ("lead_id", "leads_lead"),
    "leads_evidence": ("lead_id", "leads_lead"),
    "leads_event": ("lead_id", "leads_lead"),
    "leads_handoff": ("lead_id", "leads_lead"),
    "leads_package": ("handoff_id", "leads_handoff"),
    "leads_decision": ("handoff_id", "leads_handoff"),
    "leads_attempt": ("handoff_id", "leads_handoff"),
    "leads_criteriontruth": ("handoff_id", "leads_handoff"),
    "leads_dispute": ("lead_id", "leads_lead"),
    "leads_return": ("handoff_id", "leads_handoff"),
    "leads_parking": ("lead_id", "leads_lead"),
    "leads_nocontact": ("lead_id", "leads_lead"),
    "leads_plannedstep": ("lead_id", "leads_lead"),
    "sla_clock": ("subject_id", ""),  # the table is that of its subject_type
    "sla_firing": ("clock_id", "sla_clock"),
    "notifications_notice": ("message_id", "notifications_message"),
}
PATH = re.compile(r"/leads/(\d+)/")  # how a message names its lead


class Unowned(RuntimeError):
    """A story wrote, or removed, a row of which the tape cannot say to which lead it belongs."""


class Tape:
    """Records from now on. ``start``: when the last week begins, in which a demo may be cut off."""

    def __init__(self, start: datetime) -> None:
        self.start = start
        self.kept: set[int] = set()
        self.hidden: dict[int, list[list[datetime]]] = {}
        with connection.cursor() as cursor:
            cursor.execute(TABLES, [NOT_RECORDED + SHARED])
            tables = [name for (name,) in cursor.fetchall()]
            self.company = _rows(cursor, tables)
            cursor.execute(JOURNAL)
            for table in tables:
                cursor.execute(TRIGGER.format(table=table))

    def keep(self, lead: Lead) -> None:
        """Show ``lead`` in every demo, however few of the others are shown."""
        self.kept.add(lead.pk)

    def hide(self, lead: Lead, *, since: datetime) -> None:
        """A demo that begins from ``since`` on shows ``lead`` as it was before."""
        self.hidden.setdefault(lead.pk, []).append([since])

    def show(self, lead: Lead, *, at: datetime) -> None:
        """End what :meth:`hide` began."""
        self.hidden[lead.pk][-1].append(at)

    def recording(self) -> Recording:
        """Return what happened. Raises Unowned."""
        with connection.cursor() as cursor:
            company = self.company | _rows(cursor, SHARED)
        by_lead: dict[int, list[Change]] = {}
        for lead, change in _owned(_journal()):
            by_lead.setdefault(lead, []).append(change)
        stories = [
            (self._story(lead, changes), changes) for lead, changes in sorted(by_lead.items())
        ]
        return recording.compose(company, stories, start=self.start, zone=ZONE)

    def _story(self, lead: int, changes: list[Change]) -> LeadStory:
        captured = next(change for change in changes if change.table == "leads_lead")
        hidden = self.hidden.get(lead, [])
        return LeadStory(
            is_kept=lead in self.kept,
            captured_at=captured.moment,
            hidden=[(begun, ended[0] if ended else None) for begun, *ended in hidden],
        )


def _rows(cursor: Any, tables: list[str]) -> Rows:
    by_table: Rows = {}
    for table in tables:
        cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t")
        rows = [json.loads(row) for (row,) in cursor.fetchall()]
        if rows:
            by_table[table] = sorted(rows, key=recording.key_of)
    return by_table


def _journal() -> list[Change]:
    with connection.cursor() as cursor:
        # By id, because many rows of one transaction have nearly the same moment.
        cursor.execute("SELECT moment, source, written::text FROM demo_journal ORDER BY id")
        return [Change(moment, table, json.loads(row)) for moment, table, row in cursor.fetchall()]


def _owned(journal: list[Change]) -> Iterator[tuple[int, Change]]:
    """Yield each change with the id of its lead; that of a company once for each of its leads."""
    leads = {change.row["id"]: change.row for change in journal if change.table == "leads_lead"}
    owners = {("leads_person", lead["person_id"]): pk for pk, lead in leads.items()}
    # All rows before the owner of any: a clock is written before the handoff that it runs on.
    rows = {(change.table, change.row["id"]): change.row for change in journal}
    for change in journal:
        if change.table == "leads_company":
            # Leads of one company share its row, and a demo may show only one of them.
            for pk, lead in leads.items():
                if lead["company_id"] == change.row["id"]:
                    yield pk, change
            continue
        yield _lead(change.table, change.row, rows, owners), change


def _lead(
    table: str,
    row: dict[str, Any],
    rows: dict[tuple[str, int], dict[str, Any]],
    owners: dict[tuple[str, int], int],
) -> int:
    """Return the id of the lead of a row, by the rows that it points at; raise Unowned."""
    key = (table, row["id"])
    if key not in owners:
        owners[key] = _found(table, row, rows, owners)
    return owners[key]


def _found(
    table: str,
    row: dict[str, Any],
    rows: dict[tuple[str, int], dict[str, Any]],
    owners: dict[tuple[str, int], int],
) -> int:
    if table == "leads_lead":
        return row["id"]
    if table == "notifications_message":
        path = PATH.fullmatch(row["path"])
        if path is not None:
            return int(path[1])
    column, parent = TO_LEAD.get(table, ("id", ""))
    if table == "sla_clock":
        parent = f"leads_{row['subject_type']}"
    key = (parent, row[column])
    if key not in rows:
        raise Unowned(f"{table} {row}")
    return _lead(parent, rows[key], rows, owners)
