"""Running products for tests: one in each process that most of them share, and others of their own.

The shared one is started when a test first asks for it. Each module or test gets its database
fresh, and it ends when the next test is of another kind. A plugin (`-p tests.harness.products`).
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from crm.deploy.embedded import DATABASE, OWNER, Postgres, Valkey
from crm.deploy.processes import is_alive
from tests.harness import prepared, tally
from tests.harness.prepared import OURS, ROOT

SETTINGS = "tests.harness.product_settings"
# Two of what may run more than once, as fault tests need them; Valkey stays dead when a test kills
# it.
OPTIONS = ("--workers", "2", "--beats", "2", "--leave-dead", "valkey")
VARIABLES = {"DJANGO_SETTINGS_MODULE": SETTINGS, "API_REQUESTS_PER_MINUTE": "100000"}
MARKS = ("browser", "faults")  # of tests that may stand before the shared product


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A data folder that the servers can reach, also when root runs the tests; removed with
    all in it.
    """
    where = {"prefix": "relevo-test-", "dir": "/var/tmp"}
    with tempfile.TemporaryDirectory(**where, ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        folder.chmod(0o711)
        try:
            yield folder
        finally:
            for server in (Postgres(folder), Valkey(folder)):
                server.stop()


@contextlib.contextmanager
def product(
    *arguments: str, data: Path, within: float = 240, **variables: str
) -> Iterator[dict[str, Any]]:
    """Run the whole product with servers of its own, as `make run` does, and yield its ready file.

    ``arguments`` are options of crm.deploy.run, ``variables`` into its environment. A new ``data``
    folder begins as a copy of the prepared demo, or of the prepared empty database.
    """
    tally.add(tally.START)
    kind = "empty" if "--no-demo" in arguments else "demo"
    if fresh := not (data / "postgres").exists():
        usual = "development" if kind == "empty" else "demo"
        prepared.copy_all(kind, data, variables.get("RELEVO_MODE", usual))
    ready = data / "ready.json"
    ready.unlink(missing_ok=True)
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    command = [sys.executable, "-m", "crm.deploy.run", "--embedded", "--with-parent", "--port", "0"]
    command += ["--data", str(data), "--ready-file", str(ready), *arguments]
    with (data / "run.txt").open("w") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment | variables, stdout=out, stderr=out
        )
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


def reset(state: dict[str, Any]) -> None:
    """Put a fresh copy of its prepared database under a running product, which connects anew."""
    postgres = Postgres(Path(state["data"]))
    with contextlib.closing(postgres.connect()) as superuser, superuser.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "fresh" TEMPLATE "{prepared.TEMPLATE}" OWNER "{OWNER}"')
        cursor.execute('REVOKE TEMPORARY ON DATABASE "fresh" FROM PUBLIC')  # no copy takes it over
        if state["mode"] == "demo":
            prepared.run_on(state["database_owner_url"].replace(f"/{DATABASE}?", "/fresh?"))
        cursor.execute(f'DROP DATABASE "{DATABASE}" WITH (FORCE)')
        cursor.execute(f'ALTER DATABASE "fresh" RENAME TO "{DATABASE}"')


def manage(state: dict[str, Any], *arguments: str, expect: int = 0, **variables: str) -> str:
    """Run a management command on a running product's data and return what it prints."""
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    addresses = {
        "DATABASE_URL": state["database_url"],
        "REDIS_URL": state["redis_url"],
        "RELEVO_MODE": state["mode"],
        "RELEVO_STATIC": str(Path(state["data"]) / "static"),
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", *arguments],
        cwd=ROOT,
        env={**kept, **addresses, **variables},
        capture_output=True,
        text=True,
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout


class Shared:
    """The product that the tests of this process share."""

    def __init__(self) -> None:
        self.stack = contextlib.ExitStack()
        self.state: dict[str, Any] = {}

    def fresh(self) -> dict[str, Any]:
        """Return its ready file; it runs, and its database is as it was after seeding."""
        if self.is_running():
            reset(self.state)
        else:
            self.close()
            data = self.stack.enter_context(scratch_folder())
            self.state = self.stack.enter_context(product(*OPTIONS, data=data, **VARIABLES))
        return self.state

    def is_running(self) -> bool:
        if not self.state:
            return False
        try:
            return is_alive(psutil.Process(self.state["pids"]["supervisor"]))
        except psutil.NoSuchProcess:
            return False

    def close(self) -> None:
        self.state = {}
        self.stack.close()


shared = Shared()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Iterator[None]:
    try:
        return (yield)
    finally:
        if nextitem is None or not any(map(nextitem.get_closest_marker, MARKS)):
            shared.close()
