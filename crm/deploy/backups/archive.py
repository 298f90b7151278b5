"""The file of a backup: a dump of the database, the secret key, and the moment of both.

A ZIP file, so that any `unzip` reads it, and a copy that was cut off or damaged is noticed before
anything is restored. The dump is compressed already.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol

DUMP = "database.dump"
KEY = "secret_key"
TAKEN_AT = "taken_at"
PIECE = 1 << 20  # bytes


class BackupError(RuntimeError):
    """A backup cannot be written or restored; the text says why and what to do."""


class Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def write(out: BinaryIO, dump: Readable, *, key: str, taken_at: datetime) -> int:
    """Write a backup to ``out`` and return the size of ``dump``, which is read to its end."""
    with zipfile.ZipFile(out, "w") as archive:
        # The dump is last: whoever lists the file sees at once what it is.
        archive.writestr(TAKEN_AT, taken_at.astimezone(UTC).isoformat())
        archive.writestr(KEY, key)
        with archive.open(DUMP, "w", force_zip64=True) as member:
            shutil.copyfileobj(dump, member, PIECE)
        return archive.getinfo(DUMP).file_size


class Archive:
    """A backup that is whole. Raises BackupError for any other file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise BackupError(f"There is no file {path}.")
        try:
            with zipfile.ZipFile(path) as archive:
                damaged = archive.testzip()
                self.key = archive.read(KEY).decode()
                self.taken_at = datetime.fromisoformat(archive.read(TAKEN_AT).decode())
                self.size = archive.getinfo(DUMP).file_size
        except (zipfile.BadZipFile, KeyError, ValueError) as problem:
            raise BackupError(f"{path} is no backup of Relevo, or was cut off.") from problem
        if damaged or not self.size:
            raise BackupError(f"{path} is damaged: {damaged or DUMP} is not as it was written.")

    def pieces(self) -> Iterator[bytes]:
        """Yield the dump in pieces."""
        with zipfile.ZipFile(self.path) as archive, archive.open(DUMP) as member:
            while piece := member.read(PIECE):
                yield piece
