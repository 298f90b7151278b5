"""Health checks of containers: `python -m crm.deploy.health web|worker NAME|beat FILE|watchdog`.

Exit code 0 is healthy. Each check returns what is wrong, or an empty string.
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

ANSWER_WITHIN = 5  # seconds
BEAT_WRITES_WITHIN = 600.0  # seconds; Celery's beat writes its schedule every three minutes
WATCHDOG_BEATS_WITHIN = 60  # seconds; the watchdog beats every two, between its sweeps


def web(address: str = "127.0.0.1:8000") -> str:
    """Check that the web server and the database behind it answer."""
    hosts = os.environ.get("ALLOWED_HOSTS") or "localhost"
    host = hosts.split(",")[0].strip().lstrip(".")
    connection = http.client.HTTPConnection(address, timeout=ANSWER_WITHIN)
    with contextlib.closing(connection):
        connection.request("GET", "/readyz", headers={"Host": host})
        status = connection.getresponse().status
    if status == 200:
        return ""
    return f"/readyz answered {status}"


def worker(name: str) -> str:
    """Check that the Celery worker ``name`` of this machine answers through the broker."""
    node = f"{name}@{socket.gethostname()}"
    command = [sys.executable, "-m", "celery", "-A", "crm.celery", "inspect", "ping"]
    command += ["-d", node, "-t", str(ANSWER_WITHIN)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=6 * ANSWER_WITHIN)
    if done.returncode == 0:
        return ""
    output = (done.stdout + done.stderr).strip()
    return f"{node} does not answer: {output[-300:]}"


def beat(schedule: str) -> str:
    """Check that beat wrote its schedule a short time ago.

    The suffix of the file depends on the system.
    """
    path = Path(schedule)
    written_at = [file.stat().st_mtime for file in path.parent.glob(f"{path.name}*")]
    if not written_at:
        return f"there is no {schedule}"
    age = time.time() - max(written_at)
    if age < BEAT_WRITES_WITHIN:
        return ""
    return f"{schedule} was written {age:.0f} s ago"


def watchdog() -> str:
    """Check that the heartbeat of the watchdog, a row in the database, is recent."""
    query = (
        "SELECT extract(epoch FROM clock_timestamp() - beat_at)::int FROM sla_heartbeat WHERE name"
        " = 'watchdog'"
    )
    database = psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=ANSWER_WITHIN)
    with contextlib.closing(database), database.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
    if row is None:
        return "the watchdog has not looked yet"
    age = row[0]
    if age < WATCHDOG_BEATS_WITHIN:
        return ""
    return f"the watchdog looked {age} s ago"


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
