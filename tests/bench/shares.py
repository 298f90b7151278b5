"""The share table: CPU of a bare Django view ÷ CPU of a route, application and database together,
in one run with the same kind of server.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from django.db import connection
from django.test import Client

from tests.bench import bare_app
from tests.bench.crowd import Crowd
from tests.bench.meter import counting
from tests.bench.routes import Route, routes
from tests.bench.served import Request, Served, serve

WARM = 10  # requests before the measured ones
PARTS = 5  # the median of so many parts: one disturbance does not decide
HEAD = ("", "share %", "done at", "stretch", "CPU ms", "database", "queries", "kB")
ROW = "{:<28} {:>8} {:>8} {:>8} {:>8} {:>9} {:>8} {:>8}  {}"
BARE, PRODUCT = "relevo-bare", "relevo-bench"


@dataclass
class Measured:
    """Milliseconds of CPU a request, and bytes of the last answer."""

    name: str
    application_ms: float
    database_ms: float
    size: int
    queries: int = 0
    share: float = 0.0
    done: float = 0.0
    stretch: float = 0.0

    @property
    def cpu_ms(self) -> float:
        return self.application_ms + self.database_ms


def report(crowd: Crowd, *, requests: int, only: list[str]) -> list[dict[str, object]]:
    """Print the table and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(bare_app.CREATE)
    print(ROW.format(*HEAD, "").rstrip(), flush=True)
    address = os.environ["DATABASE_URL"]
    join = "&" if "?" in address else "?"
    address = f"{address}{join}application_name={PRODUCT}"
    with (
        serve("tests.bench.bare_app:application", BARE) as bare,
        serve("crm.wsgi:application", PRODUCT, DATABASE_URL=address) as product,
    ):
        found = [_bare(bare, "/select/", requests), _bare(bare, "/insert/", requests)]
        for measured in found:
            _print(measured)
        for route in _wanted(routes(crowd), only):
            # Measured anew beside each route: the speed of a machine changes within a run.
            base = _bare(bare, "/insert/" if route.write else "/select/", requests)
            found.append(_share(product, route, base, requests))
    return [asdict(one) for one in found]


def _wanted(all_of: Iterator[Route], only: list[str]) -> Iterator[Route]:
    for route in all_of:
        if not only or any(words in route.name for words in only):
            yield route


def _bare(served: Served, path: str, requests: int) -> Measured:
    asked = Request("GET", path)
    route = Route(f"bare {path.strip('/')}", iter(lambda: asked, None), 0, 0, statuses=(200, 201))
    return _measure(served, route, requests)


def _share(served: Served, route: Route, base: Measured, requests: int) -> Measured:
    measured = _measure(served, route, requests)
    measured.share = 100 * base.cpu_ms / measured.cpu_ms
    measured.done, measured.stretch = route.done, route.stretch
    measured.queries = _queries(next(route.requests))
    _print(measured)
    return measured


def _measure(served: Served, route: Route, requests: int) -> Measured:
    """Ask ``requests`` times; SystemExit where an answer is not of the expected status."""
    size = 0
    for _ in range(WARM):
        size = _asked(served, route)
    parts = []
    for _ in range(PARTS):
        before = served.cpu()
        for _ in range(requests // PARTS):
            size = _asked(served, route)
        after = served.cpu()
        parts.append((after[0] - before[0], after[1] - before[1]))
    each = 1000 / (requests // PARTS)
    middle = sorted(parts, key=sum)[PARTS // 2]
    return Measured(route.name, middle[0] * each, middle[1] * each, size)


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


def _asked(served: Served, route: Route) -> int:
    answer = served.ask(next(route.requests))
    if answer.status not in route.statuses:
        text = _problem(answer.body)
        raise SystemExit(f"{route.name} answered {answer.status}: {text}")
    return len(answer.body)


def _problem(body: bytes) -> str:
    """Return what the page says of the errors in a form, else its first characters."""
    page = body.decode(errors="replace")
    start = max(page.find("err-sum"), 0)
    return page[start : start + 600]


def _print(row: Measured) -> None:
    verdict = "" if row.share >= row.done else "below"
    share, done, stretch = (
        f"{value:.1f}" if value else "" for value in (row.share, row.done, row.stretch)
    )
    times = (
        f"{row.cpu_ms:.2f}",
        f"{row.database_ms:.2f}",
        row.queries or "",
        f"{row.size / 1000:.1f}",
    )
    print(ROW.format(row.name, share, done, stretch, *times, verdict).rstrip(), flush=True)
