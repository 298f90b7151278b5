"""The servers that tests stand on. A plugin (`-p tests.services`), to come before the settings.

Without DATABASE_URL an embedded PostgreSQL is started: fast, unsafe, gone with the run. Each run of
pytest in this checkout holds a numbered folder of its own, so that two runs at once never meet.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from crm.deploy.embedded import OWNER, Postgres
from crm.deploy.places import data_folder
from tests.harness import prepared, tally

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = 20


class Services:
    """The running server of this pytest, and the lock on its folder."""

    postgres: Postgres | None = None
    lock: IO[str] | None = None
    counts = False  # whether the file of counts is ours


def free_folder() -> tuple[Path, IO[str]]:
    """The first folder below `.relevo/test` that no other run holds, and the lock on it."""
    for number in range(1, FOLDERS + 1):
        folder = data_folder(ROOT / ".relevo" / "test" / str(number))
        lock = (folder / "run.lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        return folder, lock
    raise pytest.UsageError(f"All {FOLDERS} folders below .relevo/test are in use")


def start() -> None:
    """Set what the settings read; start PostgreSQL unless an address is given (workers
    inherit it).
    """
    # Tests start a hundred processes: each would compile the product anew, for half a second.
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.setdefault("RELEVO_MODE", "test")
    os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)
    # Tests connect as the owner, who makes tables; guard tests take the product's role with SET
    # ROLE.
    owner_url = os.environ.pop("DATABASE_OWNER_URL", "") or os.environ.get("DATABASE_URL", "")
    if not owner_url:
        folder, Services.lock = free_folder()
        Services.postgres = Postgres(folder, for_tests=True)
        # a killed run leaves sessions behind, which would block the new test database
        Services.postgres.stop()
        if prepared.read_note(folder) != prepared.digest("empty"):
            prepared.copy_database("empty", folder)
        os.environ["RELEVO_TEST_TEMPLATE"] = prepared.TEMPLATE
        Services.postgres.start()
        with (
            contextlib.closing(Services.postgres.connect()) as superuser,
            superuser.cursor() as cursor,
        ):
            cursor.execute(
                f"GRANT SET ON PARAMETER session_replication_role TO {OWNER}"
            )  # tests.harness.remembered
        owner_url = Services.postgres.owner_url
    os.environ["DATABASE_URL"] = owner_url
    if tally.VARIABLE not in os.environ:  # workers count into the file of their run
        handle, os.environ[tally.VARIABLE] = tempfile.mkstemp(prefix="relevo-tally-")
        os.close(handle)
        Services.counts = True


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    start()
    return (yield)


def pytest_unconfigure() -> None:
    if Services.postgres:
        Services.postgres.stop()
        Services.postgres = None
    if Services.lock:
        Services.lock.close()
    if Services.counts:
        Path(os.environ.pop(tally.VARIABLE)).unlink()
        Services.counts = False
