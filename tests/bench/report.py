"""One run of the benchmarks: a fresh database for each size, a table for the terminal, JSON for
machines.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.db import connection, transaction
from django.test import override_settings

from crm.accounts import people
from crm.deploy.embedded import Postgres
from leads.lists import owners
from sla import snapshot_bodies
from tests.bench import bare, bench_import, bench_worktime, shares
from tests.bench.burst import bench_burst, bench_mail
from tests.bench.cases import Budget, cases
from tests.bench.crowds import crowd
from tests.bench.crowds.crowd import Crowd
from tests.bench.crowds.databases import Databases
from tests.bench.meter import Answer, Cost, Visitor, counting, measure, plan, scanned
from tests.bench.plans import plans

HEAD = ("", "queries", "SQL ms", "CPU ms", "× bare", "ms", "p95 ms", "kB", "over budget")
# leads from which on reading them all is over budget: among fewer it may be the faster plan
LARGE = 100_000
# What is over budget on any machine: the number of queries, and how tables are read.
OF_THE_CODE = re.compile(r"queries|read whole|used")
USED = re.compile(r"(?:using|Bitmap Index Scan on) (\w+)")
ROW = "{:<42} {:>7} {:>8} {:>8} {:>7} {:>8} {:>8} {:>7}  {}"


def run(options: argparse.Namespace, sizes: list[int], server: Postgres) -> int:
    """Measure at each size. 1 where queries or plans are over budget: those do not depend on the
    machine.
    """
    found: list[dict[str, Any]] = []
    business_time = (
        bench_worktime.report()
        if not options.shares and (not options.only or "business time" in options.only)
        else []
    )
    imported = {}
    if not options.shares and (not options.only or "import" in options.only):
        empty()
        imported = bench_import.report()
    burst = {}
    if not options.shares and (not options.only or "burst" in options.only):
        burst = bench_burst.report()
    mails = {}
    if not options.shares and (not options.only or "mail" in options.only):
        mails = bench_mail.report()
    if options.shares:
        found = shares.report(
            Databases(server), sizes, requests=options.requests, only=options.only
        )
        sizes = []
    for leads in sizes if options.only not in (["import"], ["burst"], ["mail"]) else []:
        began = time.monotonic()
        made = prepare(leads)
        print(
            f"\n{leads:,} leads, {made.pending:,} pending (made in"
            f" {time.monotonic() - began:.0f} s)",
            flush=True,
        )
        print(ROW.format(*HEAD), flush=True)
        found += [row | {"leads": leads} for row in measured(made, options, leads)]
        # Among fewer leads reading a table may be the faster plan.
        if leads >= LARGE and (not options.only or "plans" in options.only):
            found += [row | {"leads": leads} for row in planned(made)]
        print("", flush=True)
    out = Path(options.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    machine = {
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "load": os.getloadavg()[0],
    }
    times = [asdict(row) for row in business_time]
    whole = {"machine": machine, "business_time": times, "import": imported, "burst": burst}
    whole["mail"] = mails
    whole["results"] = found
    out.write_text(json.dumps(whole, indent=1))
    print(
        f"Times are of this machine under a load of {machine['load']:.1f}; {out} has the numbers."
    )
    judged = [row for row in found if "over" in row]
    return int(any(OF_THE_CODE.search(over) for row in judged for over in row["over"]))


def empty() -> None:
    """Make all tables anew."""
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    call_command("migrate", verbosity=0)
    # What this process knows is of the tables before.
    snapshot_bodies.forget_stored()
    people.forget_words()
    owners.forget_former()


def prepare(leads: int, **more: int) -> Crowd:
    """Empty tables with the crowd in them; ``more`` as in crowd.gather."""
    empty()
    with (
        transaction.atomic()
    ):  # the database judges leads, actions and handoffs together, when all are there
        made = crowd.gather(leads, **more)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    return made


def measured(made: Crowd, options: argparse.Namespace, leads: int) -> Iterator[dict[str, Any]]:
    base = bare_cost(made, options.repeat)
    yield told("bare Django view", base, base.cpu_ms, Budget())
    for case in cases(made, WSGIHandler()):
        if options.only and not any(words in case.name for words in options.only):
            continue
        answers: list[Answer] = []

        def ask(case: Any = case, answers: list[Answer] = answers) -> Answer:
            answers.append(case.ask())
            return answers[-1]

        try:
            cost = measure(ask, repeat=options.repeat)
        except RuntimeError as problem:
            raise SystemExit(f"{case.name} {problem}") from problem
        by_index = case.budget.leads_by_index and leads >= LARGE
        yield told(case.name, cost, base.cpu_ms, replace(case.budget, leads_by_index=by_index))
        if options.queries:
            print("".join(f"    {sql[:400]}\n" for sql, _ in answers[-1].statements), flush=True)


def planned(crowd: Crowd) -> list[dict[str, Any]]:
    """Print what does not go by its index, and return a row for each question."""
    found = []
    for question in plans(crowd):
        with counting() as tally:
            question.ask()
        used: set[str] = set()
        for sql, parameters in tally.statements:
            used.update(USED.findall(plan(sql, parameters)))
        over = [f"{index} unused" for index in question.indexes if index not in used]
        over += [f"{index} used" for index in question.without if index in used]
        whole = set(question.whole) & set(scanned(tally.statements))
        over += [f"{table} read whole" for table in sorted(whole)]
        print(f"plan of {question.name:<34} {', '.join(over) or 'by index'}", flush=True)
        found.append({"name": f"plan of {question.name}", "over": over})
    return found


def bare_cost(made: Crowd, repeat: int) -> Cost:
    with override_settings(MIDDLEWARE=bare.MIDDLEWARE, ROOT_URLCONF=bare.__name__):
        visitor = Visitor(WSGIHandler(), made.rep)
        return measure(lambda: visitor.get("/bare/"), repeat=repeat * 4, warm=10)


def told(name: str, cost: Cost, base: float, budget: Budget) -> dict[str, Any]:
    """One line of the table, and the same as data."""
    over = []
    if budget.queries is not None and cost.most_queries > budget.queries:
        over.append(f"queries > {budget.queries}")
    if budget.cpu_ms is not None and cost.cpu_ms > budget.cpu_ms:
        over.append(f"CPU > {budget.cpu_ms:g} ms")
    if budget.p95_ms is not None and cost.p95_ms > budget.p95_ms:
        over.append(f"p95 > {budget.p95_ms:g} ms")
    if budget.leads_by_index and "leads_lead" in cost.scanned:
        over.append("leads read whole")
    times = [
        f"{value:.1f}"
        for value in (cost.sql_ms, cost.cpu_ms, cost.cpu_ms / base, cost.wall_ms, cost.p95_ms)
    ]
    print(
        ROW.format(name, cost.queries, *times, f"{cost.kilobytes:.1f}", ", ".join(over)).rstrip(),
        flush=True,
    )
    return {"name": name, **asdict(cost), "times_bare": cost.cpu_ms / base, "over": over}
