"""The bytes of an uploaded file, kept in the database: web and workers may run on different
machines.
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
    """Write ``pieces`` into a file; returns their size and SHA-256."""
    size, seen = 0, hashlib.sha256()
    for piece in pieces:
        seen.update(piece)
        size += into.write(piece)
    into.flush()
    return size, seen.hexdigest()


def keep(run: ImportRun, path: Path) -> None:
    """Store the file at ``path`` as the file of ``run``."""
    with path.open("rb") as file:
        for number, data in enumerate(iter(lambda: file.read(PIECE), b"")):
            ImportChunk.objects.create(run=run, number=number, data=data)


def drop(run: ImportRun) -> None:
    """Forget the file of ``run``: it holds people's data and has served."""
    ImportChunk.objects.filter(run=run).delete()


@contextmanager
def fetched(run: ImportRun) -> Iterator[Path]:
    """The file of ``run`` on this machine's disk, as long as the block lasts."""
    with tempfile.NamedTemporaryFile(prefix="relevo-import-") as file:
        numbers = (
            ImportChunk.objects.filter(run=run).order_by("number").values_list("pk", flat=True)
        )
        for pk in list(numbers):
            file.write(ImportChunk.objects.values_list("data", flat=True).get(pk=pk))
        file.flush()
        yield Path(file.name)
