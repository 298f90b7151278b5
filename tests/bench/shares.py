"""The share table: CPU of a bare Django view ÷ CPU of a route, application and database together,
in one run with the same kind of server.

With several sizes of crowd, each route is asked among all of them in turn, and a second table says
how much more the database works among more leads.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from statistics import median

from django.db import connection
from django.test import Client

from tests.bench import bare_app, growth
from tests.bench.crowds.crowd import Crowd
from tests.bench.crowds.databases import Databases, use
from tests.bench.meter import counting
from tests.bench.routes import Route, routes
from tests.bench.served import Request, Served, serve

WARM = 10  # requests before the measured ones
PARTS = 5  # the median of so many parts: one disturbance does not decide
HEAD = (
    "",
    "share %",
    "done at",
    "stretch",
    "CPU ms",
    "Python",
    "database",
    "bare",
    "queries",
    "kB",
)
ROW = "{:<36} {:>8} {:>8} {:>8} {:>8} {:>8} {:>9} {:>6} {:>8} {:>8}  {}"
BARE, PRODUCT = "relevo-bare", "relevo-bench"


@dataclass
class Measured:
    """Milliseconds of CPU a request, and bytes of the last answer."""

    name: str
    leads: int
    application_ms: float
    database_ms: float
    size: int
    bare_ms: float
    queries: int = 0
    share: float = 0.0
    done: float = 0.0
    stretch: float = 0.0

    @property
    def cpu_ms(self) -> float:
        return self.application_ms + self.database_ms


@dataclass
class Place:
    """A crowd in its database, and the product that serves it."""

    database: str
    crowd: Crowd
    product: Served
    routes: Iterator[Route]

    def next_route(self) -> Route | None:
        use(self.database)
        return next(self.routes, None)


@dataclass
class Asked:
    """A route of one server. ``parts``: CPU seconds of application and database."""

    served: Served
    route: Route
    size: int = 0
    parts: list[tuple[float, float]] = field(default_factory=list)

    def ask(self, times: int) -> None:
        """SystemExit where an answer is not of the expected status."""
        for _ in range(times):
            answer = self.served.ask(next(self.route.requests))
            if answer.status not in self.route.statuses:
                text = _problem(answer.body)
                raise SystemExit(f"{self.route.name} answered {answer.status}: {text}")
            self.size = len(answer.body)

    def measure(self, times: int) -> None:
        before = self.served.cpu()
        self.ask(times)
        after = self.served.cpu()
        self.parts.append(((after[0] - before[0]) / times, (after[1] - before[1]) / times))

    def middle(self) -> tuple[float, float]:
        """Return the milliseconds of application and database, each of its median part."""
        application, database = zip(*self.parts, strict=True)
        return 1000 * median(application), 1000 * median(database)


def report(
    databases: Databases, sizes: list[int], *, requests: int, only: list[str]
) -> list[dict[str, object]]:
    """Print the tables and return the rows of the first."""
    with ExitStack() as stack:
        places = [_place(stack, databases, leads) for leads in sorted(sizes)]
        use(places[0].database)
        with connection.cursor() as cursor:
            cursor.execute(bare_app.CREATE)
        bare = stack.enter_context(serve("tests.bench.bare_app:application", BARE))
        print(ROW.format(*HEAD, "").rstrip(), flush=True)
        found = list(_measured(places, bare, requests, only))
    rows = [asdict(one) for one in found]
    if len(places) > 1:
        growth.report(rows)
    return rows


def _place(stack: ExitStack, databases: Databases, leads: int) -> Place:
    database, crowd = databases.open(leads)
    stack.callback(databases.close, database)
    address = os.environ["DATABASE_URL"]
    join = "&" if "?" in address else "?"
    name = f"{PRODUCT}-{leads}"
    address = f"{address}{join}application_name={name}"
    product = stack.enter_context(serve("crm.wsgi:application", name, DATABASE_URL=address))
    print(f"{leads:,} leads, {crowd.pending:,} pending", flush=True)
    return Place(database, crowd, product, routes(crowd))


def _measured(
    places: list[Place], bare: Served, requests: int, only: list[str]
) -> Iterator[Measured]:
    """Measure every route among all crowds in turn, with the bare view between them.

    The speed of a machine changes within a run.
    """
    while asked := [(place, place.next_route()) for place in places]:
        several = [(place, route) for place, route in asked if route is not None]
        if not several:
            return
        first = several[0][1]
        if only and not any(words in first.name for words in only):
            continue
        base = Asked(bare, _bare("/insert/" if first.write else "/select/"))
        each = [Asked(place.product, route) for place, route in several]
        for (place, _route), one in zip(several, each, strict=True):
            use(place.database)  # the requests of some routes are looked up as they are asked
            one.ask(WARM)
        base.ask(WARM)
        for _ in range(PARTS):
            for one in (base, *each):
                one.measure(requests // PARTS)
        for (place, route), one in zip(several, each, strict=True):
            use(place.database)
            row = _row(one, base, place.crowd.leads)
            row.queries = _queries(next(route.requests))
            _print(row, several=len(places) > 1)
            yield row


def _bare(path: str) -> Route:
    asked = itertools.repeat(Request("GET", path))
    return Route(f"bare {path.strip('/')}", asked, 0, 0, statuses=(200, 201))


def _row(one: Asked, base: Asked, leads: int) -> Measured:
    application, database = one.middle()
    return Measured(
        one.route.name,
        leads,
        application,
        database,
        one.size,
        bare_ms=sum(base.middle()),
        share=100 * sum(base.middle()) / (application + database),
        done=one.route.done,
        stretch=one.route.stretch,
    )


def _queries(request: Request) -> int:
    """Return how many statements the answer takes; it is asked in this process."""
    sent = {name: value for name, value in request.headers.items() if name != "Content-Type"}
    with counting() as tally:
        Client(headers=sent).generic(
            request.method,
            request.path,
            data=request.body,
            content_type=request.headers.get("Content-Type", "text/html"),
            SERVER_NAME="localhost",
        )
    return len(tally.statements)


def _problem(body: bytes) -> str:
    """Return what the page says of the errors in a form, else its first characters."""
    page = body.decode(errors="replace")
    start = max(page.find("err-sum"), 0)
    return page[start : start + 600]


def _print(row: Measured, *, several: bool) -> None:
    name = f"{row.name}, {row.leads // 1000} k" if several else row.name
    share, done, stretch = (
        f"{value:.1f}" if value else "" for value in (row.share, row.done, row.stretch)
    )
    times = (row.cpu_ms, row.application_ms, row.database_ms, row.bare_ms)
    figures = (*(f"{value:.2f}" for value in times), row.queries, f"{row.size / 1000:.1f}")
    verdict = "" if row.share >= row.done else "below"
    print(ROW.format(name, share, done, stretch, *figures, verdict).rstrip(), flush=True)
