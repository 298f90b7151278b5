"""A backup taken while people write: it restores, holds whatever was confirmed before it began, and
breaks no promise.
"""

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg2
import pytest

from crm.deploy.embedded import Postgres
from crm.deploy.places import data_folder
from crm.lib.clock import RELEVO_NOW_BODY
from tests.faults.running import PATIENCE, wait
from tests.harness.prepared import OURS, ROOT, clock_body
from tests.harness.products import scratch_folder

pytestmark = [pytest.mark.faults, pytest.mark.long_faults]

WRITERS = 16
PER_SECOND = 50
FOR = 30.0  # seconds
BACKUPS = 4
# Marketing's key writes leads, and each lead is one transaction with its events and audit.
KEY = """
from crm.accounts.models import User
from crm.api import keys
from crm.lib import clock
ana = User.objects.get(email="ana@demo.relevo.test")
print(keys.create(ana, "load", ["leads:write"], days=30, by=ana, at=clock.now())[1])
"""


def cpu_seconds(process):
    """CPU that ``process`` and its children have used so far."""
    family = [process, *process.children(recursive=True)]
    return sum(sum(each.cpu_times()[:2]) for each in family)


class Load:
    """Threads that log PER_SECOND leads; ``confirmed``: when each was answered, and its id.

    One that is late sends its next lead at once, on the same connection.
    """

    def __init__(self, running, key):
        self.port, self.key = urlsplit(running.state["url"]).port, key
        postgres = Path(running.state["data"]) / "postgres/postmaster.pid"
        self.measured = {
            "web": psutil.Process(running.pid("web")),
            "PostgreSQL": psutil.Process(int(postgres.read_text().split()[0])),
        }
        self.stopped = threading.Event()
        self.confirmed, self.refused = [], []
        self.began = time.monotonic()
        self.threads = [
            threading.Thread(target=self.write, args=[number]) for number in range(WRITERS)
        ]

    def write(self, writer):
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        turn = 0
        while not self.stopped.is_set():
            due = self.began + (turn * WRITERS + writer) / PER_SECOND
            time.sleep(max(0.0, due - time.monotonic()))
            name = f"Carga {writer} {turn}"
            body = {
                "name": name,
                "email": f"c{writer}-{turn}@load.test",
                "company": f"Empresa {name}",
                "country": "MX",
                "source": "event",
                "first_action": "asked_for_demo",
            }
            line.request("POST", "/api/v1/leads/", json.dumps(body), headers)
            answer = line.getresponse()
            text = answer.read().decode()
            if answer.status == 201:
                self.confirmed.append((time.monotonic(), json.loads(text)["id"]))
            else:
                self.refused.append((answer.status, text))
            turn += 1

    def cpu(self):
        """CPU seconds so far: of the servers, and of this process, which makes the load."""
        servers = {name: cpu_seconds(process) for name, process in self.measured.items()}
        return {**servers, "this test": time.process_time()}

    def __enter__(self):
        self.before = self.cpu()
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join()
        self.seconds = time.monotonic() - self.began
        self.used = {name: after - self.before[name] for name, after in self.cpu().items()}

    def report(self):
        """The rate that was reached, and what limits it: CPU, or something that waits."""
        leads = len(self.confirmed)
        each = {name: 1000 * seconds / leads for name, seconds in self.used.items()}
        parts = ", ".join(f"{name} {spent:.1f}" for name, spent in each.items())
        return (
            f"{leads / self.seconds:.0f} of {PER_SECOND} leads a second; ms of CPU a lead: {parts};"
            f" with two cores of its own {2000 / sum(each.values()):.0f} a second"
        )


def backups(*arguments):
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    command = [sys.executable, "-m", "crm.deploy.backups", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def leads_in(folder):
    """The ids of the leads in a data folder of which nothing runs."""
    server = Postgres(data_folder(folder))
    server.start()
    try:
        with psycopg2.connect(server.owner_url) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT id FROM leads_lead")
            return {pk for (pk,) in cursor.fetchall()}
    finally:
        connection.close()
        server.stop()


def test_backup_under_load_restores_with_all_promises(running, tmp_path, capsys):
    # A backup restores the clock of a real installation, not that of a test.
    running.sql(clock_body(RELEVO_NOW_BODY))
    assert running.check_invariants(within=120) == ""
    key = running.manage("shell", "--no-imports", "-c", KEY).strip().splitlines()[-1]
    taken = []
    with Load(running, key) as load:
        wait(lambda: load.refused or len(load.confirmed) > PER_SECOND, 10)
        assert load.refused == []
        for number in range(BACKUPS):
            began, path = time.monotonic(), tmp_path / f"{number}.zip"
            backups("backup", path, "--data", running.state["data"])
            taken.append((began, time.monotonic(), path))
            time.sleep(FOR / BACKUPS)
    with capsys.disabled():
        print(f"\n{load.report()}")
    assert load.refused == []
    for began, ended, path in (taken[0], taken[-1]):
        with scratch_folder() as folder:
            started = time.monotonic()
            words = backups("restore", path, "--data", folder)
            restored = time.monotonic() - started
            found = leads_in(folder)
        before = {pk for at, pk in load.confirmed if at < began}
        during = sum(began <= at <= ended for at, _pk in load.confirmed)
        after = {pk for at, pk in load.confirmed if at > ended + 1}
        assert before <= found
        assert not after & found
        assert "counts as an outage" in words
        with capsys.disabled():
            print(
                f"backup of {len(found)} leads in {ended - began:.1f} s, {during} written"
                f" meanwhile;"
                f" {Path(path).stat().st_size / 1e6:.2f} MB; restored in {restored:.1f} s"
            )
