"""Two hosts, each with web, worker, beat and watchdog, on one PostgreSQL and one Valkey over TCP.

The second reaches PostgreSQL through PgBouncer with transaction pooling, where it is installed.
"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg2
import pytest

from crm.deploy import embedded
from crm.deploy.embedded import Postgres, Valkey
from crm.deploy.places import service_account, write_private
from crm.deploy.static_files import static_digest
from tests.faults.running import Running, Session, wait
from tests.faults.test_ladder_exactly_once import all_fired, clocks_of, fired_more_than_once
from tests.faults.test_parallel_accepts import answers_of
from tests.harness import prepared, tally
from tests.harness.prepared import OURS, ROOT
from tests.harness.products import SETTINGS, VARIABLES, scratch_folder

pytestmark = [pytest.mark.faults, pytest.mark.long_faults]

CLOCKS = 40
# All that a host keeps; each of these is made anew at the next start.
MADE_ANEW = {"logs", "static", "static.digest", "run.json", "run.lock", "run.txt", "ready.json"}
BOUNCER = """
[databases]
relevo = host=127.0.0.1 port={server} dbname=relevo user=relevo_app
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 8
max_client_conn = 200
ignore_startup_parameters = options
"""


def free_port():
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as found:
        return found.getsockname()[1]


class OverTcp(Postgres):
    def command(self):
        return [*super().command(), "-c", "listen_addresses=127.0.0.1"]


class ValkeyOverTcp(Valkey):
    port = 0

    def command(self):
        return [*super().command(), "--port", str(self.port), "--bind", "127.0.0.1"]


@contextlib.contextmanager
def bouncer(folder, server):
    """The address of PostgreSQL through PgBouncer; straight to it where that is not installed."""
    direct = f"postgres://relevo_app@127.0.0.1:{server}/relevo"
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        yield direct
        return
    port = free_port()
    settings = folder / "pgbouncer.ini"
    settings.write_text(BOUNCER.format(server=server, port=port))
    settings.chmod(0o644)
    with (folder / "pgbouncer.log").open("w") as out:
        process = subprocess.Popen(
            [program, str(settings)], stdout=out, stderr=out, cwd="/", **service_account()
        )
    try:
        yield direct.replace(f":{server}/", f":{port}/")
    finally:
        process.terminate()
        process.wait(timeout=20)


@contextlib.contextmanager
def host(data, **variables):
    """One host as `make run` starts it, with servers that are elsewhere."""
    tally.add(tally.START)
    with prepared.prepared("demo") as made:
        prepared._copy(made / "static", data)
    write_private(data / "static.digest", static_digest(f"demo {data / 'static'}"))
    ready = data / "ready.json"
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    command = [sys.executable, "-m", "crm.deploy.run", "--with-parent", "--port", "0"]
    command += ["--data", str(data), "--ready-file", str(ready)]
    with (data / "run.txt").open("w") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**kept, **variables}, stdout=out, stderr=out
        )
    try:
        wait(ready.exists, within=80, every=0.2)
        running = Running(json.loads(ready.read_text()), ready, variables)
        with contextlib.closing(running):
            yield running
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture(scope="module")
def hosts():
    """Two hosts, with the demo in their database."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(pytest.MonkeyPatch.context()).setattr(embedded, "PORT", free_port())
        folder = stack.enter_context(scratch_folder())
        prepared.copy_database("demo", folder)
        postgres, valkey = OverTcp(folder), ValkeyOverTcp(folder)
        valkey.port = free_port()
        for server in (postgres, valkey):
            server.start()
            stack.callback(server.stop)
        prepared.run_on(postgres.owner_url)
        pooled = stack.enter_context(bouncer(folder, embedded.PORT))
        shared = {
            "DATABASE_OWNER_URL": f"postgres://relevo_owner@127.0.0.1:{embedded.PORT}/relevo",
            "REDIS_URL": f"redis://127.0.0.1:{valkey.port}/0",
            "SECRET_KEY": secrets.token_urlsafe(64),
            "RELEVO_MODE": "demo",
            "DJANGO_SETTINGS_MODULE": SETTINGS,
            **VARIABLES,
        }
        direct = f"postgres://relevo_app@127.0.0.1:{embedded.PORT}/relevo"
        started = []
        for address in (direct, pooled):
            data = stack.enter_context(scratch_folder())
            one = host(data, DATABASE_URL=address, **shared)
            started.append(stack.enter_context(one))
        yield started


def errors_of(running):
    """The last lines that the web server of a host logged."""
    return (Path(running.state["data"]) / "logs" / "web.log").read_text()[-3000:]


def test_one_of_many_wins_on_both(hosts):
    one, other = hosts
    (handoff,) = one.make(1)
    people = [one.sign_in(part) for part in ("sales_rep", "team_lead") * 3]
    # A session of one host is one of the other: the key is shared, and sessions are rows.
    sessions = [
        Session(hosts[number % 2].state["url"], people[number % len(people)].cookies)
        for number in range(40)
    ]
    statuses = [status for status, _, _ in answers_of(sessions, handoff)]
    assert sorted(statuses) == [302] + [409] * 39, errors_of(other)
    assert other.check_invariants() == ""


def test_each_step_fires_once_on_both(hosts):
    one, other = hosts
    handoffs = one.make(CLOCKS)
    clocks = clocks_of(one, handoffs)
    wait(one.celery_works, within=40)
    for level, minutes in enumerate((91, 122), start=1):
        one.move_time(minutes)
        wait(lambda level=level: all_fired(one, clocks, level) == CLOCKS, within=30)
    assert fired_more_than_once(one, clocks) == []
    assert other.check_invariants() == ""


def test_other_host_goes_on_when_one_dies(hosts):
    one, other = hosts
    session = one.sign_in()
    kept = {path.name for path in Path(one.state["data"]).iterdir()}
    handoffs = other.make(CLOCKS)
    clocks = clocks_of(other, handoffs)
    one.move_time(122 + 91)
    supervisor = psutil.Process(one.pid("supervisor"))
    for process in [supervisor, *supervisor.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
    died = time.monotonic()
    status, _headers, _text = Session(other.state["url"], session.cookies).get("/queue/")
    assert status == 200
    wait(lambda: all_fired(other, clocks, 1) == CLOCKS, within=20)
    print(f"all {CLOCKS} steps fired {time.monotonic() - died:.1f} s after the host died")
    assert fired_more_than_once(other, clocks) == []
    assert other.check_invariants() == ""
    assert {name for name in kept if not name.startswith("beat.schedule")} <= MADE_ANEW


def test_pooling_is_by_transaction(hosts):
    """Where PgBouncer is installed, the second host went through it."""
    address = hosts[1].state["database_url"]
    if address == hosts[0].state["database_url"]:
        pytest.skip("pgbouncer is not installed: both hosts went straight to PostgreSQL")
    with contextlib.closing(psycopg2.connect(address.replace("/relevo", "/pgbouncer"))) as console:
        console.autocommit = True
        with console.cursor() as cursor:
            cursor.execute("SHOW STATS_TOTALS")
            names = [column.name for column in cursor.description]
            found = {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}
    assert found["relevo"]["xact_count"] > 100
