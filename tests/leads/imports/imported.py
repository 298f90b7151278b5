"""Small files on their way through an import."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.http import HttpResponse
from django.test import Client

from leads.imports import runs, stored_file, worker
from leads.models import ImportRun
from tests.factories import Cast, when
from tests.pages import post_form

AT = when("2026-03-02 10:00")
HEADER = "Nombre,Correo,Teléfono,Empresa,País,Fuente,Acción de valor,Id externo\n"


def row(number: int) -> str:
    return (
        f"Persona {number},p{number}@a.test,55 4000 {number:04},Empresa"
        f" {number // 2},MX,event,sent_form,x-{number}\n"
    )


def file(folder: Path, rows: int, *, begin: int = 1, more: str = "") -> Path:
    """A file of ``rows`` people numbered from ``begin``, and the lines ``more``."""
    path = folder / f"{begin}-{rows}-{len(more)}.csv"
    path.write_text(HEADER + "".join(map(row, range(begin, begin + rows))) + more, encoding="utf-8")
    return path


def uploaded(cast: Cast, path: Path, *, at: datetime = AT, **changes: Any) -> ImportRun:
    with path.open("rb") as given, (path.parent / "copy").open("wb") as into:
        size, sha256 = stored_file.copy(iter(lambda: given.read(65536), b""), into)
    chosen = {"team": cast.marketing, "by": cast.ana, "at": at, **changes}
    return runs.upload(path, path.name, size=size, sha256=sha256, **chosen)


def asked(
    run: ImportRun, cast: Cast, *, at: datetime = AT, targets: list[str] | None = None
) -> ImportRun:
    """Matched as suggested; the dry run waits for a worker."""
    runs.match(run, targets or run.columns, source=None, first_action=None, by=cast.ana, at=at)
    return run


def checked(cast: Cast, path: Path, **changes: Any) -> ImportRun:
    run = asked(uploaded(cast, path, **changes), cast)
    worker.work(60)
    run.refresh_from_db()
    return run


def started(cast: Cast, path: Path, *, at: datetime = AT, **changes: Any) -> ImportRun:
    run = checked(cast, path, **changes)
    runs.start(run, by=cast.ana, at=at)
    return run


def imported(cast: Cast, path: Path, **changes: Any) -> ImportRun:
    run = started(cast, path, **changes)
    worker.work(60)
    run.refresh_from_db()
    return run


def press(client: Client, run: ImportRun, act: str, data: Any = None) -> HttpResponse:
    """Post the form of ``act`` as the pages of ``run`` show it."""
    page = f"/imports/{run.pk}/"
    # The page of a checked import leads on to that of its columns.
    on = f"{page}columns/" if act in ("columns", "reading") else page
    return post_form(client, f"{page}{act}/", data, on=on)
