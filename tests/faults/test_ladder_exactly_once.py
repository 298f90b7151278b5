"""Two beats, two workers, the watchdog and more sweepers, some of them killed half-way: each step
fires once.
"""

import contextlib
import os
import signal
import time

import psutil
import pytest

from tests.faults.running import wait
from tests.harness.products import OPTIONS

CLOCKS = 160  # more than one batch of the sweep
pytestmark = [pytest.mark.faults, pytest.mark.slow]

# Stretches a batch to more than a second, so that a kill comes in the middle of it.
SLOW = """
CREATE OR REPLACE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN PERFORM pg_sleep(0.008); RETURN NEW; END $$;
CREATE OR REPLACE TRIGGER slowly BEFORE INSERT ON sla_firing FOR EACH ROW EXECUTE FUNCTION slowly();
REVOKE ALL ON FUNCTION slowly() FROM PUBLIC
"""
SWEEPING = """
SELECT application_name FROM pg_stat_activity
WHERE query LIKE 'INSERT INTO "sla_firing"%%' AND wait_event = 'PgSleep'
    AND application_name = ANY(%s)
"""
WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE%%leads_lead%%'
"""
UNTOLD = (
    "SELECT count(*) FROM notifications_message WHERE channel = 'in_app' AND next_try_at <= "
    "relevo_now()"
)
FIRED = "SELECT clock_id, level, count(*) FROM sla_firing WHERE clock_id IN %s GROUP BY 1, 2"
NOTICES = """
SELECT count(*), count(DISTINCT n.message_id), count(DISTINCT (m.recipient_id, m.dedup_key)),
    count(DISTINCT m.id)
FROM notifications_message m LEFT JOIN notifications_notice n ON n.message_id = m.id
WHERE m.channel = 'in_app' AND m.dedup_key LIKE %s
"""


def clocks_of(running, handoffs):
    return tuple(
        pk for (pk,) in running.sql("SELECT id FROM sla_clock WHERE subject_id = ANY(%s)", handoffs)
    )


def fired_more_than_once(running, clocks):
    return [row for row in running.sql(FIRED, clocks) if row[2] > 1]


def all_fired(running, clocks, level):
    return running.value(
        "SELECT count(*) FROM sla_firing WHERE clock_id IN %s AND level = %s", clocks, level
    )


def worker_in_a_sweep(running, within=30):
    """The name of a worker that is in the middle of a batch."""

    def look():
        names = {f"relevo {running.pid(name)}": name for name in ("worker", "worker2")}
        rows = running.sql(SWEEPING, list(names))
        return names[rows[0][0]] if rows else None

    return wait(look, within)


def kill_pool(running, name):
    for child in running.children(running.pid(name)):
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()


def kill_whole(running, name):
    pid = running.pid(name)
    os.killpg(pid, signal.SIGKILL)


def celery_seen(running, ago):
    """Make the watchdog believe that Celery last lived ``ago``: after long it sweeps as well, else
    it does not.
    """
    text = """
        INSERT INTO sla_heartbeat VALUES ('celery', clock_timestamp() - %s::interval)
        ON CONFLICT (name) DO UPDATE SET beat_at = excluded.beat_at
    """
    running.sql(text, ago)


def celery_swept(running):
    return running.value("SELECT beat_at FROM sla_heartbeat WHERE name = 'celery'")


def let_celery_sweep(running, times):
    """Wait until the running Celery has swept so many times more."""
    for _each in range(times):
        before = celery_swept(running)
        wait(lambda before=before: celery_swept(running) > before, within=20)


def test_each_step_fires_once_whatever_dies(running):
    climb_while_workers_die(running)


@pytest.mark.long_faults
def test_each_step_fires_once_in_batches_of_one(start):
    climb_while_workers_die(start(*OPTIONS, MUTANT="batches_of_one"))


def climb_while_workers_die(running):
    handoffs = running.make(CLOCKS)
    clocks = clocks_of(running, handoffs)
    wait(running.celery_works, within=40)
    running.sql(SLOW)
    deaths = {1: kill_pool, 2: kill_whole, 3: None, 4: kill_pool, 5: kill_whole}
    # Warn at 90, breach at 120, lead at 150, requeue at 180, director at 240 minutes. A step found
    # late by more than a minute starts the next one's time, so each jump is a little wider than
    # the gap.
    for level, minutes in enumerate((91, 122, 154, 186, 248), start=1):
        celery_seen(running, "0")
        running.move_time(minutes)
        began = time.monotonic()
        if kill := deaths[level]:
            victim = worker_in_a_sweep(running)
            before = all_fired(running, clocks, level)
            kill(running, victim)
            assert before < CLOCKS
            print(f"level {level}: {kill.__name__} of {victim} after {before} of {CLOCKS}")
        celery_seen(running, "1 hour")
        # At the level of the requeue somebody sits on a lead: one step waits for that, the others
        # do not.
        held = handoffs[:1] if level == 4 else []
        others = CLOCKS - len(held)
        with running.sweepers(2), running.holding_leads_of(held):
            wait(lambda n=others, level=level: all_fired(running, clocks, level) >= n, within=30)
            assert all_fired(running, clocks, level) == others
        with running.sweepers(2) if held else contextlib.nullcontext():
            wait(lambda level=level: all_fired(running, clocks, level) == CLOCKS, within=30)
        print(f"level {level}: all fired after {time.monotonic() - began:.1f} s")
    wait(lambda: running.value(UNTOLD) == 0, within=30)
    assert fired_more_than_once(running, clocks) == []
    levels = running.sql(
        "SELECT level, count(*) FROM sla_firing WHERE clock_id IN %s GROUP BY 1 ORDER BY 1", clocks
    )
    assert levels == [(level, CLOCKS) for level in range(1, 6)]
    joined, noticed, distinct, messages = running.sql(NOTICES, "%:firing:%")[0]
    assert joined == noticed == distinct == messages >= 5 * CLOCKS
    # the running Celery goes on with what it had in its hands: nothing of it may fire again
    let_celery_sweep(running, times=3)
    assert fired_more_than_once(running, clocks) == []
    assert (
        running.value("SELECT count(*) FROM sla_firing WHERE clock_id IN %s", clocks) == 5 * CLOCKS
    )
    assert running.check_invariants() == ""


@pytest.mark.long_faults
@pytest.mark.parametrize("batches", ["", ",batches_of_one"])
def test_sweep_without_locks_is_noticed(start, batches):
    running = start(MUTANT="sweep_without_locks" + batches)
    handoffs = running.make(30)
    clocks = clocks_of(running, handoffs)
    running.sql(SLOW)
    running.sql("ALTER TABLE sla_firing DROP CONSTRAINT firing_once")
    # Both are up after that; else the product's own worker, which is alone, would be faster.
    with running.sweepers(2):
        pass
    with running.sweepers(2):
        running.move_time(91)
        wait(lambda: fired_more_than_once(running, clocks), within=30)
    assert "step_fires_once" in running.check_invariants(within=0)


@pytest.mark.long_faults
def test_sweep_that_waits_is_noticed(start):
    """A person who sits on one lead holds up the steps of all others in its batch."""
    running = start(MUTANT="sweep_that_waits")
    handoffs = running.make(30)
    clocks = clocks_of(running, handoffs)
    for level, minutes in enumerate((91, 122, 154), start=1):
        running.move_time(minutes)
        with running.sweepers(2):
            wait(lambda level=level: all_fired(running, clocks, level) == 30, within=30)
    with running.sweepers(2), running.holding_leads_of(handoffs[:1]):
        running.move_time(186)
        # The sweep of the product skips the lead and fires everything else.
        wait(lambda: running.value(WAITING), within=30)
        assert all_fired(running, clocks, 4) < 29
