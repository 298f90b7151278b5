"""What the database itself refuses: the product's role, the append-only triggers, the illegal
moves.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection, transaction
from psycopg2 import errors

from crm import tasks
from crm.lib.clock import RELEVO_NOW_BODY
from crm.lib.db.append_only import TABLES
from crm.lib.db.state_machine import Moves
from leads import handoffs
from leads.handoffs import pauses, undo
from leads.models import Handoff
from leads.returns import duplicates, misrouting, recycling
from leads.states import HANDOFF_MOVES, HandoffState
from personas import personas
from personas.models import PersonaVersion
from personas.states import VERSION_MOVES, VersionState
from sla.agreements import comments, proposals
from sla.models import AgreementVersion, Clock
from sla.states import AGREEMENT_MOVES, CLOCK_MOVES, AgreementState, ClockState
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when
from tests.leads.returns.rows import reason_to_recycle


def run(statement: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def refusal(statement: str) -> str | None:
    """The database's words when it refuses ``statement`` for lack of privilege; None when
    it obeys.
    """
    try:
        with transaction.atomic():
            run(statement)
    except DatabaseError as error:
        assert isinstance(error.__cause__, errors.InsufficientPrivilege), error
        return str(error).splitlines()[0]
    return None


@pytest.fixture
def history(cast: Cast, moment: Moment) -> None:
    """At least one row in every append-only table."""
    factories.won(cast)
    factories.handed_off(cast)
    draft = factories.drafted(cast.calendar, by=cast.luis)
    comments.add(draft, "commitments", "Too long", by=cast.dora, at=factories.SIGNED_AT)
    handoffs.reassign(factories.accepted(cast), cast.cruz, by=cast.dora, at=factories.CONTACTED_AT)
    moment.set("2026-03-02 12:01")
    tasks.sweep()


@pytest.fixture
def as_app(history: None) -> Iterator[None]:
    """Plain SQL as the product's role."""
    run("SET ROLE relevo_app")
    yield
    run("RESET ROLE")


# -- The product's role


DENIED = {table: f"permission denied for table {table}" for table in TABLES}
KEPT = {table: f"{table} is append-only" for table in TABLES}


def test_app_reads_append_only_tables(as_app: None) -> None:
    assert {table: run(f"SELECT count(*) > 0 FROM {table}") for table in TABLES} == {
        key: [(True,)] for key in TABLES
    }


def test_app_cannot_update_append_only_tables(as_app: None) -> None:
    assert {table: refusal(f"UPDATE {table} SET payload = '{{}}'") for table in TABLES} == DENIED


def test_app_cannot_delete_from_append_only_tables(as_app: None) -> None:
    assert {table: refusal(f"DELETE FROM {table}") for table in TABLES} == DENIED


def test_app_cannot_truncate_append_only_tables(as_app: None) -> None:
    assert {table: refusal(f"TRUNCATE {table} CASCADE") for table in TABLES} == DENIED


@pytest.mark.parametrize("act", ["UPDATE {} SET body = body", "DELETE FROM {}", "TRUNCATE {}"])
def test_app_cannot_change_snapshots(as_app: None, act: str) -> None:
    assert run("SELECT count(*) > 0 FROM sla_snapshot") == [(True,)]
    denied = "permission denied for table sla_snapshot"
    assert refusal(act.format("sla_snapshot")) == denied


def test_app_works_the_whole_way(cast: Cast, moment: Moment) -> None:
    run("SET ROLE relevo_app")
    factories.won(cast)
    factories.handed_off(cast)
    moment.execute("RESET ROLE")
    moment.set("2026-03-02 12:01")
    run("SET ROLE relevo_app")
    fired = tasks.sweep()
    delivered = tasks.drain()
    run("RESET ROLE")
    assert (fired, delivered > 0) == (1, True)


def test_app_ends_decisions_pauses_and_agreements(cast: Cast) -> None:
    """The product may write a few columns of this history, and those suffice."""
    run("SET ROLE relevo_app")
    undo.undo(factories.accepted(cast), by=cast.bea, at=factories.ACCEPTED_AT)
    requeued = factories.accepted(cast)
    handoffs.requeue(requeued, by=cast.dora, at=factories.CONTACTED_AT, cause="by hand")
    waits = factories.accepted(cast)
    reason, until = factories.pause_reason(), when("2026-03-04 10:00")
    pauses.pause(waits, reason, until=until, by=cast.bea, at=factories.CONTACTED_AT)
    pauses.resume(waits, by=cast.bea, at=when("2026-03-02 11:30"))
    factories.agreement(
        cast.calendar, marketing=cast.luis, sales=cast.dora, of=cast.agreement.agreement
    )
    run("RESET ROLE")


def test_app_cannot_replace_the_clock(as_app: None) -> None:
    body = "SELECT '2001-01-01'::timestamptz"
    statement = (
        f"CREATE OR REPLACE FUNCTION relevo_now() RETURNS timestamptz LANGUAGE sql AS $${body}$$"
    )
    assert refusal(statement) == "permission denied for schema public"


def test_app_cannot_put_a_function_before_the_clock(as_app: None) -> None:
    """The session's own schema is closed, and a function there would not be found."""
    statement = (
        "CREATE FUNCTION pg_temp.relevo_now() RETURNS timestamptz LANGUAGE sql AS 'SELECT now() -"
        " interval ''1 year'''"
    )
    refused = refusal(statement)
    run("RESET ROLE")
    run(statement)
    assert refused is not None
    assert refused.startswith("permission denied to create temporary")
    assert run("SELECT relevo_now()") == [(when("2026-03-02 12:01"),)]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("ALTER TABLE leads_event DISABLE TRIGGER ALL", "must be owner of table leads_event"),
        (
            "DROP TRIGGER leads_event_append_only ON leads_event",
            "must be owner of relation leads_event",
        ),
        ("ALTER FUNCTION relevo_now() STABLE", "must be owner of function relevo_now"),
        (
            "SET session_replication_role = replica",
            'permission denied to set parameter "session_replication_role"',
        ),
        ("CREATE SCHEMA mine", "permission denied for database "),
        ("UPDATE django_migrations SET name = ''", "permission denied for table django_migrations"),
    ],
)
def test_app_cannot_get_around_it(statement: str, words: str, as_app: None) -> None:
    refused = refusal(statement)
    assert refused is not None
    assert refused[: len(words)] == words


def test_app_cannot_grant_itself_more(as_app: None) -> None:
    run(
        "GRANT UPDATE ON leads_event TO relevo_app"
    )  # PostgreSQL only warns that nothing was granted
    assert (
        refusal("UPDATE leads_event SET kind = kind") == "permission denied for table leads_event"
    )


# -- The owner, under the triggers


def test_owner_may_empty_payloads(history: None) -> None:
    for table in TABLES:
        run(f"UPDATE {table} SET payload = '{{}}'")
    left = {table: run(f"SELECT count(*) FROM {table} WHERE payload <> '{{}}'") for table in TABLES}
    assert left == {key: [(0,)] for key in TABLES}


def test_owner_cannot_rewrite_payloads(history: None) -> None:
    assert {table: refusal(f"UPDATE {table} SET payload = '[1]'") for table in TABLES} == KEPT


def test_owner_cannot_delete_rows(history: None) -> None:
    assert {table: refusal(f"DELETE FROM {table}") for table in TABLES} == KEPT


CHANGES = [
    ("audit_entry", "verb = 'x'"),
    ("leads_event", "at = at - interval '1 second'"),
    ("leads_event", "actor_id = NULL"),
    ("leads_evidence", "verdict = 'unknown'"),
    ("leads_firsttouch", "campaign = 'x'"),
    ("leads_package", "sha256 = ''"),
    ("sla_firing", "outcome = 'x'"),
    ("sla_signature", "content_hash = ''"),
    ("sla_stint", "was_late = NOT was_late"),
]


def test_owner_cannot_change_anything_beside_the_payload(history: None) -> None:
    found = [refusal(f"UPDATE {table} SET payload = '{{}}', {change}") for table, change in CHANGES]
    assert found == [KEPT[table] for table, _change in CHANGES]


# -- The clock


@pytest.mark.django_db
def test_deployed_clock_is_the_one_in_the_code() -> None:
    assert run("SELECT prosrc, prosecdef FROM pg_proc WHERE proname = 'relevo_now'") == [
        (RELEVO_NOW_BODY, False)
    ]


# -- Illegal moves, from plain SQL


def refused_moves(table: str, ids: dict[str, int], states: list[str]) -> set[tuple[str, str]]:
    """Which moves the trigger of ``table`` refuses, tried on one row for each state."""
    refused = set()
    for old, pk in ids.items():
        for new in states:
            try:
                with transaction.atomic():
                    run(f"UPDATE {table} SET state = '{new}' WHERE id = {pk}")
                    transaction.set_rollback(True)
            except DatabaseError as error:
                if str(error).startswith(f"{table}.state: {old} -> {new} is not allowed"):
                    refused.add((old, new))
    return refused


def illegal(moves: Moves, states: list[str]) -> set[tuple[str, str]]:
    return {
        (old, new)
        for old in states
        for new in states
        if new != old and new not in moves.get(old, frozenset())
    }


def recycled(cast: Cast) -> Handoff:
    handoff = factories.contacted(cast)
    reason = reason_to_recycle()
    recycling.park(handoff, reason, wake_on=None, by=cast.bea, at=factories.SQL_AT)
    return handoff


def misrouted(cast: Cast) -> Handoff:
    handoff = factories.handed_off(cast)
    misrouting.misroute(handoff, cast.other_sales, by=cast.bea, at=factories.ACCEPTED_AT)
    return handoff


def duplicate(cast: Cast) -> Handoff:
    handoff = factories.handed_off(cast)
    at = factories.ACCEPTED_AT
    return duplicates.mark(handoff, None, by=cast.bea, at=at, comment="De enero")


def test_illegal_moves_of_a_handoff_are_refused(cast: Cast) -> None:
    here = {
        "pending": factories.handed_off,
        "recycled": recycled,
        "misrouted": misrouted,
        "duplicate": duplicate,
    }
    makers = {
        state: getattr(factories, state) for state in HandoffState.values if state not in here
    }
    ids = {state: make(cast).pk for state, make in {**makers, **here}.items()}
    found = refused_moves("leads_handoff", ids, HandoffState.values)
    assert found == illegal(HANDOFF_MOVES, HandoffState.values)


def test_illegal_moves_of_a_clock_are_refused(cast: Cast) -> None:
    def accept_clock(subject: object) -> int:
        return Clock.objects.get(subject_id=getattr(subject, "pk", None), metric="accept").pk

    ids = {
        "running": accept_clock(factories.handed_off(cast)),
        "paused": (
            Clock.objects.get(subject_id=factories.accepted(cast).pk, metric="first_contact").pk
        ),
        "met": accept_clock(factories.accepted(cast)),
        "cancelled": accept_clock(factories.withdrawn(cast)),
        "breached": accept_clock(factories.handed_off(cast)),
    }
    run(
        "UPDATE sla_clock SET state = 'paused', paused_until = started_at WHERE id ="
        f" {ids['paused']}"
    )
    run(
        "UPDATE sla_clock SET state = 'breached', breached_at = due_at WHERE id ="
        f" {ids['breached']}"
    )
    assert refused_moves("sla_clock", ids, ClockState.values) == illegal(
        CLOCK_MOVES, ClockState.values
    )


def test_illegal_moves_of_an_agreement_are_refused(cast: Cast) -> None:
    signed = factories.drafted(cast.calendar, by=cast.luis)
    factories.sign(signed, "marketing", by=cast.luis, at=factories.SIGNED_AT)
    factories.sign(signed, "sales", by=cast.dora, at=factories.SIGNED_AT)
    newer = factories.agreement(
        cast.calendar,
        marketing=cast.luis,
        sales=cast.dora,
        of=cast.agreement.agreement,
        at=when("2026-02-02 09:00"),
    )
    waiting = proposals.propose(
        factories.drafted(cast.calendar, by=cast.luis), by=cast.luis, at=factories.SIGNED_AT
    )
    given_up = factories.drafted(cast.calendar, by=cast.luis)
    ids = {
        "draft": factories.drafted(cast.calendar, by=cast.luis).pk,
        "proposed": waiting.pk,
        "discarded": proposals.discard(given_up, by=cast.luis, at=factories.SIGNED_AT).pk,
        "signed": signed.pk,
        "in_force": newer.pk,
        "superseded": cast.agreement.pk,
    }
    assert AgreementVersion.objects.get(pk=cast.agreement.pk).state == "superseded"
    found = refused_moves("sla_agreementversion", ids, AgreementState.values)
    assert found == illegal(AGREEMENT_MOVES, AgreementState.values)


def test_illegal_moves_of_a_persona_version_are_refused(cast: Cast) -> None:
    persona = cast.persona.persona
    published = personas.publish_version(persona, {}, [], by=None, at=factories.SIGNED_AT)
    newest = PersonaVersion.objects.create(persona=persona, number=3, state="draft")
    ids = {"draft": newest.pk, "published": published.pk, "superseded": cast.persona.pk}
    found = refused_moves("personas_personaversion", ids, VersionState.values)
    assert found == illegal(VERSION_MOVES, VersionState.values)
