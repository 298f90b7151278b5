"""Valkey killed, and Valkey that hangs: people work on, and the watchdog fires what is due within a
minute.

The watchdog takes over when Celery has been silent for 12 s. Most of that silence is written into
its heartbeat here; the long form waits for it.
"""

import signal
import time

import pytest

from tests.faults.running import wait

PATIENCE = 5.0  # seconds for any page
PROMISE = 60.0  # seconds that a step is late at most while PostgreSQL runs
pytestmark = [pytest.mark.faults, pytest.mark.slow]
after_silence = pytest.mark.parametrize(
    "silence", [7, pytest.param(0, marks=pytest.mark.long_faults)]
)

DUE = """
SELECT c.id, f.at IS NOT NULL FROM sla_clock c LEFT JOIN sla_firing f ON f.clock_id = c.id
WHERE c.subject_type = 'handoff' AND c.subject_id = %s AND c.metric = 'accept'
"""
UNTOLD = (
    "SELECT count(*) FROM notifications_message WHERE channel = 'in_app' AND next_try_at <= "
    "relevo_now()"
)
NOTICES = (
    "SELECT count(*) FROM notifications_notice n JOIN "
    "notifications_message m ON m.id = n.message_id"
)
TWICE = "SELECT clock_id, level FROM sla_firing GROUP BY 1, 2 HAVING count(*) > 1"


def people_work(running, first, second):
    """Sign in, accept one handoff, reject another; each answer in time."""
    took = []

    def timed(act, *arguments, **fields):
        began = time.monotonic()
        answer = act(*arguments, **fields)
        took.append(time.monotonic() - began)
        return answer

    session = timed(running.sign_in)
    assert timed(session.get, "/queue/")[0] == 200
    status, headers, _ = timed(session.accept, first)
    assert status == 302
    assert timed(session.get, headers["Location"])[0] == 200
    reason = running.value("SELECT id FROM sla_rejectionreason WHERE code = 'already_customer'")
    status, _, text = timed(session.post, f"/handoffs/{second}/reject/", reason=reason, comment="")
    assert status == 302, text
    states = dict(
        running.sql("SELECT id, state FROM leads_handoff WHERE id IN %s", (first, second))
    )
    assert states == {first: "accepted", second: "rejected"}
    assert max(took) < PATIENCE
    return max(took)


def escalated_without_celery(running, handoff, silence):
    """Let the step of ``handoff`` fall due now; how many seconds later it fired, and was told.

    ``silence``: seconds for which Celery counts as having been silent already.
    """
    running.sql(
        "UPDATE sla_heartbeat SET beat_at = beat_at - %s * interval '1 s' WHERE name = 'celery'",
        silence,
    )
    celery_swept = running.value("SELECT beat_at FROM sla_heartbeat WHERE name = 'celery'")
    running.move_time(91)
    began = time.monotonic()
    wait(lambda: running.sql(DUE, handoff)[0][1], within=60)
    fired = time.monotonic() - began
    key = f"handoff:{handoff}:firing:%"
    wait(lambda: running.value(NOTICES + " WHERE m.dedup_key LIKE %s", key) >= 1, within=30)
    told = time.monotonic() - began
    assert told + silence < PROMISE
    assert running.value("SELECT beat_at FROM sla_heartbeat WHERE name = 'celery'") == celery_swept
    return fired, told


def nothing_is_wrong(running):
    wait(lambda: running.value(UNTOLD) == 0, within=60)
    assert running.sql(TWICE) == []
    assert running.check_invariants() == ""


@after_silence
def test_valkey_hangs_and_comes_back(running, silence):
    first, second, third = running.make(3)
    wait(running.celery_works, within=30)
    running.kill("valkey", signal.SIGSTOP)
    try:
        slowest = people_work(running, first, second)
        fired, told = escalated_without_celery(running, third, silence)
    finally:
        running.kill("valkey", signal.SIGCONT)
    began = time.monotonic()
    wait(running.celery_works, within=60)
    back = time.monotonic() - began
    print(
        f"Valkey stopped: slowest page {slowest:.2f} s, fired after {fired:.1f} s, told after "
        f"{told:.1f} s; "
        f"Celery is back {back:.1f} s after Valkey"
    )
    running.move_time(122)
    breached = (
        "SELECT count(*) FROM sla_firing f JOIN sla_clock c ON c.id = f.clock_id WHERE "
        "c.subject_id = %s"
    )
    wait(lambda: running.value(breached + " AND f.kind = 'breach'", third) == 1, within=25)
    nothing_is_wrong(running)


@after_silence
def test_valkey_killed(running, silence):
    first, second, third = running.make(3)
    wait(running.celery_works, within=30)
    running.kill("valkey")
    try:
        slowest = people_work(running, first, second)
        fired, told = escalated_without_celery(running, third, silence)
        print(
            f"Valkey killed: slowest page {slowest:.2f} s, fired after {fired:.1f} s, told "
            f"after {told:.1f} s"
        )
        nothing_is_wrong(running)
    finally:
        running.revive_valkey()
    wait(running.celery_works, within=60)
