"""The servers that tests stand on. A plugin (`-p tests.services`), to come before the settings.

Without DATABASE_URL an embedded PostgreSQL is started: fast, unsafe, gone with the run. Each run of pytest in
this checkout holds a numbered folder of its own, so that two runs at once never meet.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from crm.deploy.embedded import OWNER, Postgres, Valkey
from crm.deploy.places import data_folder
from tests.harness import prepared
from tests.harness.prepared import OURS

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = 20
TOGETHER = ("tests/browser/", "tests/alignment/test_olist_numbers.py")


class Services:
    """The running server of this pytest, and the lock on its folder."""

    postgres: Postgres | None = None
    lock: IO[str] | None = None


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
    """Set what the settings read; start PostgreSQL unless an address is given (workers inherit it)."""
    os.environ.setdefault("RELEVO_MODE", "test")
    os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)
    # Tests connect as the owner, who makes tables; guard tests take the product's role with SET ROLE.
    owner_url = os.environ.pop("DATABASE_OWNER_URL", "") or os.environ.get("DATABASE_URL", "")
    if not owner_url:
        folder, Services.lock = free_folder()
        Services.postgres = Postgres(folder, for_tests=True)
        Services.postgres.stop()  # a killed run leaves sessions behind, which would block the new test database
        if prepared.read_note(folder) != prepared.digest("empty"):
            prepared.copy_database("empty", folder)
        os.environ["RELEVO_TEST_TEMPLATE"] = prepared.TEMPLATE
        Services.postgres.start()
        with contextlib.closing(Services.postgres.connect()) as superuser, superuser.cursor() as cursor:
            cursor.execute(f"GRANT SET ON PARAMETER session_replication_role TO {OWNER}")  # tests.remembered
        owner_url = Services.postgres.owner_url
    os.environ["DATABASE_URL"] = owner_url


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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Modules with a product or an import of their own go to one worker each; all else goes where there is room.

    Not by marks (--dist loadgroup): pytest 9.2 and xdist 3.8 together do not see them.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByProduct(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid.split("::")[0] if nodeid.startswith(TOGETHER) else nodeid

    return ByProduct(config, log)


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A data folder that the servers can reach, also when root runs the tests; removed with all in it."""
    with tempfile.TemporaryDirectory(prefix="relevo-test-", dir="/var/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        folder.chmod(0o711)
        try:
            yield folder
        finally:
            for server in (Postgres(folder), Valkey(folder)):
                server.stop()


@contextlib.contextmanager
def product(*arguments: str, data: Path, within: float = 240, **variables: str) -> Iterator[dict[str, Any]]:
    """Run the whole product with servers of its own, as `make run` does, and yield what its ready file says.

    ``arguments`` are options of crm.deploy.run, ``variables`` into its environment. It is stopped at the end.
    A new ``data`` folder begins as a copy of the prepared demo, or of the prepared empty database.
    """
    kind = "empty" if "--no-demo" in arguments else "demo"
    if fresh := not (data / "postgres").exists():
        usual = "development" if kind == "empty" else "demo"
        prepared.copy_all(kind, data, variables.get("RELEVO_MODE", usual))
    ready = data / "ready.json"
    ready.unlink(missing_ok=True)
    environment = {name: value for name, value in os.environ.items() if name not in OURS} | variables
    command = [sys.executable, "-m", "crm.deploy.run", "--embedded", "--with-parent", "--port", "0"]
    command += ["--data", str(data), "--ready-file", str(ready), *arguments]
    with (data / "run.txt").open("w") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
    try:
        until = time.monotonic() + within
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"The product did not start:\n{(data / 'run.txt').read_text()[-3000:]}")
            time.sleep(0.1)
        state = json.loads(ready.read_text())
        if fresh and kind == "demo":
            prepared.run_on(state["database_owner_url"])
        yield state
    finally:
        process.terminate()
        process.wait(timeout=120)
