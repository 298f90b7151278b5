"""Wins, a loss, a disqualification and a forgotten return of leads that the tour knows by name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from crm.demo.stories import named_steps
from crm.demo.stories.scene import Scene, reload
from crm.demo.stories.timeline import Story
from leads.handoffs import outcomes
from leads.states import ContactChannel

# Row of the table, days before the last week begins, amount.
WINS = (
    (10, 49, 185_000),
    (13, 37, 240_000),
    (14, 30, 96_000),
    (17, 18, 150_000),
)
ALL_TRUE = {"company-size": "yes", "commercial-role": "yes", "budget": "yes", "decides": "yes"}


def stories(scene: Scene, start: datetime) -> Iterator[Story]:
    """Yield each story. All of them are over when the last week begins at ``start``."""

    def morning(days: int) -> datetime:
        return start - timedelta(days=days) + timedelta(hours=10, minutes=15)

    for number, days, amount in WINS:
        yield _win(scene, number, morning(days), Decimal(amount))
    yield _lose(scene, 15, morning(27))
    yield _forget(scene, 18, morning(12))
    yield _disqualify(scene, 19, morning(9))


def _win(scene: Scene, number: int, begun: datetime, amount: Decimal) -> Story:
    rep = scene.cast.cruz
    if number % 2:
        rep = scene.cast.bea
    handoff = yield from named_steps.hand_off(scene, number, begun)
    accepted_at = begun + timedelta(minutes=18 + number)
    yield from named_steps.qualify_sql(handoff, by=rep, accepted_at=accepted_at)
    won_at = begun + timedelta(days=9 + number % 5)
    yield won_at
    outcomes.win(
        reload(handoff),
        amount,
        by=rep,
        at=won_at,
    )
    named_steps.say_what_was_true(handoff, ALL_TRUE, by=rep, at=won_at)


def _lose(scene: Scene, number: int, begun: datetime) -> Story:
    rep = scene.cast.bea
    handoff = yield from named_steps.hand_off(scene, number, begun)
    accepted_at = begun + timedelta(minutes=65)
    yield from named_steps.qualify_sql(handoff, by=rep, accepted_at=accepted_at)
    lost_at = begun + timedelta(days=11)
    yield lost_at
    outcomes.lose(
        reload(handoff),
        scene.endings["price"],
        by=rep,
        at=lost_at,
        comment="El competidor bajó 20 %.",
    )
    truths = {**ALL_TRUE, "decides": "no"}
    named_steps.say_what_was_true(handoff, truths, by=rep, at=lost_at)


def _forget(scene: Scene, number: int, begun: datetime) -> Story:
    """Sales rejects a lead, and marketing never answers."""
    handoff = yield from named_steps.hand_off(scene, number, begun)
    yield from named_steps.reject(
        scene,
        handoff,
        "bad_contact_data",
        "El teléfono no existe.",
        by=scene.cast.cruz,
        at=begun + timedelta(minutes=50),
    )


def _disqualify(scene: Scene, number: int, begun: datetime) -> Story:
    rep = scene.cast.bea
    handoff = yield from named_steps.hand_off(scene, number, begun)
    yield from named_steps.accept(handoff, by=rep, at=begun + timedelta(minutes=110))
    yield from named_steps.reach(
        handoff, ContactChannel.WHATSAPP, by=rep, at=begun + timedelta(hours=4)
    )
    ended_at = begun + timedelta(hours=29)
    yield ended_at
    outcomes.disqualify(
        reload(handoff),
        scene.endings["no_budget"],
        by=rep,
        at=ended_at,
        comment="Hasta 2028.",
    )
    truths = {"company-size": "yes", "commercial-role": "yes", "budget": "no"}
    named_steps.say_what_was_true(handoff, truths, by=rep, at=ended_at)
