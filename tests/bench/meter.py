"""Measuring requests: a person's session, straight into the WSGI application, in this
very thread.
"""

from __future__ import annotations

import gc
import io
import re
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection

from crm.accounts.models import User

TOKEN = "a" * 32  # a CSRF secret may be sent as it is
SCAN = re.compile(r"Seq Scan on (\w+)")


@dataclass
class Tally:
    """The statements of one request, and how long they took in all."""

    statements: list[tuple[str, Any]] = field(default_factory=list)
    seconds: float = 0.0

    def __call__(
        self, execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any
    ) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, parameters, many, context)
        finally:
            self.seconds += time.perf_counter() - began
            if not sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
                self.statements.append((sql, parameters))


@contextmanager
def counting() -> Iterator[Tally]:
    tally = Tally()
    with connection.execute_wrapper(tally):
        yield tally


@dataclass
class Answer:
    status: int
    body: bytes
    queries: int
    sql_ms: float
    cpu_ms: float
    wall_ms: float
    statements: list[tuple[str, Any]]


class Visitor:
    """A signed-in person who asks ``application``."""

    def __init__(self, application: Callable[..., Any], user: User) -> None:
        self.application = application
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        cookies = {
            settings.SESSION_COOKIE_NAME: session.session_key,
            settings.CSRF_COOKIE_NAME: TOKEN,
        }
        self.cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def post(self, path: str, *, htmx: bool = False, **fields: object) -> Answer:
        body = urlencode({"csrfmiddlewaretoken": TOKEN, **fields}).encode()
        return self.ask("POST", path, body, **({"HTTP_HX_REQUEST": "true"} if htmx else {}))

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """One request, its cost and its answer.

        CPU is that of this thread: PostgreSQL's is not in it.
        """
        environ = self._environ(method, path, body) | headers
        status: list[int] = []
        with counting() as tally:
            began, cpu = time.perf_counter(), time.thread_time()
            answer = self.application(environ, lambda line, *_rest: status.append(int(line[:3])))
            text = b"".join(answer)
            answer.close()
            cpu, wall = time.thread_time() - cpu, time.perf_counter() - began
        return Answer(
            status[0],
            text,
            len(tally.statements),
            tally.seconds * 1e3,
            cpu * 1e3,
            wall * 1e3,
            tally.statements,
        )

    def _environ(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        parts = urlsplit(path)
        return {
            "REQUEST_METHOD": method,
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "HTTP_HOST": "localhost",
            "HTTP_COOKIE": self.cookie,
            "HTTP_ACCEPT": "text/html",
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
        }


@dataclass
class Cost:
    """What one kind of request costs; times in milliseconds."""

    queries: int
    most_queries: int
    sql_ms: float
    cpu_ms: float
    wall_ms: float
    p95_ms: float
    kilobytes: float
    scanned: list[str]


def measure(ask: Callable[[], Answer], *, repeat: int, warm: int = 2, plans: bool = True) -> Cost:
    """The cost of ``ask`` over ``repeat`` calls after ``warm`` more.

    RuntimeError where an answer is not 200 or 302.
    """
    answers = []
    for _ in range(warm + repeat):
        gc.collect(1)  # so that nobody pays for the garbage of the one before
        answers.append(ask())
    if wrong := {answer.status for answer in answers} - {200, 302}:
        raise RuntimeError(f"answered {sorted(wrong)}")
    last, answers = answers[-1], answers[warm:]
    walls = sorted(answer.wall_ms for answer in answers)
    return Cost(
        queries=int(statistics.median(answer.queries for answer in answers)),
        most_queries=max(answer.queries for answer in answers),
        sql_ms=statistics.median(answer.sql_ms for answer in answers),
        cpu_ms=statistics.median(answer.cpu_ms for answer in answers),
        wall_ms=statistics.median(walls),
        p95_ms=walls[min(len(walls) - 1, round(0.95 * len(walls)))],
        kilobytes=len(last.body) / 1000,
        scanned=scanned(last.statements) if plans else [],
    )


def plan(sql: str, parameters: Any) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}", parameters)
        return "\n".join(line for (line,) in cursor.fetchall())


def scanned(statements: list[tuple[str, Any]]) -> list[str]:
    """The tables that the planner reads from end to end for ``statements``."""
    found = {
        table
        for sql, parameters in statements
        if sql.startswith("SELECT")
        for table in SCAN.findall(plan(sql, parameters))
    }
    return sorted(found)
