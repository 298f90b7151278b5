"""Among many leads no list and no search reads all of them: the planner's own word for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection

from tests.bench import cases
from tests.bench.crowds import crowd
from tests.bench.meter import Visitor, plan, scanned

# Among so few leads the planner reads them all to count those of a team; at 100,000 it goes by an
# index (make bench).
MAY_READ_ALL = {"leads · sales lead"}
HANDOFFS = ("my leads",)  # lists of handoffs that are asked with leads_by_index
pytestmark = [pytest.mark.slow, pytest.mark.django_db]


@pytest.fixture
def application() -> Iterator[WSGIHandler]:
    """The product, which leaves the test's connection open between requests."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield WSGIHandler()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_lists_filters_and_searches_never_read_all_leads(application: WSGIHandler) -> None:
    made = crowd.gather(20_000, pending=400)
    pages = [case for case in cases.cases(made, application) if case.budget.leads_by_index]
    assert len(pages) > 20
    answers = {case.name: case.ask() for case in pages}
    assert {name: answer.status for name, answer in answers.items() if answer.status != 200} == {}
    read_whole = {
        name for name, answer in answers.items() if "leads_lead" in scanned(answer.statements)
    }
    assert read_whole - MAY_READ_ALL == set()
    handoffs = {name: answer for name, answer in answers.items() if name.startswith(HANDOFFS)}
    assert len(handoffs) == 2
    assert {
        name for name, answer in handoffs.items() if "leads_handoff" in scanned(answer.statements)
    } == set()
    queries = {name: answer.queries for name, answer in answers.items()}
    assert {name: n for name, n in queries.items() if n > (cases.LIST.queries or 0)} == {}


def test_this_check_sees_a_list_that_does(application: WSGIHandler) -> None:
    made = crowd.gather(100)
    with connection.cursor() as cursor:
        for way in ("indexscan", "bitmapscan", "indexonlyscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    answer = Visitor(application, made.director).get("/leads/")
    assert "leads_lead" in scanned(answer.statements)
    assert "Seq Scan on leads_lead" in plan("SELECT count(*) FROM leads_lead", None)
