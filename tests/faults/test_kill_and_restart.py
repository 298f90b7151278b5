"""The supervisor killed, PostgreSQL crashed and restarted, under load: what was answered is there, all works again."""

import http.client
import os
import signal
import threading
import time
from collections import Counter

import pytest

from tests.faults.running import wait
from tests.services import scratch_folder

pytestmark = [pytest.mark.faults, pytest.mark.slow]

ACCEPTED = """
SELECT h.id FROM leads_handoff h JOIN leads_event e ON e.handoff_id = h.id AND e.kind = 'accepted'
JOIN leads_decision d ON d.handoff_id = h.id WHERE h.state = 'accepted' AND h.id = ANY(%s)
"""


class Load:
    """A rep who looks at the queue and accepts, again and again. ``promised``: what was answered with a redirect."""

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

    def page():
        try:
            return running.sign_in().get("/queue/")[0] == 200
        except (OSError, http.client.HTTPException, AssertionError):
            return False

    wait(page, within)
    web, ended = time.monotonic() - began, running.value("SELECT clock_timestamp()")
    wait(lambda: running.value("SELECT beat_at > %s FROM sla_heartbeat WHERE name = 'celery'", ended), within)
    return web, time.monotonic() - began


def test_supervisor_killed_then_postgres(start):
    with scratch_folder() as data:
        first = start(data=data)
        handoffs = first.make(120)
        with Load(first, handoffs[:40]) as load:
            wait(lambda: len(load.promised) >= 5, within=20)
            os.kill(first.pid("supervisor"), signal.SIGKILL)
        promised = load.promised
        second = start(data=data)
        nothing_is_lost(second, promised)
        print(f"supervisor killed: {len(promised)} promised, {dict(load.statuses)}")

        for number, part in ((signal.SIGKILL, handoffs[40:80]), (signal.SIGINT, handoffs[80:])):
            before = second.pid("postgres")
            with Load(second, part) as load:
                wait(lambda load=load: len(load.promised) >= 3, within=20)
                second.kill("postgres", number)
                wait(lambda before=before: second.pid("postgres") not in (None, before), within=30)
                web, celery = works_again(second)
                wait(lambda load=load: not load.thread.is_alive() or load.statuses[302] > 5, within=20)
            assert load.statuses[302] >= 3
            nothing_is_lost(second, load.promised)
            print(
                f"PostgreSQL, signal {number}: web back {web:.1f} s, Celery {celery:.1f} s after its new start; "
                f"{dict(load.statuses)}"
            )
        steady = second.sign_in()
        assert [steady.get("/queue/")[0] for _ in range(40)] == [200] * 40
