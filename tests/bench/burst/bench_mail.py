"""Thousands of waiting mails: how many letters a second go to a mail server on this machine, and
what each costs.

First letters of one message, which nothing can join; then a burst that becomes lists.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.test import override_settings

from tests.bench.bench_import import database_seconds
from tests.bench.burst.bench_burst import value

LEADS = 10_000
LETTERS, BURST = 2_000, 40_000
LEAST = 50.0  # letters a second

# Mails about leads that their readers see, to three people, of three kinds, each so long after the
# one before: three times that is more than five minutes for letters of one message.
WAITING = """
INSERT INTO notifications_message (uid, recipient_id, channel, kind, params, path, lane, cause,
    dedup_key, created_at, next_try_at, attempts, last_error)
SELECT gen_random_uuid(), (%(people)s::bigint[])[1 + n %% array_length(%(people)s::bigint[], 1)],
    'email',
    (ARRAY['handoff.warning', 'handoff.breached', 'handoff.escalated_lead'])[1 + n / 7 %% 3],
    jsonb_build_object('team', 'Ventas', 'metric', 'accept', 'owner_id', NULL),
    '/leads/' || lead_id || '/', 2, '', %(key)s || n,
    relevo_now() - %(apart)s::interval * n, relevo_now() - %(apart)s::interval * n, 0, ''
FROM (
    SELECT row_number() OVER () AS n, lead_id
    FROM generate_series(1, %(count)s) AS again,
        (SELECT lead_id FROM leads_handoff WHERE team_id = %(team)s LIMIT %(count)s) AS found
    LIMIT %(count)s
) AS rows
"""
LEFT = """
SELECT (SELECT count(*) FROM notifications_message
    WHERE channel = 'email' AND next_try_at IS NOT NULL)
    + (SELECT count(*) FROM notifications_letter WHERE next_try_at IS NOT NULL)
"""
SENT = "SELECT count(*) FROM notifications_letter WHERE sent_at IS NOT NULL"


def serve(told: Any, over: Any) -> None:
    """Run a mail server in a process of its own until ``over`` is set; count the letters."""
    from tests.notifications.mailserver import serving

    with serving() as server:
        told.put(server.port)
        over.wait()
        told.put((len(server.letters), server.connections))


@contextmanager
def mail_server() -> Iterator[tuple[Any, Any]]:
    """Send mails to a server of this machine while it runs; yields the queue that tells of it."""
    connection.close()
    processes = multiprocessing.get_context("fork")
    told, over = processes.Queue(), processes.Event()
    server = processes.Process(target=serve, args=(told, over))
    server.start()
    settings = {
        "MAIL_ON": True,
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": told.get(timeout=60),
    }
    try:
        with override_settings(**settings):
            yield told, over
    finally:
        over.set()
        server.join()


def send_all() -> dict[str, Any]:
    """Send until nothing waits and return what it took."""
    from crm import tasks

    before = value(SENT)
    database, cpu, began = database_seconds(), time.process_time(), time.monotonic()
    while value(LEFT):
        tasks.mail()
    measured = {
        "seconds": time.monotonic() - began,
        "cpu_seconds": time.process_time() - cpu,
        "database_cpu_seconds": database_seconds() - database,
    }
    return {"letters": value(SENT) - before, **measured}


def run(made: Any) -> dict[str, Any]:
    """Send letters of one message, then a burst, and return what each took."""
    people = [made.rep.pk, made.sales_lead.pk, made.director.pk]
    team = value("SELECT team_id FROM leads_handoff WHERE state = 'pending' LIMIT 1")
    found: dict[str, Any] = {}
    with mail_server() as (told, over):
        for name, count, apart in (
            ("letters of one", LETTERS, "2 minutes"),
            ("burst in lists", BURST, "1 millisecond"),
        ):
            values = {"people": people, "count": count, "apart": apart, "team": team, "key": name}
            with connection.cursor() as cursor:
                cursor.execute(WAITING, values)
                cursor.execute("VACUUM (ANALYZE) notifications_message")
            found[name] = {"mails": count, **send_all()}
        over.set()
        arrived, connections = told.get(timeout=60)
    sent = sum(part["letters"] for part in found.values())
    if arrived != sent:
        raise RuntimeError(f"{sent} letters are marked as sent, {arrived} arrived")
    return found | {"connections": connections}


def report() -> dict[str, Any]:
    """:func:`run` among 10,000 leads, with a line for each part."""
    from tests.bench import report as whole

    measured = run(whole.prepare(LEADS))
    print(
        f"\n{'mails':<24} {'mails':>8} {'letters':>8} {'seconds':>8} {'letters/s':>10}"
        f" {'CPU ms each':>12} {'database ms':>12}"
    )
    over = []
    for name in ("letters of one", "burst in lists"):
        part = measured[name]
        letters = part["letters"]
        speed = letters / part["seconds"]
        print(
            f"{name:<24} {part['mails']:>8,} {letters:>8,} {part['seconds']:>8.1f} {speed:>10.1f}"
            f" {1000 * part['cpu_seconds'] / letters:>12.2f}"
            f" {1000 * part['database_cpu_seconds'] / letters:>12.2f}"
        )
        if name == "letters of one" and speed < LEAST:
            over.append(f"letters a second < {LEAST:g}")
    print(f"over budget: {', '.join(over) or 'nothing'}", flush=True)
    return measured | {"over": over}
