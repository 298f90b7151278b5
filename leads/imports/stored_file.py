"""The bytes of an uploaded file, kept in the database.

Web and workers may run on different machines, so no disk is common to them.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from leads.models import ImportChunk, ImportRun

PIECE = 262_144  # bytes


def copy(pieces: Iterable[bytes], into: IO[bytes]) -> tuple[int, str]:
    """Write ``pieces`` into a file; return their size and SHA-256."""
    size = 0
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
        size += into.write(piece)
    # The table is read through the path of the file, past this buffer.
    into.flush()
    return size, digest.hexdigest()


def keep(run: ImportRun, path: Path) -> None:
    """Store the file at ``path`` as the file of ``run``."""
    with path.open("rb") as file:
        number = 0
        while data := file.read(PIECE):
            ImportChunk.objects.create(run=run, number=number, data=data)
            number += 1


def drop(run: ImportRun) -> None:
    """Delete the file of ``run``: it holds personal data and is not needed any more."""
    ImportChunk.objects.filter(run=run).delete()


@contextmanager
def fetched(run: ImportRun) -> Iterator[Path]:
    """Put the file of ``run`` on this machine's disk as long as the block lasts."""
    with tempfile.NamedTemporaryFile(prefix="relevo-import-") as file:
        chunks = ImportChunk.objects.filter(run=run).order_by("number")
        # One piece at a time: the whole file does not have to fit in memory.
        for pk in list(chunks.values_list("pk", flat=True)):
            file.write(ImportChunk.objects.values_list("data", flat=True).get(pk=pk))
        file.flush()
        yield Path(file.name)
