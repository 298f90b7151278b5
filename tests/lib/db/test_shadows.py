"""Temporary tables with the names of real ones: a guard never reads what its caller wrote there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection, transaction
from psycopg2 import errors

from crm.lib.db import rights
from tests import factories
from tests.factories import Cast


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def refusal(statement: str) -> str | None:
    """Return the first line of the refusal of ``statement``, or None when it is obeyed."""
    try:
        with transaction.atomic():
            run(f"{statement}; SET CONSTRAINTS ALL IMMEDIATE")
            transaction.set_rollback(True)
    except DatabaseError as error:
        return str(error).splitlines()[0]
    return None


# Each would be obeyed if the guard believed what the temporary tables say: that nothing is signed
# or published, that everybody is active, and that every lead did something.
ATTACKS = {
    "UPDATE public.sla_commitment SET target = target / 2": "sla_commitment belongs",
    (
        "UPDATE public.sla_ladderstep SET offset_minutes = offset_minutes + 1"
        " WHERE offset_minutes > 0"
    ): "sla_ladderstep belongs",
    "DELETE FROM public.sla_agreementversion_rejection_reasons": "sla_agreementversion_reject",
    (
        "INSERT INTO public.sla_agreementversion_personas (agreementversion_id, persona_id)"
        " SELECT v.id, p.id FROM public.sla_agreementversion v, public.personas_persona p"
    ): "sla_agreementversion_personas",
    "DELETE FROM public.sla_openwindow": "sla_openwindow belongs",
    (
        "INSERT INTO public.sla_agreement_teams (agreement_id, team_id)"
        " SELECT a.id, t.id FROM public.sla_agreement a, public.accounts_team t"
    ): "sla_agreement_teams belongs",
    "UPDATE public.sla_agreement SET name = 'x'": "agreement ",
    "UPDATE public.sla_calendar SET time_zone = 'UTC'": "the hours of calendar ",
    "UPDATE public.personas_criterion SET weight = weight + 1": "personas_criterion: the criteria",
    "UPDATE public.leads_handoff SET owner_id = {left}": "leads_handoff: person ",
    ("UPDATE public.leads_lead SET mql_on = '2026-03-02' WHERE mql_on IS NULL"): "lead ",
}


@pytest.fixture
def attacks(cast: Cast) -> dict[str, str]:
    factories.accepted(cast)
    factories.lead(cast, did=None)
    cast.extra.is_active = False
    cast.extra.save(update_fields=["is_active"])
    return {
        attack.replace("{left}", str(cast.extra.pk)): words for attack, words in ATTACKS.items()
    }


@pytest.fixture
def shadowed(attacks: dict[str, str]) -> Iterator[dict[str, str]]:
    """The attacks, in a session of the product's role that shadows each table.

    It may do so here only because the owner allows it.
    """
    run(f"GRANT TEMPORARY ON DATABASE {connection.settings_dict['NAME']} TO relevo_app")
    run("SET ROLE relevo_app")
    for (table,) in rights.rows(rights.TABLE_NAMES):
        run(f"CREATE TEMPORARY TABLE {table} AS TABLE public.{table} WITH NO DATA")
    run("INSERT INTO accounts_user SELECT * FROM public.accounts_user")
    run("UPDATE accounts_user SET is_active = true")
    run("INSERT INTO leads_valuableaction (id, lead_id) SELECT id, id FROM public.leads_lead")
    yield attacks
    run("RESET ROLE")


def test_guards_read_the_real_tables(shadowed: dict[str, str]) -> None:
    found = {attack: refusal(attack) for attack in shadowed}
    assert {
        attack: (words or "")[: len(shadowed[attack])] for attack, words in found.items()
    } == shadowed


def test_attacks_succeed_without_the_search_path(shadowed: dict[str, str]) -> None:
    """The same statements, against guards that look where their caller looks."""
    run("RESET ROLE")
    for signature, is_trigger, *_more in rights.rows(rights.FUNCTIONS):
        if is_trigger:
            run(f"ALTER FUNCTION {signature} RESET search_path")
    run("SET ROLE relevo_app")
    assert {attack: refusal(attack) for attack in shadowed} == dict.fromkeys(shadowed)


@pytest.mark.django_db
def test_product_shadows_nothing() -> None:
    tables = [table for (table,) in rights.rows(rights.TABLE_NAMES)]
    run("SET ROLE relevo_app")
    made = []
    for table in tables:
        try:
            with transaction.atomic():
                run(f"CREATE TEMPORARY TABLE {table} (LIKE public.{table})")
            made.append(table)
        except DatabaseError as error:
            assert isinstance(error.__cause__, errors.InsufficientPrivilege), error
    run("RESET ROLE")
    assert made == []
