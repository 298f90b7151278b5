"""Databases with crowds. Each is built once and copied for every run, which changes the copy.

In a folder that is kept, later runs find the crowds built there, as long as the modules that make
crowds have not changed; migrations that came later are applied to the copy.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from dataclasses import dataclass, fields
from pathlib import Path

from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction

from crm.accounts import people
from crm.deploy.embedded import DATABASE, OWNER, Postgres
from leads.lists import owners
from sla import snapshot_bodies
from tests.bench.crowds import bulk, crowd, desks, plan, pouring, staff
from tests.bench.crowds.crowd import Crowd
from tests.factories import Cast


@dataclass
class Databases:
    """The databases of ``server``, one for each size."""

    server: Postgres

    def open(self, leads: int) -> tuple[str, Crowd]:
        """Copy the crowd of ``leads`` leads; return the copy's name and who is in it."""
        kept = f"crowd_{leads}_{_digest()}"
        if not self._names(kept):
            self._build(kept, leads)
        copy = f"run_{leads}"
        self._execute(f"DROP DATABASE IF EXISTS {copy} WITH (FORCE)")
        self._execute(f"CREATE DATABASE {copy} TEMPLATE {kept} OWNER {OWNER} STRATEGY file_copy")
        # The CPU of a parallel worker, which ends with its statement, would not be measured.
        self._execute(f"ALTER DATABASE {copy} SET max_parallel_workers_per_gather = 0")
        use(copy)
        call_command("migrate", verbosity=0)
        return copy, _recalled(self._note(kept))

    def close(self, copy: str) -> None:
        use(DATABASE)
        self._execute(f"DROP DATABASE IF EXISTS {copy} WITH (FORCE)")

    def _build(self, kept: str, leads: int) -> None:
        began = time.monotonic()
        for old in self._names(f"crowd_{leads}_%"):
            self._execute(f"DROP DATABASE {old} WITH (FORCE)")
        partial = f"building_{leads}"
        self._execute(f"DROP DATABASE IF EXISTS {partial} WITH (FORCE)")
        self._execute(f"CREATE DATABASE {partial} OWNER {OWNER}")
        use(partial)
        call_command("migrate", verbosity=0)
        self._execute(f"ALTER ROLE {OWNER} SUPERUSER")
        try:
            with transaction.atomic(), bulk.in_bulk():
                made = crowd.gather(leads)
        finally:
            self._execute(f"ALTER ROLE {OWNER} NOSUPERUSER")
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")
        self._note(kept).write_text(json.dumps(_noted(made)))
        use(DATABASE)
        self._execute(f"ALTER DATABASE {partial} RENAME TO {kept}")
        print(f"{leads:,} leads built in {time.monotonic() - began:.0f} s", flush=True)

    def _note(self, kept: str) -> Path:
        """Return the file that says who is in the crowd."""
        return self.server.data / f"{kept}.json"

    def _names(self, pattern: str) -> list[str]:
        sql = "SELECT datname FROM pg_database WHERE datname LIKE %s"
        with contextlib.closing(self.server.connect()) as superuser, superuser.cursor() as cursor:
            cursor.execute(sql, [pattern])
            return [name for (name,) in cursor.fetchall()]

    def _execute(self, sql: str) -> None:
        with contextlib.closing(self.server.connect()) as superuser, superuser.cursor() as cursor:
            cursor.execute(sql)


def use(database: str) -> None:
    """Let this process, and those it starts from now on, work on ``database``."""
    connection.close()
    name = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = database
    address = os.environ["DATABASE_URL"]
    os.environ["DATABASE_URL"] = address.replace(f"@/{name}?", f"@/{database}?")
    # What this process knows is of the database before.
    snapshot_bodies.forget_stored()
    people.forget_words()
    owners.forget_former()


def _digest() -> str:
    """Return what tells crowds of these modules from those of others."""
    texts = [Path(module.__file__).read_bytes() for module in (crowd, desks, plan, pouring, staff)]
    return hashlib.sha256(b"".join(texts)).hexdigest()[:8]


def _noted(made: Crowd) -> dict[str, object]:
    rows = {field.name: getattr(made.cast, field.name) for field in fields(Cast)}
    keys = {name: (row._meta.label, row.pk) for name, row in rows.items()}
    return {"cast": keys, "leads": made.leads, "pending": made.pending}


def _recalled(note: Path) -> Crowd:
    noted = json.loads(note.read_text())
    rows = {
        name: apps.get_model(label).objects.get(pk=pk)  # type: ignore[attr-defined]
        for name, (label, pk) in noted["cast"].items()
    }
    return crowd.with_cast(Cast(**rows), noted["leads"], noted["pending"])
