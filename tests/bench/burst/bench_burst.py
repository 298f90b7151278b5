"""10,000 clocks due in the same second: how long until all have fired and all are told, and what
it costs.

Two processes do what Celery's workers do, at the pace of the beat: one sweeps, one fills inboxes.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from tests.bench.bench_import import database_seconds

CLOCKS, LEADS = 10_000, 100_000
EVERY = {"sweep": 5.0, "drain": 10.0}  # seconds between two runs, as in crm.celery
FIRED_WITHIN, FIRED_CPU, TOLD_WITHIN, LOCKED = 25.0, 20.0, 40.0, 0.5  # seconds at most

# As if each handoff in the queues had been handed off two hours and a second ago, and warned of.
DUE = """
UPDATE sla_clock SET state = 'running', level = 1, breached_at = NULL, soon_at = NULL,
    started_at = now() - interval '2 hours 1 second', due_at = now() - interval '1 second',
    next_step_at = now() - interval '1 second'
WHERE metric = 'accept' AND stopped_at IS NULL
"""
UNTOLD = "SELECT count(*) FROM notifications_message WHERE channel = 'in_app' AND sent_at IS NULL"
UNFIRED = "SELECT count(*) FROM sla_clock WHERE next_step_at < relevo_now()"


def value(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


@contextmanager
def timed_batches(module: Any, name: str) -> Iterator[list[float]]:
    """Collect how many seconds each call of a function takes: one transaction, and its locks."""
    taken: list[float] = []
    real = getattr(module, name)

    def measured(*args: Any, **more: Any) -> Any:
        began = time.monotonic()
        try:
            return real(*args, **more)
        finally:
            taken.append(time.monotonic() - began)

    setattr(module, name, measured)
    try:
        yield taken
    finally:
        setattr(module, name, real)


def sweep(_began: float) -> int:
    from crm import tasks
    from sla.clocks import heartbeats

    return tasks.sweep(process=heartbeats.CELERY)


def drain(_began: float) -> int:
    from crm import tasks

    return tasks.drain()


def work(act: Callable[[float], int], left: str, others: Any, done: Any) -> None:
    """Do ``act`` at the pace of the beat until ``left`` counts 0 rows and ``others`` are done."""
    from sla.clocks import ladder

    connection.connect()
    database = database_seconds()
    cpu = time.process_time()
    began = time.monotonic()
    statements = 0

    def count(execute: Any, *args: Any) -> Any:
        nonlocal statements
        statements += 1
        return execute(*args)

    with timed_batches(ladder, "_take") as taken, connection.execute_wrapper(count):
        total = 0
        while True:
            start = time.monotonic()
            total += act(began)
            is_last = others is None or others.is_set()
            if is_last and not value(left):
                break
            time.sleep(max(0.0, start + EVERY[act.__name__] - time.monotonic()))
    done.put(
        {
            "act": act.__name__,
            "rows": total,
            "seconds": time.monotonic() - began,
            "cpu_seconds": time.process_time() - cpu,
            "database_cpu_seconds": database_seconds() - database,
            "statements": statements,
            "longest_lock": max(taken, default=0.0),
        }
    )


def run() -> dict[str, Any]:
    """Make the clocks due and return what sweeping and telling took, by "sweep" and "drain"."""
    with connection.cursor() as cursor:
        # The database keeps deadlines from everybody but their owner.
        cursor.execute("ALTER TABLE sla_clock DISABLE TRIGGER sla_clock_keeps_promise")
        cursor.execute(DUE)
        clocks = cursor.rowcount
        cursor.execute("ALTER TABLE sla_clock ENABLE TRIGGER sla_clock_keeps_promise")
        cursor.execute("VACUUM (ANALYZE)")
    before = value("SELECT count(*) FROM notifications_message")
    connection.close()
    processes = multiprocessing.get_context("fork")
    fired, done = processes.Event(), processes.Queue()
    sweeper = processes.Process(target=work, args=(sweep, UNFIRED, None, done))
    teller = processes.Process(target=work, args=(drain, UNTOLD, fired, done))
    sweeper.start()
    teller.start()
    found = [done.get(timeout=600)]
    fired.set()
    found.append(done.get(timeout=600))
    for process in (sweeper, teller):
        process.join()
    messages = value("SELECT count(*) FROM notifications_message") - before
    return {"clocks": clocks, "messages": messages} | {each.pop("act"): each for each in found}


def over_budget(measured: dict[str, Any]) -> list[str]:
    fired, told = measured["sweep"], measured["drain"]
    limits = [
        ("fired", fired["seconds"], FIRED_WITHIN),
        ("CPU of firing", fired["cpu_seconds"] + fired["database_cpu_seconds"], FIRED_CPU),
        ("told", told["seconds"], TOLD_WITHIN),
        ("locked", fired["longest_lock"], LOCKED),
    ]
    return [f"{name} > {limit:g} s" for name, took, limit in limits if took > limit]


def report() -> dict[str, Any]:
    """:func:`run` among 100,000 leads, with a line for each part."""
    from tests.bench import report as whole

    whole.prepare(LEADS, pending=CLOCKS)
    measured = run()
    print(
        f"\nburst of {measured['clocks']:,} clocks, {measured['messages']:,} messages"
        "      seconds     CPU s  database CPU s  rows/CPU s  statements  longest lock s"
    )
    for name, rows in (("sweep", measured["clocks"]), ("drain", measured["messages"])):
        part = measured[name]
        cpu = part["cpu_seconds"] + part["database_cpu_seconds"]
        print(
            f"{name:<44} {part['seconds']:>12.1f} {part['cpu_seconds']:>9.1f}"
            f" {part['database_cpu_seconds']:>15.1f} {rows / cpu:>11,.0f} {part['statements']:>11,}"
            f" {part['longest_lock']:>15.2f}"
        )
    over = over_budget(measured)
    print(f"over budget: {', '.join(over) or 'nothing'}", flush=True)
    return measured | {"over": over}
