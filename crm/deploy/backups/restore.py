"""`make restore`: put a backup into an empty data folder, or into an empty database."""

from __future__ import annotations

import argparse
import contextlib
import os
from pathlib import Path

from crm.deploy.backups.archive import Archive, BackupError
from crm.deploy.backups.backup import database_of
from crm.deploy.places import EmbeddedError, data_folder, write_private
from crm.deploy.product import Product
from crm.deploy.run import remove_data, sole_user
from crm.deploy.terminal import StepFailed, say

# What may be there: the lock of runs, and the data of tests in a checkout.
NO_DATA = ("run.lock", "test", "logs")


def restore(options: argparse.Namespace, file: Path) -> str:
    """Restore ``file`` and return what `finish_restore` says of it.

    Raises BackupError, StepFailed; then nothing is left in the folder, unless the text says so.
    """
    backup = Archive(file)
    check_key(backup)
    data = data_folder(options.data)
    with sole_user(data):
        check_empty(data)
        product = Product(options, data)
        product.servers = [product.postgres] if product.postgres else []
        with contextlib.ExitStack() as stack:
            stack.callback(product.stop)
            try:
                words = load(product, backup)
            except (BackupError, StepFailed, EmbeddedError, OSError, KeyboardInterrupt):
                stack.callback(remove_data, data)
                stack.callback(product.stop)
                raise
            check(product, backup)
        return words


def load(product: Product, backup: Archive) -> str:
    """Load the dump and bring it up to this version; return what `finish_restore` says."""
    product.start_servers()
    database = database_of(product)
    if database.tables():
        raise BackupError("The database is not empty: nothing was restored.")
    say(f"Restoring {backup.size / 1e6:.1f} MB of {backup.taken_at:%Y-%m-%d %H:%M} UTC …")
    database.load(backup.pieces())
    write_private(product.data / "secret_key", backup.key)
    product.environment = product.make_environment()
    product.manage("migrate", "--noinput")
    return product.manage("finish_restore", "--taken-at", backup.taken_at.isoformat())


def check(product: Product, backup: Archive) -> None:
    """Check the promises on the rows, as late or not as they were. Raises BackupError."""
    try:
        product.manage("check_invariants", "--at", backup.taken_at.isoformat())
    except StepFailed as problem:
        raise BackupError(
            f"The backup is restored into {product.data}, but breaks promises. {problem}"
        ) from problem


def check_key(backup: Archive) -> None:
    """Raise BackupError when another key is set than the one that the data was written with."""
    key = os.environ.get("SECRET_KEY")
    if key and key != backup.key:
        raise BackupError(
            "SECRET_KEY is not the one of the backup, with which second factors are stored. Set it"
            f" to what `unzip -p {backup.path} secret_key` prints, or leave it out of .env."
        )


def check_empty(data: Path) -> None:
    """Raise BackupError unless ``data`` holds nothing that a restore could overwrite."""
    found = sorted(entry.name for entry in data.iterdir() if entry.name not in NO_DATA)
    if found:
        raise BackupError(
            f"{data} is not empty ({', '.join(found[:4])}): nothing was restored. Name an empty"
            " folder by RELEVO_DATA, or remove the data there with `make clean`."
        )
