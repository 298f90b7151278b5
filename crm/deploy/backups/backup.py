"""`make backup`: one file with all data and the secret key, taken while the product runs."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from crm.deploy.backups import archive
from crm.deploy.backups.archive import BackupError
from crm.deploy.backups.postgres_tools import Database
from crm.deploy.places import data_folder
from crm.deploy.product import Product
from crm.deploy.run import servers_of

FOLDER = Path("backups")  # of the current folder, where no other place is named
# Printed after a dump that came to its end; a pipe does not tell its reader of a failure.
WHOLE = b"whole\n"


def backup(options: argparse.Namespace, file: Path | None) -> Path:
    """Write a backup of the data of ``options`` into ``file``, or into a new file in that folder.

    Raises BackupError.
    """
    if not (options.data.exists() or os.environ.get("DATABASE_URL")):
        raise BackupError(f"There is no data of Relevo in {options.data}.")
    data = data_folder(options.data)
    product = Product(options, data)
    if product.postgres and not product.postgres.home.exists():
        raise BackupError(f"There is no data of Relevo in {data}.")
    key = key_of(data)
    # Only the database is saved; what Valkey holds is work on its way, which rows tell anew.
    product.servers = [product.postgres] if product.postgres else []
    with servers_of(product):
        database = database_of(product)
        taken_at = database.now()
        path = place(file, taken_at)
        partial = path.with_name(f"{path.name}.partial")
        try:
            with private_file(partial) as out:
                with database.dump() as dump:
                    size = archive.write(out, dump, key=key, taken_at=taken_at)
                out.flush()
                os.fsync(out.fileno())
            if not size:
                raise BackupError("The dump is empty.")
            partial.rename(path)
        finally:
            partial.unlink(missing_ok=True)
    return path


def database_of(product: Product) -> Database:
    """Return the database as the role that owns its tables."""
    if product.postgres:
        return Database(product.postgres.owner_url, is_embedded=True)
    return Database(os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"])


def key_of(data: Path) -> str:
    """Return the key that the product uses. Raises BackupError: a new one would be worthless."""
    stored = data / "secret_key"
    if key := os.environ.get("SECRET_KEY"):
        return key
    if not stored.exists():
        raise BackupError(f"SECRET_KEY is not set, and there is none in {stored}.")
    return stored.read_text().strip()


def place(file: Path | None, taken_at: datetime) -> Path:
    """Return the path of the new file. Raises BackupError for one that exists."""
    name = f"relevo-{taken_at.astimezone(UTC):%Y-%m-%dT%H%M%SZ}.zip"
    if file is None:
        FOLDER.mkdir(mode=0o700, exist_ok=True)
        file = FOLDER
    path = file / name if file.is_dir() else file
    if path.exists():
        raise BackupError(f"{path} exists already; a backup never takes the place of another.")
    if not path.parent.is_dir():
        raise BackupError(f"There is no folder {path.parent}.")
    return path


def private_file(path: Path) -> BinaryIO:
    """Open a new file that only its owner can read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


class UpToMark:
    """Reads ``stream`` up to WHOLE, its last bytes. Raises BackupError where they are missing."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.kept = b""

    def read(self, size: int = -1, /) -> bytes:
        while piece := self.stream.read(size):
            self.kept += piece
            ready, self.kept = self.kept[: -len(WHOLE)], self.kept[-len(WHOLE) :]
            if ready:
                return ready
        if self.kept != WHOLE:
            raise BackupError("The dump was cut off: nothing may be restored from this backup.")
        return b""


def pack() -> None:
    """Write a backup to standard output, of the dump on standard input (docker compose)."""
    key = os.environ.get("SECRET_KEY")
    if not key:
        raise BackupError("SECRET_KEY is not set.")
    taken_at = datetime.now(UTC)
    archive.write(sys.stdout.buffer, UpToMark(sys.stdin.buffer), key=key, taken_at=taken_at)
