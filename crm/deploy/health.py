"""Health checks of the containers: `python -m crm.deploy.health web|worker NAME|beat
FILE|watchdog`; 0 is healthy.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg2

PATIENCE = 5  # seconds for an answer
BEAT_WRITES_WITHIN = 600.0  # seconds; Celery's beat writes its schedule every three minutes
WATCHDOG_BEATS_WITHIN = 60  # seconds; it looks every five


def web(address: str = "127.0.0.1:8000") -> str:
    """Whether the web server and the database behind it answer."""
    name = (os.environ.get("ALLOWED_HOSTS") or "localhost").split(",")[0].strip().lstrip(".")
    with contextlib.closing(http.client.HTTPConnection(address, timeout=PATIENCE)) as line:
        line.request("GET", "/healthz", headers={"Host": name})
        status = line.getresponse().status
    return "" if status == 200 else f"/healthz answered {status}"


def worker(name: str) -> str:
    """Whether the Celery worker ``name`` of this machine answers through the broker."""
    there = f"{name}@{socket.gethostname()}"
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "crm.celery",
        "inspect",
        "ping",
        "-d",
        there,
        "-t",
        str(PATIENCE),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=6 * PATIENCE)
    return (
        ""
        if done.returncode == 0
        else f"{there} does not answer: {(done.stdout + done.stderr).strip()[-300:]}"
    )


def beat(schedule: str) -> str:
    """Whether beat wrote its schedule not long ago.

    How the file's name ends depends on the system.
    """
    path = Path(schedule)
    written = [found.stat().st_mtime for found in path.parent.glob(f"{path.name}*")]
    if not written:
        return f"there is no {schedule}"
    age = time.time() - max(written)
    return "" if age < BEAT_WRITES_WITHIN else f"{schedule} was written {age:.0f} s ago"


def watchdog() -> str:
    """Whether the watchdog looked at the deadlines not long ago: its heartbeat is a row."""
    query = (
        "SELECT extract(epoch FROM clock_timestamp() - beat_at)::int FROM sla_heartbeat WHERE name"
        " = 'watchdog'"
    )
    with (
        contextlib.closing(
            psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=PATIENCE)
        ) as database,
        database.cursor() as cursor,
    ):
        cursor.execute(query)
        found = cursor.fetchone()
    if found is None:
        return "the watchdog has not looked yet"
    return "" if found[0] < WATCHDOG_BEATS_WITHIN else f"the watchdog looked {found[0]} s ago"


CHECKS: dict[str, Callable[..., str]] = {
    "web": web,
    "worker": worker,
    "beat": beat,
    "watchdog": watchdog,
}


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in CHECKS:
        raise SystemExit(__doc__)
    try:
        problem = CHECKS[arguments[0]](*arguments[1:])
    except (OSError, http.client.HTTPException, subprocess.TimeoutExpired, psycopg2.Error) as error:
        problem = f"{type(error).__name__}: {error}".strip()
    if problem:
        print(problem)
    return int(bool(problem))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
