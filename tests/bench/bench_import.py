"""How fast an import runs and what it costs: 20,000 rows without duplicates, in the database that
is set up.

``run()`` leaves its leads behind: call it on a database made for it.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

ROWS, RATE, MEMORY = 20_000, 1_000, 60  # rows; at least so many a second; MB of growth at most


def kilobytes() -> int:
    """What this process has in memory now."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(
        next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[
            1
        ]
    )


def forget_peak() -> None:
    """Let the peak begin anew from here, where the system can."""
    marker = Path("/proc/self/clear_refs")
    if marker.exists():
        marker.write_text("5")


def database_seconds() -> float:
    """CPU of the database's process that serves us; 0 where it runs on another machine."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        status = Path(f"/proc/{cursor.fetchone()[0]}/stat")
    if not status.exists():
        return 0.0
    user, system = status.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def timed(act: Any) -> dict[str, float]:
    """Seconds on the clock, seconds of CPU (ours, the database's), growth of the peak memory while
    ``act`` runs.
    """
    forget_peak()
    memory, database = kilobytes(), database_seconds()
    cpu, begun = time.process_time(), time.monotonic()
    act()
    return {
        "seconds": time.monotonic() - begun,
        "cpu_seconds": time.process_time() - cpu,
        "database_cpu_seconds": database_seconds() - database,
        "memory_mb": (kilobytes() - memory) / 1024,
    }


def run(rows: int = ROWS) -> dict[str, Any]:
    """{"rows", "check": …, "import": …} with rows per second, CPU seconds and MB of peak memory
    growth of each.
    """
    from crm.lib import clock
    from leads.imports import runs, worker
    from leads.models import ImportRun
    from tests import factories
    from tests.leads.imports import imported

    cast, found = factories.cast(), {}
    with tempfile.TemporaryDirectory() as folder:
        imported.imported(
            cast, imported.file(Path(folder), 1, begin=10_000_000)
        )  # what runs once runs before
        run = imported.uploaded(cast, imported.file(Path(folder), rows), at=clock.now())
    imported.asked(run, cast, at=clock.now())
    found["check"] = timed(lambda: worker.work(3600))
    run.refresh_from_db()
    runs.start(run, by=cast.ana, at=clock.now())
    found["import"] = timed(lambda: worker.work(3600))
    done = ImportRun.objects.get(pk=run.pk)
    assert (done.state, done.done["new"]) == ("done", rows), (done.state, done.done, done.problem)
    for part in found.values():
        part["rows_per_second"] = rows / part["seconds"]
    return {"rows": rows, **found}


def report() -> dict[str, Any]:
    """:func:`run` in the database that stands empty, with a line for each part."""
    measured = run()
    print(
        f"\nimport of {measured['rows']:,} rows   rows/s     CPU s  database CPU s   memory MB "
        " over budget"
    )
    for part in ("check", "import"):
        numbers = measured[part]
        over = []
        if numbers["rows_per_second"] < RATE:
            over.append(f"rows/s < {RATE:,}")
        if numbers["memory_mb"] > MEMORY:
            over.append(f"memory > {MEMORY} MB")
        line = "{:<22} {:>9,.0f} {:>9.1f} {:>15.1f} {:>+11.0f}  {}".format(
            part,
            numbers["rows_per_second"],
            numbers["cpu_seconds"],
            numbers["database_cpu_seconds"],
            numbers["memory_mb"],
            ", ".join(over),
        )
        print(line.rstrip(), flush=True)
    return measured
