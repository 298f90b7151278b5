"""A worker that is stopped in the middle of a batch: its rows are released, and the watchdog sweeps
meanwhile.
"""

import os
import signal
import time

import pytest

from tests.faults.running import wait

pytestmark = [pytest.mark.faults, pytest.mark.long_faults]

CLOCKS = 200
FROZEN = 60  # seconds
LATEST = 20  # seconds that a step may be late meanwhile

# Warned already; half of them overdue now, the others at some second of the next 70.
DUE = """
UPDATE sla_clock SET level = 1, started_at = started_at - interval '3 hours', soon_at = NULL,
    due_at = due.at, next_step_at = due.at
FROM (
    SELECT id, relevo_now() + interval '70 seconds'
        * greatest(0, 2.0 * row_number() OVER (ORDER BY id) / %s - 1) AS at
    FROM sla_clock WHERE subject_id = ANY(%s)
) AS due WHERE sla_clock.id = due.id
"""
# Stretches each firing, so that the worker is stopped in the middle of a batch.
SLOW = """
CREATE OR REPLACE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN PERFORM pg_sleep(0.005); RETURN NEW; END $$;
CREATE OR REPLACE TRIGGER slowly BEFORE INSERT ON sla_firing FOR EACH ROW EXECUTE FUNCTION slowly();
REVOKE ALL ON FUNCTION slowly() FROM PUBLIC
"""
SWEEPING = """
SELECT count(*) FROM pg_stat_activity
WHERE query LIKE 'INSERT INTO "sla_firing"%%' AND wait_event = 'PgSleep'
    AND application_name = ANY(%s)
"""
HELD = """
SELECT count(*) FROM pg_stat_activity
WHERE query LIKE 'INSERT INTO "sla_firing"%%' AND state = 'idle in transaction'
    AND application_name = ANY(%s)
"""
FIRINGS = """
SELECT count(*), count(DISTINCT clock_id) FROM sla_firing
WHERE level = 2 AND clock_id IN (SELECT id FROM sla_clock WHERE subject_id = ANY(%s))
"""
# How long the step that waits longest is overdue: the moment in a firing is that of its batch, and
# a batch that hangs commits much later. By the clock that judges deadlines, which in a test is not
# the machine's.
OVERDUE = """
SELECT coalesce(extract(epoch FROM relevo_now() - min(next_step_at)), 0)
FROM sla_clock WHERE subject_id = ANY(%s) AND level = 1 AND next_step_at < relevo_now()
"""


def names_of(running):
    """What the sessions of the worker and its children call themselves."""
    pid = running.pid("worker")
    return [f"relevo {number}" for number in (pid, *(each.pid for each in running.children(pid)))]


def freeze_for_a_minute(running):
    """Stop the worker in the middle of a batch.

    Returns the number of firings and of clocks that fired, and the longest delay in seconds.
    """
    handoffs = running.make(CLOCKS)
    wait(running.celery_works, within=40)
    running.sql(SLOW)
    running.sql(DUE, CLOCKS, handoffs)
    names = names_of(running)
    wait(lambda: running.value(SWEEPING, names), within=40, every=0.01)
    group = running.pid("worker")
    os.killpg(group, signal.SIGSTOP)
    frozen_at = time.monotonic()
    try:
        wait(lambda: running.value(HELD, names), within=10, every=0.01)
        latest = 0.0
        while time.monotonic() < frozen_at + FROZEN:
            latest = max(latest, float(running.value(OVERDUE, handoffs)))
            time.sleep(0.5)
    finally:
        os.killpg(group, signal.SIGCONT)
    wait(lambda: running.sql(FIRINGS, handoffs)[0][1] == CLOCKS, within=40)
    fired, clocks = running.sql(FIRINGS, handoffs)[0]
    print(f"frozen for {FROZEN} s: {fired} firings, the latest after {latest:.1f} s")
    return fired, clocks, latest


def test_frozen_worker_delays_no_step_by_more_than_20_seconds(start):
    running = start(BEATS="usual")
    fired, clocks, latest = freeze_for_a_minute(running)
    assert (fired, clocks) == (CLOCKS, CLOCKS)
    assert latest <= LATEST
    assert running.check_invariants() == ""


def test_sweeper_that_keeps_its_rows_is_noticed(start):
    _fired, _clocks, latest = freeze_for_a_minute(
        start(BEATS="usual", MUTANT="sweep_that_keeps_its_rows")
    )
    assert latest > LATEST
