"""Data folders that tests copy, instead of migrating, seeding and collecting static files again.

``empty`` is migrated; ``demo`` has the demo data as well. Each is made when a test first needs it,
and again when what it is made of has changed. In ``demo`` time stands still at the moment after
seeding until a product is up, so that its queue looks the same however old the folder is.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2

from crm.deploy.embedded import DATABASE, OWNER, Postgres, Valkey
from crm.deploy.places import data_folder, write_private
from crm.deploy.product import Product
from crm.deploy.run import parse
from crm.deploy.static_files import static_digest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("crm", "leads", "personas", "sla")
TEMPLATE = "pristine"  # a database like the product's own, to which nothing ever connects
NOTE = "prepared.digest"
# Set by the tests for themselves; a product under test must not inherit them.
OURS = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "RELEVO_MODE",
    "RELEVO_DATA",
)


def digest(kind: str) -> str:
    """Return a digest of everything that a prepared folder of this kind depends on."""
    seen = hashlib.sha256(kind.encode())
    for path in (Path(__file__), ROOT / "requirements.txt", *_sources(kind)):
        seen.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return seen.hexdigest()


def _sources(kind: str) -> Iterator[Path]:
    pattern = "**/migrations/*.py" if kind == "empty" else "**/*"
    for app in APPS:
        found = sorted((ROOT / app).glob(pattern))
        yield from (path for path in found if path.is_file() and "__pycache__" not in path.parts)
    yield ROOT / "crm" / "deploy" / "embedded.py"


@contextlib.contextmanager
def prepared(kind: str) -> Iterator[Path]:
    """Yield the prepared folder, which nobody else touches meanwhile."""
    folder = data_folder(ROOT / ".relevo" / "test" / f"prepared-{kind}")
    with (folder / "run.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = digest(kind)
        if read_note(folder) != wanted:
            _remove(folder)
            _make(kind, folder)
            (folder / "postgres" / NOTE).write_text(wanted)
        yield folder


def read_note(data: Path) -> str:
    """Return the digest that the database of this folder was copied or made with; empty
    without one.
    """
    note = data / "postgres" / NOTE
    return note.read_text() if note.exists() else ""


def _remove(folder: Path) -> None:
    for server in (Postgres(folder), Valkey(folder)):  # a killed run may have left them
        server.stop()
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "run.lock":
            path.unlink()


def _make(kind: str, folder: Path) -> None:
    """Run the first steps of `make run` in ``folder``; in a process of its own, with a clean
    environment.
    """
    if kind == "demo":
        copy_database("empty", folder)
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    command = [sys.executable, "-m", "tests.harness.prepared", kind, str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(
            f"{folder} could not be prepared:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        )


def main(kind: str, folder: str) -> None:
    data = Path(folder)
    more = ["--no-demo"] if kind == "empty" else []
    product = Product(parse(["--embedded", "--data", folder, *more]), data)
    product.postgres = Postgres(data, for_tests=True)
    product.servers = [product.postgres]
    with contextlib.ExitStack() as stack:
        stack.callback(product.stop)
        product.start_servers()
        product.environment = product.make_environment()
        product.prepare()
        if kind == "demo":
            with connected(product.owner_url) as cursor:
                cursor.execute("SELECT clock_timestamp()")
                cursor.execute(
                    clock_body(f"SELECT '{cursor.fetchone()[0].isoformat()}'::timestamptz")
                )
        with (
            contextlib.closing(product.postgres.connect()) as superuser,
            superuser.cursor() as cursor,
        ):
            cursor.execute("ALTER SYSTEM SET fsync = off")  # loses nothing to a killed process
            cursor.execute(f'DROP DATABASE IF EXISTS "{TEMPLATE}"')
            cursor.execute(f'CREATE DATABASE "{TEMPLATE}" TEMPLATE "{DATABASE}" OWNER "{OWNER}"')


# -- Copies


def copy_database(kind: str, data: Path) -> None:
    """Put a copy of the prepared PostgreSQL into ``data``, in place of its own."""
    with prepared(kind) as folder:
        shutil.rmtree(data / "postgres", ignore_errors=True)
        _copy(folder / "postgres", data)


def copy_all(kind: str, data: Path, mode: str) -> None:
    """Put copies of the prepared PostgreSQL and static files into ``data``, for a product in
    ``mode``.
    """
    with prepared(kind) as folder:
        _copy(folder / "postgres", data)
        _copy(folder / "static", data)
    write_private(data / "static.digest", static_digest(f"{mode} {data / 'static'}"))


def _copy(source: Path, into: Path) -> None:
    """Copy a folder with its owners and modes, which shutil does not keep."""
    subprocess.run(["cp", "-a", str(source), str(into)], check=True)


# -- Time


@contextlib.contextmanager
def connected(url: str) -> Iterator[Any]:
    """A cursor that commits each statement."""
    with contextlib.closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


def clock_body(body: str) -> str:
    """Return the statement that makes ``body`` the one clock of the product."""
    return (
        f"CREATE OR REPLACE FUNCTION relevo_now() RETURNS timestamptz LANGUAGE sql VOLATILE "
        f"AS $relevo${body}$relevo$"
    )


def run_on(url: str) -> None:
    """Let a prepared demo's time run on from where it stands still."""
    with connected(url) as cursor:
        cursor.execute("SELECT extract(epoch FROM relevo_now() - clock_timestamp())")
        seconds = cursor.fetchone()[0]
        cursor.execute(clock_body(f"SELECT clock_timestamp() + interval '{seconds} seconds'"))


if __name__ == "__main__":
    main(*sys.argv[1:])
