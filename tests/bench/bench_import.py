"""How fast an import runs and what it costs: 20,000 rows without duplicates, in the database that is set up.

``run()`` leaves its leads behind: call it on a database made for it. ``python -m tests.bench.bench_import`` makes one.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROWS = 20_000


def kilobytes() -> int:
    """What this process has in memory now."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1])


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
    """Seconds on the clock, seconds of CPU (ours, the database's), growth of the peak memory while ``act`` runs."""
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
    """{"rows", "check": …, "import": …} with rows per second, CPU seconds and MB of peak memory growth of each."""
    from crm.lib import clock
    from leads import import_work, runs
    from leads.models import ImportRun
    from tests import factories
    from tests.leads import imported

    cast, found = factories.cast(), {}
    with tempfile.TemporaryDirectory() as folder:
        imported.imported(cast, imported.file(Path(folder), 1, begin=10_000_000))  # what runs once runs before
        run = imported.uploaded(cast, imported.file(Path(folder), rows), at=clock.now())
    imported.asked(run, cast, at=clock.now())
    found["check"] = timed(lambda: import_work.work(3600))
    run.refresh_from_db()
    runs.start(run, by=cast.ana, at=clock.now())
    found["import"] = timed(lambda: import_work.work(3600))
    done = ImportRun.objects.get(pk=run.pk)
    assert (done.state, done.done["new"]) == ("done", rows), (done.state, done.done, done.problem)
    for part in found.values():
        part["rows_per_second"] = rows / part["seconds"]
    return {"rows": rows, **found}


def main() -> None:
    """Measure on a new database beside those of the tests, and print one line for each part."""
    from tests import services

    services.start()
    import django

    django.setup()
    from django.test.runner import DiscoverRunner

    runner = DiscoverRunner(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        measured = run(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
        for part in ("check", "import"):
            numbers = measured[part]
            print(
                f"{part}: {numbers['rows_per_second']:,.0f} rows/s, {numbers['cpu_seconds']:.1f} s CPU"
                f" and {numbers['database_cpu_seconds']:.1f} s of the database,"
                f" +{numbers['memory_mb']:.0f} MB for {measured['rows']:,} rows"
            )
    finally:
        runner.teardown_databases(databases)
        services.pytest_unconfigure()


if __name__ == "__main__":
    main()
