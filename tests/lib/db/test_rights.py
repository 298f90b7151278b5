"""What the product's role may write, table by table, and that nothing opens more to it."""

from __future__ import annotations

import contextlib
from collections import Counter

import psycopg2
import pytest
from django.db import DatabaseError, connection, transaction

from crm.lib.db import rights
from crm.lib.db.append_only import TABLES
from tests.factories import Cast

# A new table belongs into one group of crm.lib.db.rights, or here, where the product may also
# delete its rows: what is not history, or what people may take back.
MAY_BE_DELETED = {
    "account_emailaddress",
    "account_emailconfirmation",
    "accounts_leave",
    "accounts_membership",
    "accounts_passwordrequest",
    "accounts_tries",
    "accounts_user_groups",
    "accounts_user_user_permissions",
    "api_answer",
    "auth_group",
    "auth_group_permissions",
    "django_session",
    "leads_bulkact",
    "leads_bulkitem",
    "leads_customfield",
    "leads_importchange",
    "leads_importchunk",
    "leads_importnote",
    "leads_importreject",
    "leads_outcomereason",
    "leads_source",
    "leads_valuableactionkind",
    "mfa_authenticator",
    "personas_criterion",
    "personas_persona",
    "personas_personaversion",
    "relevo_cache",
    "sla_agreement_teams",
    "sla_agreementversion_personas",
    "sla_agreementversion_rejection_reasons",
    "sla_calendar",
    "sla_commitment",
    "sla_holiday",
    "sla_ladderstep",
    "sla_openwindow",
    "sla_pausereason",
    "sla_rejectionreason",
    "usersessions_usersession",
}
GROUPS = (
    TABLES,
    rights.ADDED,
    rights.ENDED,
    rights.FIXED,
    rights.KEPT,
    rights.OWNERS,
    MAY_BE_DELETED,
)

pytestmark = pytest.mark.django_db


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_every_table_belongs_to_one_group() -> None:
    tables = {table for (table,) in rights.rows(rights.TABLE_NAMES)}
    named = Counter(table for group in GROUPS for table in group)
    assert tables - set(named) == set(), (
        "Say what the product's role may do with a new table: add it to a group of crm/lib/db/"
        "rights.py, or to MAY_BE_DELETED here"
    )
    assert set(named) - MAY_BE_DELETED <= tables
    assert max(named.values()) == 1


def test_deployed_guards_and_rights_are_those_of_the_code() -> None:
    assert list(rights.wrong()) == []


GUARD = "CREATE FUNCTION new() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
AS_OWNER = "CREATE FUNCTION new() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'"
NO_PATH = f"function new() has no SET {rights.SEARCH_PATH}"
# What somebody might do by hand or in a migration, and the lines that name it.
OPENED = {
    GUARD: [NO_PATH, "every role may call function new()"],
    AS_OWNER: [NO_PATH, "every role may call function new()"],
    f"{AS_OWNER.replace(' AS ', ' SET search_path = public AS ')}": [
        NO_PATH,
        "every role may call function new()",
    ],
    "GRANT TEMPORARY ON DATABASE {database} TO PUBLIC": ["relevo_app may create temporary tables"],
    "GRANT CREATE ON DATABASE {database} TO relevo_app": ["relevo_app may create schemas"],
    "GRANT CREATE ON SCHEMA public TO PUBLIC": ["relevo_app may create in schema public"],
    "CREATE SCHEMA mine; GRANT CREATE ON SCHEMA mine TO relevo_app": [
        "relevo_app may create in schema mine"
    ],
    "GRANT DELETE ON leads_event TO PUBLIC": [
        "relevo_app may write to leads_event: DELETE, INSERT"
    ],
    "GRANT UPDATE (comment) ON leads_decision TO relevo_app": [
        "relevo_app may write to leads_decision: INSERT, comment, released_at, undone_at"
    ],
    "GRANT TRUNCATE, TRIGGER ON leads_lead TO relevo_app": [
        "relevo_app may write to leads_lead: INSERT, TRIGGER, TRUNCATE, UPDATE"
    ],
    "REVOKE INSERT ON audit_entry FROM relevo_app": [
        "relevo_app may write to audit_entry: nothing"
    ],
    "GRANT UPDATE ON SEQUENCE audit_entry_id_seq TO relevo_app": [
        "relevo_app may set sequence audit_entry_id_seq"
    ],
    "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO relevo_app": [
        "relevo_app may get rights on whatever relevo_owner creates"
    ],
}


@pytest.mark.parametrize("opened", OPENED)
def test_what_opens_more_is_named(opened: str) -> None:
    run(opened.replace("{database}", connection.settings_dict["NAME"]))
    assert list(rights.wrong()) == OPENED[opened]


def test_granting_again_takes_back_what_was_opened() -> None:
    for opened in OPENED:
        if opened.startswith("GRANT") and "DATABASE {database} TO relevo_app" not in opened:
            run(opened.replace("{database}", connection.settings_dict["NAME"]))
    rights.grant()
    assert list(rights.wrong()) == []


NO_LIMIT = """
SET LOCAL ROLE relevo_app;
ALTER ROLE relevo_app RESET idle_in_transaction_session_timeout;
RESET ROLE
"""


def test_missing_setting_of_the_role_is_named_and_given_again() -> None:
    run(NO_LIMIT)
    name = "idle_in_transaction_session_timeout"
    assert list(rights.wrong()) == [f"sessions of relevo_app begin without {name} = 15s"]
    rights.grant()
    assert list(rights.wrong()) == []


def test_session_with_options_of_its_own_ends_idle_transactions_too() -> None:
    known = connection.get_connection_params()
    database = psycopg2.connect(
        host=known["host"],
        port=known.get("port"),
        dbname=known["dbname"],
        user=rights.ROLE,
        options="-c lock_timeout=1000",
    )
    with contextlib.closing(database), database.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("15s",)


def test_product_may_end_what_ends_and_change_nothing_else_of_it(cast: Cast) -> None:
    refused = {}
    run("SET ROLE relevo_app")
    for table, ended in rights.ENDED.items():
        columns = connection.introspection.get_table_description(connection.cursor(), table)
        for column in (description.name for description in columns):
            name = connection.ops.quote_name(column)
            try:
                with transaction.atomic():
                    run(f"UPDATE {table} SET {name} = {name} WHERE false")
            except DatabaseError:
                refused.setdefault(table, set()).add(column)
        assert not refused[table] & set(ended)
    run("RESET ROLE")
    assert refused["leads_decision"] == {
        "id", "kind", "at", "comment", "by_id", "handoff_id", "reason_id"
    }  # fmt: skip
