"""An application served by gunicorn, one worker with one thread, and the CPU that its answers
cost: that of the worker and that of its connections to PostgreSQL.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from django.db import connection

START_WITHIN = 60  # seconds
LOG = Path("test-results/bench-server.log")


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Answer:
    status: int
    body: bytes


class Served:
    """A running server. ``application``: the name of its connections to PostgreSQL."""

    def __init__(self, port: int, worker: int, application: str) -> None:
        self.worker, self.application = worker, application
        self.line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def ask(self, request: Request) -> Answer:
        """Send one request over the connection that is kept open; RuntimeError on a 5xx."""
        self.line.request(
            request.method,
            request.path,
            body=request.body or None,
            headers={"Host": "localhost", **request.headers},
        )
        answer = self.line.getresponse()
        body = answer.read()
        if answer.status >= 500:
            raise RuntimeError(f"{request.method} {request.path} answered {answer.status}")
        return Answer(answer.status, body)

    def cpu(self) -> tuple[float, float]:
        """Return the CPU seconds that worker and backends have used so far."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name = %s", [self.application]
            )
            backends = [pid for (pid,) in cursor.fetchall()]
        return seconds_of(self.worker), sum(seconds_of(pid) for pid in backends)


def seconds_of(pid: int) -> float:
    """Return the CPU seconds of a process, exact to nanoseconds: the kernel's own account."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


@contextmanager
def serve(module: str, application: str, **variables: str) -> Iterator[Served]:
    """Run gunicorn with ``module`` ("crm.wsgi") until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--workers", "1", "--threads", "1", "--bind", f"127.0.0.1:{port}"]
    options += ["--log-level", "error"]
    command = [sys.executable, "-m", "gunicorn", "--config", "python:crm.deploy.web", *options]
    environment = {**os.environ, "BENCH_APPLICATION": application, **variables}
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with LOG.open("a") as log:
        process = subprocess.Popen([*command, module], env=environment, stdout=log, stderr=log)
    try:
        yield Served(port, _worker_of(process, port), application)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _worker_of(master: subprocess.Popen[bytes], port: int) -> int:
    """Wait until the server answers; return the id of its one worker."""
    until = time.monotonic() + START_WITHIN
    while time.monotonic() < until:
        if master.poll() is not None:
            raise RuntimeError(f"gunicorn ended with {master.returncode}: {LOG}")
        workers = psutil.Process(master.pid).children()
        try:
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            line.request("GET", "/nothing-here", headers={"Host": "localhost"})
            line.getresponse().read()
            line.close()
        except OSError:
            time.sleep(0.1)
            continue
        if workers:
            return workers[0].pid
    raise RuntimeError("gunicorn did not answer")
