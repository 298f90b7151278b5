"""Every desk, the page after a leave, and templates: more rows need no more queries.

Each row comes with people and teams of its own: a query for each person would show.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.accounts import leaves
from crm.accounts.models import User
from leads import handoffs
from leads.follow_up import attempts, templates
from leads.models import Dispute, MessageTemplate
from leads.returns import disputes
from tests import factories
from tests.conftest import Moment
from tests.factories import CONTACTED_AT, Cast, when

BEGAN = when("2026-02-20 10:00")


def on_leave(person: User, first: date, last: date, delegate: User | None = None) -> None:
    leaves.take(person, first, last, by=person, at=BEGAN, delegate=delegate)


def case(cast: Cast, number: int) -> None:
    """A case of an arbiter of its own, who is away, so that the directors decide."""
    team = factories.team(f"Marca {number}", "marketing")
    arbiter = factories.person(f"Arbitro{number} Uno", leads=[team])
    on_leave(arbiter, date(2026, 3, 1), date(2026, 3, 20))
    made = disputes.contest(factories.rejected(cast), "Sí", by=cast.ana, at=CONTACTED_AT)
    Dispute.objects.filter(pk=made.pk).update(arbiter=arbiter)


def colleague(cast: Cast, number: int) -> None:
    """A rep of a team of its own, on leave, with a lead in work."""
    team = factories.team(f"Ventas {number}", "sales")
    rep = factories.person(f"Rep{number} Uno", team, cast.sales)
    on_leave(rep, date(2026, 3, 1), date(2026, 3, 20))
    factories.accepted(cast, by=rep)


def sent_back(cast: Cast, number: int) -> None:
    """A lead that a rep of its own rejected and a person of its own sent."""
    rep = factories.person(f"Rep{number} Uno", cast.sales)
    factories.rejected(cast, by=rep)


def own_lead(cast: Cast, number: int) -> None:
    handoff = factories.accepted(cast)
    attempts.record(handoff, "phone", outcome="no_answer", by=cast.bea, at=CONTACTED_AT)


def while_away(cast: Cast, number: int) -> None:
    """What a person of its own did to a lead of Bea's during her leave."""
    rep = factories.person(f"Rep{number} Uno", leads=[cast.sales])
    handoff = factories.accepted(cast)
    handoffs.reassign(handoff, cast.cruz, by=rep, at=CONTACTED_AT)
    handoffs.reassign(handoff, cast.bea, by=rep, at=when("2026-03-02 11:30"))


def template(cast: Cast, number: int) -> None:
    team = factories.team(f"Equipo {number}", "sales")
    texts = {"channel": "whatsapp", "language": "es", "subject": "", "body": "Hola"}
    made = templates.create(team=team, name=f"Hola {number}", by=cast.elsa, at=BEGAN, **texts)
    if number % 2:
        MessageTemplate.objects.filter(pk=made.pk).update(archived_at=BEGAN)


def rows_of(context: Any) -> int:
    return len(context["rows"])


PAGES: dict[str, tuple[Callable[[Cast, int], None], str, Callable[[Any], int]]] = {
    "/desk/director/": (case, "elsa", rows_of),
    "/desk/team/": (colleague, "elsa", lambda context: len(context["capacities"])),
    "/desk/": (sent_back, "ana", rows_of),
    "/mine/": (own_lead, "bea", rows_of),
    "/away/": (while_away, "bea", lambda context: len(context["absence"].handoffs)),
    "/templates/": (
        template,
        "elsa",
        lambda context: len(context["templates"]) + len(context["archived"]),
    ),
}


@pytest.mark.parametrize("path", PAGES)
def test_page_needs_the_same_queries_for_few_rows_and_many(
    path: str, cast: Cast, signed_in: Any, moment: Moment
) -> None:
    make, name, size = PAGES[path]
    client = signed_in(getattr(cast, name))
    on_leave(cast.bea, date(2026, 3, 1), date(2026, 3, 3))
    found = []
    for most, today in ((2, "2026-03-04 10:00"), (5, "2026-03-04 10:01")):
        moment.set("2026-03-02 13:00")
        for number in range(2 * most, 3 * most):
            make(cast, number)
        moment.set(today)
        client.get(path)
        with CaptureQueriesContext(connection) as captured:
            context = client.get(path).context
        found.append((size(context), len(captured)))
    (few, queries), (many, more_queries) = found
    assert 2 <= few < many
    assert queries == more_queries
