"""What a run begins with: the people, their agreements, and three leads on their way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crm.accounts.models import User
from leads.models import OutcomeReason
from tests import factories
from tests.conftest import Moment
from tests.factories import LOGGED_AT, SIGNED_AT, Cast, when
from tests.leads.machine import model
from tests.leads.machine.product import Product
from tests.leads.machine.world import ZONE, Lead, Turn, World
from tests.leads.returns.rows import reason_to_close, reason_to_recycle
from tests.leads.returns.test_returns import ANSWER
from tests.terms import ACCEPT, FIRST_CONTACT, SQL_DECISION, TERMS

STARTS_AT = when("2026-03-02 10:00")
ALL_WEEK = [(day, 0, 24 * 60) for day in range(7)]
# Few steps: each is an act of the sweep.
ACCEPTED = {**ACCEPT, "steps": [("breach", 0), ("requeue", 60)]}
CONTACT = {**FIRST_CONTACT, "steps": [("breach", 0), ("requeue", 240)]}
ANSWERED = {**ANSWER, "steps": [("breach", 0)]}
DECIDED = {**SQL_DECISION, "steps": [("breach", 0)]}
TRIES = {"side": "sales", "metric": "attempts", "target": "2", "window_minutes": 14400, "steps": []}


OPENING: list[tuple[str, str, int, Any]] = [
    ("update", "ana", 0, "industry"),
    ("prove", "ana", 0, None),
    ("hand_off", "ana", 0, ("sales", False)),
    ("hand_off", "luis", 1, ("sales", False)),
    ("accept", "bea", 1, None),
    ("hand_off", "ana", 2, ("sales", False)),
    ("reject", "bea", 2, "definitional"),
    ("hand_off", "ana", 2, ("sales", True)),
]


@pytest.fixture
def product(cast: Cast, moment: Moment) -> Product:
    """Three leads, two of them of one person, and an agreement for each of the two sales teams.

    The opening is played: one lead waits in the queue with all proof, one is accepted, and one is
    in its second cycle.
    """
    moment.execute(
        "CREATE OR REPLACE FUNCTION relevo_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
        "$$SELECT current_setting('tests.moment')::timestamptz$$"
    )
    moment.execute(f"SELECT set_config('tests.moment', '{STARTS_AT.isoformat()}', false)")
    agree(cast)
    reason_to_close()
    reason_to_recycle()
    name = {"es": "No contesta", "en": "No answer"}
    OutcomeReason.objects.create(code="no_answer", kind="recycled", name=name)
    same = {"email": "mariana@andino.test", "phone": "+52 55 4000 0001"}
    leads = [factories.lead(cast, person=each) for each in (same, same, {})]
    found = Product(cast, leads)
    found.opening = world()
    for name, by, lead, arg in OPENING:
        play(found, name, by, lead, arg)
    return found


def play(product: Product, name: str, by: str, lead: int, arg: Any) -> None:
    """Take one turn of the opening, in the product and in the model."""
    opening = product.opening
    opening.now += timedelta(minutes=1)
    product.at(opening.now)
    turn = Turn(opening, name, by, opening.leads[lead], opening.leads[lead].current(), arg)
    product.take(turn)
    model.take(turn)


def agree(cast: Cast) -> None:
    """Let Cruz and Dora belong to both sales teams, and sign an agreement for each."""
    for person, is_lead in ((cast.cruz, False), (cast.dora, True)):
        person.memberships.create(team=cast.other_sales, is_lead=is_lead)
    calendar = factories.office("Siempre")
    calendar.windows.all().delete()
    for day, opens, closes in ALL_WEEK:
        calendar.windows.create(weekday=day, opens=opens, closes=closes)
    for team, words in {
        cast.sales: {
            "commitments": [ACCEPTED, CONTACT, DECIDED, TRIES, ANSWERED],
            "arbiter": cast.dora,
            "max_returns": 2,
        },
        cast.other_sales: {
            "commitments": [ACCEPTED, CONTACT, DECIDED, TRIES],
            "max_returns": 3,
            "package_fields": [*TERMS["package_fields"], "company.industry"],
        },
    }.items():
        # Read anew: she leads both teams by now.
        dora = User.objects.get(pk=cast.dora.pk)
        factories.agreement(
            calendar, marketing=cast.luis, sales=dora, teams=[team], at=SIGNED_AT, **words
        )


def world() -> World:
    first = (LOGGED_AT.astimezone(ZONE).date(), LOGGED_AT, None)
    people = ("mariana", "mariana", "another")
    leads = [Lead(person, [first], news_at=LOGGED_AT) for person in people]
    return World(STARTS_AT, leads)
