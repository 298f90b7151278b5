"""The supervisor killed, PostgreSQL crashed and restarted, under load: what was answered is there,
all works again.
"""

import http.client
import json
import os
import signal
import stat
import threading
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest

from crm.deploy.commands import numbered
from crm.deploy.embedded import Valkey
from crm.deploy.processes import is_alive, left_over
from tests.faults.running import Running, wait
from tests.harness.products import OPTIONS, VARIABLES, product

SERVERS = ("postgres", "valkey")
pytestmark = [pytest.mark.faults, pytest.mark.slow]

ACCEPTED = """
SELECT h.id FROM leads_handoff h JOIN leads_event e ON e.handoff_id = h.id AND e.kind = 'accepted'
JOIN leads_decision d ON d.handoff_id = h.id WHERE h.state = 'accepted' AND h.id = ANY(%s)
"""


class Load:
    """A rep who looks at the queue and accepts, again and again.

    ``promised``: what was answered with a redirect.
    """

    def __init__(self, running, handoffs):
        self.running, self.handoffs = running, list(handoffs)
        self.session = running.sign_in()
        self.promised, self.statuses, self.done = [], Counter(), threading.Event()
        self.thread = threading.Thread(target=self.work)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join(timeout=120)

    def work(self):
        for handoff in self.handoffs:
            if self.done.wait(0.05):
                return
            try:
                self.statuses[self.session.get("/queue/")[0]] += 1
                status = self.session.accept(handoff)[0]
            except (OSError, http.client.HTTPException):
                status = 0  # cut off
                self.session.close()
            self.statuses[status] += 1
            if status == 302:
                self.promised.append(handoff)


def nothing_is_lost(running, promised):
    assert sorted(pk for (pk,) in running.sql(ACCEPTED, promised)) == sorted(promised)
    assert running.check_invariants() == ""


def works_again(running, within=30):
    """Seconds until a page comes, and until Celery sweeps."""
    began = time.monotonic()

    wait(lambda: is_signed_in_again(running), within)
    web, ended = time.monotonic() - began, running.value("SELECT clock_timestamp()")
    wait(
        lambda: running.value(
            "SELECT beat_at > %s FROM sla_heartbeat WHERE name = 'celery'", ended
        ),
        within,
    )
    return web, time.monotonic() - began


@pytest.mark.parametrize(
    "signals",
    [
        (signal.SIGKILL,),
        pytest.param((signal.SIGKILL, signal.SIGINT), marks=pytest.mark.long_faults),
    ],
    ids=["killed", "killed and stopped"],
)
def test_supervisor_killed_then_postgres(running, signals):
    data, pids = Path(running.state["data"]), running.state["pids"]
    assert stat.S_IMODE((data / "run.json").stat().st_mode) == 0o600
    assert set(pids) == {
        "supervisor",
        "web",
        *numbered("worker", 2),
        *numbered("beat", 2),
        "watchdog",
        *SERVERS,
    }
    pids |= {"valkey": Valkey(data).find_process().pid}  # another test may have started it again
    handoffs = running.make(40 * (1 + len(signals)))
    with Load(running, handoffs[:40]) as load:
        wait(lambda: len(load.promised) >= 5, within=20)
        os.kill(running.pid("supervisor"), signal.SIGKILL)
    print(f"supervisor killed: {len(load.promised)} promised, {dict(load.statuses)}")

    with product(*OPTIONS, data=data, **VARIABLES) as state:
        second = Running(state, data / "ready.json", VARIABLES)
        what_still_works_is_used(data, pids, state["pids"])
        nothing_is_lost(second, load.promised)
        for number, part in zip(signals, (handoffs[40:80], handoffs[80:]), strict=False):
            postgres_comes_back(second, number, part)
        steady = second.sign_in()
        assert [steady.get("/queue/")[0] for _ in range(40)] == [200] * 40
        second.kill("web")
        wait(lambda: is_signed_in_again(second), within=10)
        pids, began = json.loads((data / "run.json").read_text())["pids"], time.monotonic()

    assert time.monotonic() - began < 12
    assert left_over(str(data)) == []
    assert not any(pid_is_alive(pid) for pid in pids.values())


def what_still_works_is_used(data, before, now):
    """The servers outlive a killed supervisor; nothing else of it is left."""
    assert [now[name] for name in SERVERS] == [before[name] for name in SERVERS]
    assert {process.pid for process in left_over(str(data))}.isdisjoint(before.values())


def postgres_comes_back(running, number, handoffs):
    """End PostgreSQL by a signal while people work."""
    before = running.pid("postgres")
    with Load(running, handoffs) as load:
        wait(lambda: len(load.promised) >= 3, within=20)
        running.kill("postgres", number)
        wait(lambda: running.pid("postgres") not in (None, before), within=30)
        web, celery = works_again(running)
        wait(lambda: not load.thread.is_alive() or load.statuses[302] > 5, within=20)
    assert load.statuses[302] >= 3
    nothing_is_lost(running, load.promised)
    print(
        f"PostgreSQL, signal {number}: web back {web:.1f} s, Celery {celery:.1f} s after its "
        f"new start; "
        f"{dict(load.statuses)}"
    )


def is_signed_in_again(running):
    try:
        return running.sign_in().get("/queue/")[0] == 200
    except (OSError, http.client.HTTPException, AssertionError):  # cut off while the old one dies
        return False


def pid_is_alive(pid):
    return psutil.pid_exists(pid) and is_alive(psutil.Process(pid))
