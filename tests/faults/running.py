"""A running product, as a test sees it: over HTTP, by SQL as the tables' owner, and by the ids of
its processes.
"""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import psutil
import psycopg2

from crm.deploy.embedded import Valkey
from tests.harness.prepared import OURS, ROOT
from tests.harness.products import SETTINGS

PATIENCE = 180.0  # seconds for any answer, on a machine that does other things as well


class Session:
    """A signed-in person on one kept-alive connection. Answers are (status, headers, text)."""

    def __init__(self, url, cookies=None):
        port = urlsplit(url).port
        # A promise in seconds is asserted by the test that makes it.
        self.line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.cookies = dict(cookies or {})

    def request(self, method, path, **fields):
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        headers["Accept-Language"] = "en"
        body = None
        if method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode({**fields, "csrfmiddlewaretoken": self.cookies.get("relevo_csrf", "")})
        self.line.request(method, path, body, headers)
        answer = self.line.getresponse()
        text = answer.read().decode()
        for given in answer.headers.get_all("Set-Cookie") or []:
            self.cookies.update(
                {name: morsel.value for name, morsel in SimpleCookie(given).items()}
            )
        return answer.status, answer.headers, text

    def get(self, path):
        return self.request("GET", path)

    def post(self, path, **fields):
        return self.request("POST", path, **fields)

    def accept(self, handoff):
        return self.post(f"/handoffs/{handoff}/accept/")

    def close(self):
        self.line.close()


class Running:
    """``state`` is what the product's ready file says."""

    def __init__(self, state, ready, environment):
        self.state, self.ready = state, ready
        self.started_sweepers = []
        kept = {name: value for name, value in os.environ.items() if name not in OURS}
        addresses = {
            "DATABASE_URL": state["database_url"],
            "DATABASE_OWNER_URL": state["database_owner_url"],  # for seed_demo alone
            "REDIS_URL": state["redis_url"],
            "RELEVO_MODE": "demo",
        }
        self.ahead = self.value("SELECT relevo_now() - clock_timestamp()")  # of the machine's clock
        self.environment = {**kept, **addresses, "DJANGO_SETTINGS_MODULE": SETTINGS, **environment}

    # -- People

    def sign_in(self, part="sales_rep"):
        session = Session(self.state["url"])
        session.get("/accounts/login/")
        status, _, text = session.post("/accounts/demo/", **{"as": part})
        assert status == 302, text
        return session

    def another(self, session):
        """The same person on a connection of its own."""
        return Session(self.state["url"], session.cookies)

    # -- The database

    @contextlib.contextmanager
    def cursor(self):
        connection = psycopg2.connect(self.state["database_owner_url"], connect_timeout=15)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def sql(self, text, *values):
        """The rows of a query, or nothing of a change."""
        with self.cursor() as cursor:
            cursor.execute(text, values or None)
            return cursor.fetchall() if cursor.description else []

    def value(self, text, *values):
        return self.sql(text, *values)[0][0]

    @contextlib.contextmanager
    def holding_leads_of(self, handoffs):
        """An idle transaction that holds the leads of ``handoffs``, as one that edits
        them would.
        """
        connection = psycopg2.connect(self.state["database_owner_url"], connect_timeout=15)
        try:
            with connection.cursor() as cursor:
                text = (
                    "SELECT 1 FROM leads_lead WHERE id IN (SELECT lead_id FROM leads_handoff "
                    "WHERE id = ANY(%s))"
                )
                cursor.execute(text + " FOR NO KEY UPDATE", [list(handoffs)])
            yield
        finally:
            connection.close()

    def move_time(self, minutes):
        """Make business time run ``minutes`` ahead of where it began."""
        ahead = self.ahead + timedelta(minutes=minutes)
        body = f"SELECT clock_timestamp() + interval '{ahead.total_seconds()} seconds'"
        self.sql(
            "CREATE OR REPLACE FUNCTION relevo_now() RETURNS "
            "timestamptz LANGUAGE sql VOLATILE AS $$" + body + "$$"
        )

    # -- Commands

    def manage(self, *arguments, expect=0):
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout

    def make(self, count):
        """Ids of ``count`` new pending handoffs of new leads."""
        out = self.manage(
            "shell", "--no-imports", "-c", f"from tests.faults.inside import make; make({count})"
        )
        return json.loads(out.strip().splitlines()[-1])

    @contextlib.contextmanager
    def sweepers(self, count):
        """``count`` more processes that sweep and drain without pause, and wait after that."""
        while len(self.started_sweepers) < count:
            self.started_sweepers.append(self._start_sweeper())
        sweepers = self.started_sweepers[:count]
        for sweeper in sweepers:
            print("go", file=sweeper.stdin, flush=True)
        try:
            yield
        finally:
            for sweeper in sweepers:
                print("stop", file=sweeper.stdin, flush=True)
                assert sweeper.stdout.readline() == "stopped\n"

    def _start_sweeper(self):
        code = "from tests.faults.inside import sweep_on_demand; sweep_on_demand()"
        return subprocess.Popen(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self):
        for sweeper in self.started_sweepers:
            sweeper.kill()
            sweeper.communicate()

    def check_invariants(self, *options, within=60):
        """Empty, or the promises that stay broken: a product that has just started has its first
        sweep before it.
        """
        end = time.monotonic() + within
        while (broken := self._broken(*options)) and time.monotonic() < end:
            time.sleep(1)
        return broken

    def _broken(self, *options):
        done = subprocess.run(
            [sys.executable, "manage.py", "check_invariants", "--moved-time", *options],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode in (0, 1), done.stderr
        assert bool(done.stdout.strip()) == bool(done.returncode), done.stdout + done.stderr
        return done.stdout.strip()

    def celery_works(self):
        """Whether a worker has swept within the last two seconds."""
        age = (
            "SELECT clock_timestamp() - beat_at < interval '2 seconds' FROM sla_heartbeat "
            "WHERE name = 'celery'"
        )
        return self.sql(age) == [(True,)]

    # -- Processes

    def pid(self, name):
        """The process id of ``name`` as it is now."""
        return json.loads(self.ready.read_text())["pids"][name]

    def kill(self, name, number=signal.SIGKILL):
        os.kill(self.pid(name), number)

    def revive_valkey(self):
        """Start Valkey again, which the shared product leaves dead. It ends with the product."""
        Valkey(Path(self.state["data"])).start()

    def children(self, pid):
        return psutil.Process(pid).children(recursive=True)


def wait(until, within, every=0.05):
    """What ``until`` returns as soon as that is true; fails after three times ``within`` seconds.

    ``within`` is what a quiet machine needs; a promise in seconds is asserted by the test that
    makes it.
    """
    end = time.monotonic() + 3 * within
    while not (found := until()):
        assert time.monotonic() < end, f"not within {3 * within} s"
        time.sleep(every)
    return found
