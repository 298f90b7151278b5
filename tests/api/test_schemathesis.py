"""A machine asks everything that the schema allows, and what it does not, of the product on
gunicorn.

No answer may be a 5xx, undocumented, of another media type or of another shape than the schema
says. Short form: two examples of each kind, one seed. Long form: `make soak`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from tests.harness.prepared import OURS, ROOT
from tests.harness.products import shared

CHECKS = (
    "not_a_server_error,status_code_conformance,"
    "content_type_conformance,response_schema_conformance"
)
MAKE_KEY = """
from crm.accounts.models import Membership, Team, User
from crm.api import keys
from crm.api.states import Scope
from crm.lib import clock
user = User.objects.get(email="bea@demo.relevo.test")
Membership.objects.create(user=user, team=Team.objects.get(name="Marketing"))
print(keys.create(user, "Schemathesis", Scope.values, days=30, by=user, at=clock.now())[1])
"""
pytestmark = [pytest.mark.slow, pytest.mark.faults]


@pytest.fixture(scope="module")
def running() -> dict[str, Any]:
    return shared.fresh()


@pytest.fixture(scope="module")
def key(running: dict[str, Any]) -> str:
    """Of a person of the demo who stands on both sides here, so that nothing is closed to the
    machine.
    """
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    addresses = {
        "DATABASE_URL": running["database_url"],
        "REDIS_URL": running["redis_url"],
        "RELEVO_MODE": "demo",
    }
    command = [sys.executable, "-W", "ignore", "manage.py", "shell", "--no-imports", "-c", MAKE_KEY]
    done = subprocess.run(
        command, cwd=ROOT, env={**kept, **addresses}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def rows(running: dict[str, Any], sql: str) -> Any:
    connection = psycopg2.connect(running["database_owner_url"])
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()
    finally:
        connection.close()


def ask(
    running: dict[str, Any], key: str, folder: Path, ids: dict[str, int], examples: int
) -> dict[str, Any]:
    """Run the command; its exit status and what it says."""
    known = [
        f'[[operations]]\ninclude-path-regex = "/{noun}/\\\\{{id\\\\}}/"\nparameters = {{ "path.id"'
        f" = {pk} }}\n"
        for noun, pk in ids.items()
    ]
    (folder / "schemathesis.toml").write_text("\n".join(known))
    command = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"]
    command += [
        "--config-file",
        str(folder / "schemathesis.toml"),
        "run",
        f"{running['url']}/api/v1/schema/",
    ]
    command += [
        "-H",
        f"Authorization: Bearer {key}",
        "-c",
        CHECKS,
        "-n",
        str(examples),
        "--seed",
        "20260302",
    ]
    command += [
        "--phases",
        "coverage,fuzzing",
        "--no-shrink",
        "--request-timeout",
        "60",
        # In CPython 3.11 two threads that parse code at once fail now and then ("AST constructor
        # recursion depth mismatch"), and the tool parses its own code.
        "--workers",
        "1",
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=1800)
    return {"status": done.returncode, "text": done.stdout[-6000:] + done.stderr[-2000:]}


@pytest.mark.parametrize("examples", [2, pytest.param(50, marks=pytest.mark.soak)])
def test_no_answer_is_broken_or_undocumented(
    running: dict[str, Any], key: str, tmp_path: Path, examples: int
) -> None:
    # it stands before a lead and a handoff that exist, so that not every answer is a 404
    mine = "SELECT h.lead_id, h.id FROM leads_handoff h JOIN accounts_user u ON u.id = h.owner_id"
    found = rows(
        running, f"{mine} WHERE u.email LIKE 'bea@%' AND h.state = 'accepted' ORDER BY h.id LIMIT 1"
    )[0]
    before = rows(running, "SELECT count(*) FROM leads_event")
    done = ask(running, key, tmp_path, {"leads": found[0], "handoffs": found[1]}, examples)
    assert done["status"] == 0, done["text"]
    assert rows(running, "SELECT count(*) FROM leads_event") > before, (
        "nothing that was asked did anything"
    )
