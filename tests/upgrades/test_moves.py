"""The moves that Python allows are the moves that the triggers allow."""

from __future__ import annotations

import re
from importlib import import_module

import pytest
from django.db import connection

from crm.lib.db.state_machine import Moves
from tests.sources import dotted, python_files

# By which trigger the database enforces each table of moves.
TRIGGERS = {
    "AGREEMENT_MOVES": "sla_agreementversion_state_moves",
    "CLOCK_MOVES": "sla_clock_state_moves",
    "DISPUTE_MOVES": "leads_dispute_state_moves",
    "HANDOFF_MOVES": "leads_handoff_state_moves",
    "RETURN_MOVES": "leads_return_state_moves",
    "VERSION_MOVES": "personas_personaversion_state_moves",
}
WITHOUT = {"IMPORT_MOVES"}  # leads.imports.runs changes the state by conditional UPDATEs only


def tables() -> dict[str, Moves]:
    """Every ``…_MOVES`` of the modules named states."""
    modules = [import_module(dotted(path)) for path in python_files() if path.name == "states.py"]
    return {
        name: moves
        for module in modules
        for name, moves in vars(module).items()
        if name.endswith("_MOVES")
    }


def pairs(moves: Moves) -> set[tuple[str, str]]:
    return {(str(old), str(new)) for old, after in moves.items() for new in after}


@pytest.mark.django_db
def test_every_table_of_moves_equals_its_trigger() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname, prosrc FROM pg_trigger JOIN pg_proc p ON p.oid = tgfoid WHERE "
            "tgname LIKE '%\\_moves'"
        )
        in_database = {
            name: set(re.findall(r"\('(\w+)', '(\w+)'\)", source))
            for name, source in cursor.fetchall()
        }
    assert {
        TRIGGERS[name]: pairs(moves) for name, moves in tables().items() if name not in WITHOUT
    } == in_database
    assert set(tables()) == {*TRIGGERS, *WITHOUT}
